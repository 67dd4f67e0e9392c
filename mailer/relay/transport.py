"""What a way out must offer, and the answers it can give.

A message is sent in two steps, so that the ledger can note in between, durably, that its fate is
about to be decided: ``offer`` does everything up to the final dot, ``commit`` writes it and reads
the answer. A message that was offered and not committed has not been delivered.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mailer.mime.message import Message


class VerdictKind(StrEnum):
    """``unanswered``: the final dot may have arrived, the answer did not. ``held``: the message was
    not offered to anybody, since no relay may take one before ``Verdict.until``."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one message: SMTP reply code, enhanced status code (RFC 3463), the words, and
    which command they answered (``.`` is the final dot)."""

    kind: VerdictKind
    relay: str
    code: int | None = None
    enhanced: str | None = None
    reply: str | None = None
    command: str | None = None
    until: datetime | None = None


class Transport(Protocol):
    """One connection, or what stands for one. Not shared between lanes."""

    def offer(self, message: Message, *, number: int) -> Verdict | None:
        """Everything but the final dot; None when the message can be committed, else why not.

        ``number`` is the copy's place in its edition. Raises TransportError when nothing can be
        sent this way at all.
        """

    def commit(self) -> Verdict:
        """Write the final dot and read the answer."""

    def abort(self) -> None:
        """Drop what was offered: nothing of it is delivered."""

    def close(self) -> None:
        """Take leave of the relay."""
