"""The one small family of errors this project raises on purpose.

Each is raised and named where its cause is known, carries a message a person can act on (what,
where, what to do), and is shown by the command line as one ``error: `` line. A reader who is
skipped, or a message that is refused, is a result and not an error.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self


class NewsletterError(Exception):
    """Anything this project reports as one clear line."""


class ConfigurationError(NewsletterError):
    """A setting is wrong or missing; the message names its key."""


class StoreError(NewsletterError):
    """The store cannot be opened, is too old or is in use; the message says what to do."""


class StoreAwayError(StoreError):
    """The store's server went away, and with it what this process held there."""


class NotFoundError(NewsletterError):
    """A name given by a person (reader, article, segment, edition …) is not in the store."""


class ConflictError(NewsletterError):
    """The request contradicts what the store holds (name taken, edition already finished …)."""


class InputError(NewsletterError):
    """Something in an input file cannot be read: which file, which line (1-based), why."""

    def __init__(self, path: Path | str, line: int | None, why: str) -> None:
        self.path = str(path)
        self.line = line
        self.why = why
        place = self.path if line is None else f"{self.path}:{line}"
        super().__init__(f"{place}: {why}")


class LimitError(NewsletterError):
    """Reading what a stranger sent took more time or memory than it may, or broke the reader."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A part of an input file that could not be taken while the rest was: a result, not an error.
    ``line`` is 1-based, None when it is the file as a whole."""

    file: str
    line: int | None
    why: str


@dataclass(frozen=True, slots=True)
class LeftOut(Rejected):
    """What is not for readers yet, by its own word (a draft): not taken, and no fault. ``key`` is
    the article's, '' when unknown."""

    key: str = ""


class Rejections(list[Rejected]):
    """What was rejected: the first ``MOST`` by name, all of them in ``number``."""

    MOST = 1_000

    def __init__(self, some: Iterable[Rejected] = ()) -> None:
        super().__init__()
        self.number = 0
        self.extend(some)

    def append(self, item: Rejected) -> None:
        """Count one, and keep it while there are not too many."""
        self.number += 1
        if len(self) < self.MOST:
            super().append(item)

    def extend(self, some: Iterable[Rejected]) -> None:
        """Count several; those that another one only counted, too."""
        uncounted = some.number - len(some) if isinstance(some, Rejections) else 0
        for item in list(some) if some is self else some:
            self.append(item)
        self.number += uncounted

    def __iadd__(self, some: Iterable[Rejected]) -> Self:  # type: ignore[override,misc]  # lists
        self.extend(some)
        return self


class BriefError(InputError):
    """A brief cannot be read."""


class UnpublishedError(BriefError):
    """A brief says of itself that it is not for readers yet."""


class SegmentError(NewsletterError):
    """A segment rule is wrong; ``column`` (1-based) points at the place."""

    def __init__(self, rule: str, column: int, why: str) -> None:
        self.rule = rule
        self.column = column
        self.why = why
        super().__init__(f"segment rule, column {column}: {why}")


class TransportError(NewsletterError):
    """A relay cannot be used at all (refused, wrong password, no TLS); nothing was sent."""


class NotTakenError(TransportError):
    """A relay can be used, and did not take this message; ``refused``: nor will it ever (5xx);
    ``doubtful``: no answer came, so it may have taken it after all."""

    def __init__(self, why: str, *, refused: bool, doubtful: bool = False) -> None:
        super().__init__(why)
        self.refused = refused
        self.doubtful = doubtful


class MailboxError(NewsletterError):
    """A mailbox cannot be read (refused, wrong password, no such folder); nothing is lost."""


class UnknownName(ValueError):  # noqa: N818  (says what it is)
    """A role or a topic that is not in the vocabulary. ``kind`` is ``role`` or ``topic``."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind}s: {name!r} is not one we know; pick from the list")
        self.kind = kind
        self.name = name
