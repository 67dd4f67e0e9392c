"""One thing that is wrong with a running service, as it is named wherever it shows."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a trouble is about."""

    RELAY = "relay"
    OVERDUE = "edition_overdue"
    PAUSED = "edition_paused"
    UNSENT = "edition_unsent"
    FEED = "feed"
    BACKUP = "backup"
    DISK = "disk"
    SCHEDULER = "scheduler"
    SENDER = "sender"
    WORKER = "worker"
    MAILBOX = "mailbox"
    JOB = "job"
    STORE = "store"
    CERTIFICATE = "certificate"
    CLOCK = "clock"


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong: ``subject`` names which of its kind, ``sentence`` says what is the
    matter with it, ``what_to_do`` how it is mended."""

    kind: Kind
    subject: str
    sentence: str
    what_to_do: str

    @property
    def words(self) -> str:
        """All of it on one line."""
        return f"{self.subject} {self.sentence}; {self.what_to_do}"
