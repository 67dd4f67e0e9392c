"""What a transport must offer, and the answers it can give.

A message is sent in two steps, so that the ledger can note in between, durably, that its fate is
about to be decided: ``offer`` does everything up to the final dot, ``commit`` writes it and reads
the answer. A message that was offered and not committed has not been delivered.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

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
    holds the message; ``retry_after`` are the seconds for which the relay asks to be left alone. An
    API's answers are told in the same terms (``http.api``); ``AUTH`` is about the credentials."""

    kind: VerdictKind
    relay: str
    code: int | None = None
    enhanced: str | None = None
    reply: str | None = None
    command: str | None = None
    until: datetime | None = None
    limit: LimitReached | None = None
    retry_after: float | None = None


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


class ConnectionLostError(ConnectionError):
    """The connection ended, the relay fell silent, or what it said was no answer."""


class Transport(Protocol):
    """Hands messages over in two steps. A lane has it to itself between ``offer`` and ``commit``.

    Lanes of a process share one thread, and a call that blocks stops them all. Whatever waits for
    somebody's answer therefore waits by way of ``green_threads``.
    """

    def offer(self, message: Message, *, number: int) -> Verdict | None:
        """Everything but what decides; None when the message can be committed, else why not.

        ``number`` is the copy's place in its edition. Raises ConnectionLostError when the
        connection ends before the relay has said anything of the message, TransportError when
        nothing can be sent this way at all.
        """

    def commit(self) -> Verdict:
        """Do what decides, such as to write the final dot or to call the API, and read the answer.
        ``UNANSWERED`` when the message may have been taken and nobody knows."""

    def abort(self) -> None:
        """Drop what was offered: nothing of it is delivered. It may end the connection."""

    def close(self) -> None:
        """Take leave of the relay."""


class Connection(Transport, Protocol):
    """A transport to one relay, kept open for more messages: what a scheme's plug-in provides."""

    @property
    def open(self) -> bool:
        """Whether it can be used for another message, as far as is known."""

    def ready(self) -> bool:
        """Whether it can take a message now; it may look whether the relay is still there."""


@runtime_checkable
class Pipeline(Protocol):
    """A connection that can begin the next message behind the one it commits (RFC 2920), which
    only to abort takes back."""

    def follow(self, message: Message) -> None:
        """``message`` is offered next: ``commit`` begins it, if the relay allows it."""

    @property
    def begun(self) -> bool:
        """Whether it was begun: no other can be offered now."""


class Relay(Protocol):
    """Where messages can be handed over: a server, or a folder. The registry makes it of its URL.
    A key of dictionaries, so hashing should be cheap."""

    @property
    def name(self) -> str:
        """In verdicts, reports and messages, and for its rate; never with a password."""

    @property
    def host(self) -> str | None:
        """The server that gets the messages; None: no server, they stay in files here, and several
        connections are worth nothing."""

    @property
    def weight(self) -> int:
        """Its share of the messages; 0 for one in reserve."""

    @property
    def rates(self) -> Rates:
        """The most messages it takes."""

    def connect(self, timeout: float) -> Connection:
        """A connection that waits no longer than ``timeout`` seconds for an answer. Raises
        TransportError, which names the relay, when there is none to be had."""

    def check(self, timeout: float) -> str:
        """Try whether messages could be sent; says so in a few words. Raises TransportError."""
