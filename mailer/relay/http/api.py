"""What a provider's HTTP API is to us: how it is asked, and what its answers mean.

An answer is told in the terms of SMTP, in which the rest of the relays, the ledger and the reports
think: what it is about (the command), whether it is for good, and the reply code that SMTP would
have given for the same. It sends nothing.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from mailer.mime.message import Message
from mailer.relay.transport import Verdict, VerdictKind
from recommender.safety.escaping import one_line

LONGEST_WORDS = 1_000
"""Characters of a provider's words that are kept."""
LONGEST_WAIT = 3_600.0
"""Seconds; a longer Retry-After is shortened to it."""


@dataclass(frozen=True)
class Request:
    """One call. Its fields hold a secret, so they are in no ``repr``."""

    method: str
    target: str
    fields: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Answer:
    """What came back: status, header fields with their names in small letters, and the body."""

    status: int
    fields: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object in the body; empty when there is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class Subject(Enum):
    """What an answer that is no success is about: kind of verdict, reply code, enhanced status code
    and command for each. ``SERVICE`` has no reply code: it is a failure of the relay, such as a
    lost connection."""

    CREDENTIALS = (VerdictKind.REFUSED, 535, "5.7.8", "AUTH")
    ACCOUNT = (VerdictKind.REFUSED, 550, "5.7.1", "MAIL")
    PACE = (VerdictKind.DEFERRED, 451, "4.7.0", "MAIL")
    SERVICE = (VerdictKind.DEFERRED, None, "4.3.0", "MAIL")
    MESSAGE = (VerdictKind.REFUSED, 554, "5.6.0", ".")
    SIZE = (VerdictKind.REFUSED, 552, "5.3.4", ".")
    GATEWAY = (VerdictKind.UNANSWERED, None, None, ".")


class Api(Protocol):
    """One provider's API with the credentials for it. Never with a secret in its ``repr``."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What stands in no message, should the provider repeat it."""

    def sending(self, message: Message, now: datetime) -> Request:
        """The call that sends ``message``."""

    def looking(self, now: datetime) -> Request:
        """A call that sends nothing and shows whether the credentials are good."""

    def accepted(self, answer: Answer) -> str | None:
        """The provider's name for the message it has taken; None when the answer, though a
        success, is not the provider's."""

    def subject(self, answer: Answer) -> Subject | None:
        """What an error is about where the provider's own code says it; None: the status does."""

    def words(self, answer: Answer) -> str:
        """The provider's code and words for an error."""

    def seen(self, answer: Answer) -> str | None:
        """What the answer to ``looking`` says in a few words when mail can be sent; None when it
        cannot."""


_BY_STATUS = {
    401: Subject.CREDENTIALS,
    402: Subject.ACCOUNT,
    403: Subject.CREDENTIALS,
    404: Subject.ACCOUNT,
    408: Subject.SERVICE,
    409: Subject.SERVICE,
    413: Subject.SIZE,
    425: Subject.SERVICE,
    429: Subject.PACE,
    502: Subject.GATEWAY,
    504: Subject.GATEWAY,
    **dict.fromkeys(range(520, 528), Subject.GATEWAY),
}
"""408, 409 and 425 say that the call was not acted on. A gateway that gives 502 or 504 had passed
it on, and does not know what became of it (RFC 9110 sections 15.6.3 and 15.6.5); 520 to 527 are the
same from a well-known gateway of no RFC."""


def verdict(api: Api, answer: Answer, relay: str) -> Verdict:
    """What ``answer`` to a whole request that would send a message means for the message."""
    status = answer.status
    if 200 <= status < 300:
        if (identity := api.accepted(answer)) is not None:
            name = one_line(safe(api, identity), 200)
            return Verdict(VerdictKind.ACCEPTED, relay, 250, reply=f"HTTP {status} {name}".strip())
        words = f"HTTP {status}, but not as the provider answers: {_start(api, answer.body)}"
        return Verdict(VerdictKind.UNANSWERED, relay, reply=words)
    wait = retry_after(answer)
    about = api.subject(answer) or _by_status(status, wait)
    kind, code, enhanced, command = about.value
    said = api.words(answer) or _start(api, answer.body)
    words = one_line(f"HTTP {status} {safe(api, said)}", LONGEST_WORDS)
    return Verdict(kind, relay, code, enhanced, words.strip(), command, retry_after=wait)


def retry_after(answer: Answer) -> float | None:
    """The seconds of ``Retry-After`` (RFC 9110 section 10.2.3), an hour at most; None without one,
    and for a date, which would need the server's clock."""
    text = answer.fields.get("retry-after", "").strip()
    return min(float(text), LONGEST_WAIT) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _by_status(status: int, wait: float | None) -> Subject:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return Subject.SERVICE if wait is None else Subject.PACE
    return Subject.MESSAGE if status >= 400 else Subject.ACCOUNT  # a redirect: a wrong address


def safe(api: Api, words: str) -> str:
    """``words`` of a provider, which may repeat what it was sent, without a secret."""
    for secret in api.secrets:
        words = words.replace(secret, "***")
    return words


def _start(api: Api, body: bytes) -> str:
    return one_line(safe(api, body.decode("utf-8", "replace")), 100)
