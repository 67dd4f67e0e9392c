"""What a way out must offer, and the answers it can give.

A message is sent in two steps, so that the ledger can note in between, durably, that its fate is
about to be decided: ``offer`` does everything up to the final dot, ``commit`` writes it and reads
the answer. A message that was offered and not committed has not been delivered.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from mailer.mime.message import Message
from recommender.settings.limits import LimitReached, Rates


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
    which command they answered (``.`` is the final dot). ``limit`` is set when a limit of ours
    holds the message."""

    kind: VerdictKind
    relay: str
    code: int | None = None
    enhanced: str | None = None
    reply: str | None = None
    command: str | None = None
    until: datetime | None = None
    limit: LimitReached | None = None


class Permits(Protocol):
    """Whether a message may be offered at this moment. Each connection has its own."""

    def now(self) -> datetime:
        """The time that limits are kept by."""

    def take(self, recipient: str, relay: str | None, rates: Rates) -> LimitReached | None:
        """Count a message to ``recipient`` by way of ``relay`` (its key), which takes no more than
        ``rates``; or say which limit allows none."""


class NoLimits:
    """Permits under which every message may be offered."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)

    def take(self, recipient: str, relay: str | None, rates: Rates) -> LimitReached | None:
        return None


def held(limit: LimitReached, by: str) -> Verdict:
    """The verdict on a message that a limit does not let go."""
    return Verdict(VerdictKind.HELD, by, reply=str(limit), until=limit.until, limit=limit)


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
