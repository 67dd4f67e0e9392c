"""One event of a provider's webhook as a value, and what all parsers share.

A parser takes the bytes of a request and returns events; a field that is missing, or of another
type than documented, is read as empty. Nothing here reads the store.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mailer.inbound.notification import CopyIdentifiers, Notification
from mailer.inbound.webhooks.authentication import SignatureError, UnreadableError
from mailer.mime.headers import plain
from mailer.relay import refusals
from mailer.relay.refusals import FailureClass
from mailer.relay.smtp.connection import enhanced_code
from mailer.relay.transport import Verdict, VerdictKind

Meaning = Literal[
    "delivered", "deferred", "hard", "soft", "complaint", "unsubscribe", "confirmation", "other"
]
"""What an event is for us; only hard, soft, complaint and unsubscribe change anything."""
Document = Mapping[str, Any]
"""A JSON object."""
LONGEST_TEXT = 4_000
LONGEST_WORDS = 500
MOST_EVENTS = 5_000
"""Events of one request; SendGrid sends the most, some thousand."""
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?:[ -]|$)(.*)", re.DOTALL)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_TAG = re.compile(r"(?<![0-9a-f])[0-9a-f]{21,36}(?![0-9a-f])", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<?([^<>\s@]{3,400}@[^<>\s@]{1,255})>?")


@dataclass(frozen=True)
class Failure:
    """Why a message was not delivered: ``about`` as in ``refusals``, None when that is not certain
    enough to count; ``status`` is the enhanced status code, ``words`` the server's text."""

    about: FailureClass | None = None
    status: str | None = None
    words: str = ""


NOTHING, NO_NAMES = Failure(), CopyIdentifiers()


@dataclass(frozen=True)
class ProviderEvent:
    """``name`` is the provider's word for it, ``key`` the same for every repetition of the event,
    ``document`` the event as it came. ``nonce`` may be used once only (Mailgun)."""

    name: str
    meaning: Meaning
    key: str
    document: Document = field(hash=False)
    recipient: str = ""
    identifiers: CopyIdentifiers = NO_NAMES
    failure: Failure = NOTHING
    nonce: str | None = None

    def notification(self) -> Notification | None:
        """The event as a bounce or complaint that came by mail would be; None for any other."""
        match self.meaning:
            case "complaint":
                words = self.failure.words or "abuse"
                return Notification(
                    "complaint", None, words, None, self.recipient, self.identifiers
                )
            case "hard" | "soft":
                found = self.failure
                words = found.words or self.name
                return Notification(
                    self.meaning, found.status, words, found.about, self.recipient, self.identifiers
                )
        return None


def load(body: bytes) -> Any:  # Any: JSON
    """The JSON of a request; UnreadableError when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("the body is not JSON") from error


def load_unproven(body: bytes) -> Document:
    """The JSON object that holds its own signature; SignatureError when it is none."""
    try:
        document = load(body)
    except UnreadableError as error:
        raise SignatureError("there is no signature") from error
    return mapping(document)


def mapping(value: object) -> Document:
    """``value`` when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """``value`` when it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object, most: int = LONGEST_TEXT) -> str:
    """A string or number as one line of text; anything else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return plain(str(value)[:most])


def address(value: object) -> str:
    """The recipient's address."""
    return text(value, 320)


def key_of(*parts: object) -> str:
    """A key of 64 characters for what identifies an event; of JSON whatever the order of names."""
    words = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(words.encode()).hexdigest()


def identifiers(
    *, message_ids: Sequence[object] = (), tags: Sequence[object] = ()
) -> CopyIdentifiers:
    """What may name the copy: values of Message-ID, with or without ``<>``, and texts that hold the
    tag of the copy (its return path, or custom metadata)."""
    ids = [_MESSAGE_ID.fullmatch(text(one, 700)) for one in message_ids]
    found = [tag.lower() for one in tags for tag in _TAG.findall(text(one, 700))]
    return CopyIdentifiers(tuple(f"<{one[1]}>" for one in ids if one), (), tuple(found[:10]))


def failure(words: object, *, permanent: bool, status: object = "", code: object = None) -> Failure:
    """Classify a bounce by the server's words and status codes, as the same reply at RCPT would be.

    ``permanent`` is the provider's own judgement. It counts where the words leave it open: a block
    list or a full mailbox never makes a dead mailbox, whatever the provider calls it.
    """
    line = text(words)
    given = text(status, 20)
    reply = _REPLY.search(line)
    number = int(reply[1]) if reply else code if isinstance(code, int) else 0
    if not 400 <= number < 600:
        number = 550 if permanent else 450
    known = given if _STATUS.fullmatch(given) else None
    enhanced = (enhanced_code(number, reply[2].strip()) if reply else None) or known
    verdict = Verdict(VerdictKind.REFUSED, "", number, enhanced, line, "RCPT")
    return Failure(_about(verdict, permanent=permanent), enhanced, line[:LONGEST_WORDS])


def _about(verdict: Verdict, *, permanent: bool) -> FailureClass:
    at_last = refusals.classify_exhausted(verdict)
    if not permanent or (verdict.enhanced or "5")[0] == "4":
        return at_last
    found = refusals.classify(verdict)
    if found in (None, "message") and at_last != "message":  # no word of policy
        return "mailbox"
    return found or "mailbox"


def bounce(found: Failure) -> Meaning:
    """Whether a bounce is hard or soft."""
    return "hard" if found.about in ("mailbox", "suspected") else "soft"
