"""What a mail that came back says: a delivery status notification (RFC 3464, 6533) or a complaint
(ARF, RFC 5965).

Which copy it is about is told by the Message-ID of ours that it returns, never by an address in it:
anybody can write a notification. Whether that Message-ID is genuine is for the caller to see. It
takes the bytes of one message and returns a value; what it does not recognise is None.
"""

import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from typing import Literal

from mailer.mime.headers import plain
from mailer.relay import refusals
from mailer.relay.smtp import enhanced_code
from mailer.relay.transport import Verdict, VerdictKind

Kind = Literal["hard", "soft", "complaint"]
LONGEST_WORDS = 500
MOST_PARTS = 50
_MESSAGE_ID = re.compile(r"^Message-ID:\s*(<[^<>\s]{3,500}>)", re.IGNORECASE | re.MULTILINE)
_RETURNED = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}
)
_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_REPLY = re.compile(r"\b([45]\d\d)(?:[ -]|$)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Notice:
    """``hard``: the mailbox is dead; ``soft``: not delivered, or not yet, for another reason.
    ``status`` is the enhanced status code, ``words`` what the server there said."""

    kind: Kind
    message_id: str
    status: str | None
    words: str


def read(data: bytes) -> Notice | None:
    """What the message says, if it is a notification about a message that it names."""
    message = message_from_bytes(data)
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    parts = list(message.walk())[:MOST_PARTS]
    message_id = _returned(parts)
    if message_id is None:
        return None
    for part in parts:
        if part.get_content_type() == "message/feedback-report":
            return _complaint(_text(part), message_id)
        if part.get_content_type() in _STATUS:
            return _bounce(_text(part), message_id)
    return None


def _returned(parts: list[Message]) -> str | None:
    """The Message-ID of the message that is returned, whole or by its headers."""
    for part in parts:
        if part.get_content_type() in _RETURNED:
            found = _MESSAGE_ID.search(_text(part))
            if found:
                return found[1]
    return None


def _text(part: Message) -> str:
    """A part as text, however it is encoded and whatever the parser has made of it."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return "\n\n".join(inner.as_string() for inner in payload if isinstance(inner, Message))
    decoded = part.get_payload(decode=True)
    return decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else str(payload)


def _complaint(text: str, message_id: str) -> Notice | None:
    """``not-spam`` takes a complaint back; whoever complained has left all the same."""
    kind = str(_fields(text).get("Feedback-Type", "")).strip().lower()
    if not kind or kind == "not-spam":
        return None
    return Notice("complaint", message_id, None, plain(kind)[:LONGEST_WORDS])


def _bounce(text: str, message_id: str) -> Notice | None:
    """The first recipient of whom there is something bad to say; each of our messages has one."""
    for block in re.split(r"\r?\n[ \t]*\r?\n", text.strip()):
        fields = _fields(block)
        action = str(fields.get("Action", "")).strip().lower()
        if action not in ("failed", "delayed"):
            continue
        status = str(fields.get("Status", "")).strip().split(" ")[0]
        _, _, words = str(fields.get("Diagnostic-Code", "")).partition(";")
        return _judged(action, status, " ".join(words.split()), message_id)
    return None


def _judged(action: str, status: str, words: str, message_id: str) -> Notice:
    """As a reply at RCPT would be judged; a more specific code in the words counts more."""
    reply = _REPLY.search(words)
    code = int(reply[1]) if reply else 550 if status.startswith("5") else 450
    known = status if re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", status) else None
    enhanced = (enhanced_code(code, reply[2].strip()) if reply else None) or known
    refused = action == "failed" and not (enhanced or "5").startswith("4")
    kind = VerdictKind.REFUSED if refused else VerdictKind.DEFERRED
    about = refusals.about(Verdict(kind, "", code, enhanced, words, "RCPT"))
    hard = about == "mailbox"
    text = plain(words)[:LONGEST_WORDS] or f"{action} {status}"
    return Notice("hard" if hard else "soft", message_id, enhanced, text)


def _fields(block: str) -> Message:
    return message_from_string(block.strip() + "\n\n")
