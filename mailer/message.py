"""Headers and parts of one copy as RFC 5322 bytes, written by ourselves.

The standard library folds long structured headers into encoded words, which breaks
List-Unsubscribe; and it costs many times what the rest of a copy does. Everything that is the same
for all readers is encoded once in an ``Envelope``. Nothing from articles or readers can start a new
header: control characters are removed before anything is encoded. Sources: RFC 5322, 2045–2047,
2369, 2919, 8058.
"""

import binascii
import hashlib
import hmac
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_ATOM_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ASCII = re.compile(r"[\x20-\x7e]*")
WORD = 45
"""Bytes in an encoded word: with its frame and base64, 12 + 60 of the 75 characters allowed."""


@dataclass(frozen=True)
class Identity:
    """Who sends an edition: the same in every copy."""

    from_name: str
    from_address: str
    reply_to: str | None
    envelope_from: str
    list_id: str
    list_name: str
    edition: str
    secret: bytes
    language: str = "en"

    @property
    def domain(self) -> str:
        return self.from_address.rpartition("@")[2].encode("idna").decode("ascii")


@dataclass(frozen=True, slots=True)
class Message:
    """What SMTP needs: envelope and bytes. ``smtputf8``: an address needs RFC 6531."""

    envelope_from: str
    recipient: str
    data: bytes
    message_id: str
    smtputf8: bool = False


def plain(text: str) -> str:
    """One line without control or direction characters, fit for a header."""
    return " ".join(_CONTROL.sub(" ", text).split())


def unstructured(name: str, text: str) -> bytes:
    """A whole header field of free text, folded, with encoded words where needed (RFC 2047)."""
    value = plain(text)
    if _ASCII.fullmatch(value) and "=?" not in value:
        return _folded(name, value.split(" "))
    return _folded(name, _encoded_words(value))


def _encoded_words(text: str) -> list[str]:
    words, chunk = [], b""
    for character in text:
        piece = character.encode("utf-8", "replace")
        if len(chunk) + len(piece) > WORD:
            words.append(chunk)
            chunk = b""
        chunk += piece
    return [f"=?utf-8?b?{b64encode(part).decode()}?=" for part in [*words, chunk]]


def _folded(name: str, words: list[str]) -> bytes:
    lines, line = [], f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > 76 and line.strip() and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line]).encode("ascii") + b"\r\n"


def mailbox(name: str, display: str, address: str) -> bytes:
    """A From, To or Reply-To field with one mailbox."""
    display = plain(display)
    if not display:
        words = []
    elif _ATOM_PHRASE.fullmatch(display):
        words = display.split(" ")
    elif _ASCII.fullmatch(display):
        escaped = display.replace("\\", "\\\\").replace('"', '\\"')
        words = [f'"{escaped}"']
    else:
        words = _encoded_words(display)
    line = f"{name}:"
    lines = []
    for word in [*words, f"<{address}>"]:
        if len(line) + 1 + len(word) > 76 and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line]).encode("utf-8") + b"\r\n"


def build(
    identity: Identity,
    *,
    delivery_id: int,
    recipient: str,
    subject: str,
    html: str,
    text: str,
    unsubscribe_url: str,
    now: datetime,
) -> Message:
    """One copy: multipart/alternative, plain text first.

    ``unsubscribe_url`` is https and stands in List-Unsubscribe as it is, however long: RFC 5322
    allows lines of 998 characters, and encoded words are not allowed there.
    """
    left = hmac.digest(identity.secret, f"{identity.edition}:{delivery_id}".encode(), "sha256")
    message_id = f"<{identity.edition}.{delivery_id}.{left[:10].hex()}@{identity.domain}>"
    boundary = b"=_" + hashlib.sha256(message_id.encode()).hexdigest()[:32].encode()
    smtputf8 = not recipient.isascii()
    headers = [
        mailbox("From", identity.from_name, identity.from_address),
        mailbox("To", "", recipient),
        unstructured("Subject", subject or identity.list_name),
        f"Date: {format_datetime(now)}\r\n".encode("ascii"),
        f"Message-ID: {message_id}\r\n".encode("ascii"),
        f"List-Unsubscribe: <{unsubscribe_url}>\r\n".encode("ascii"),
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        mailbox("List-Id", identity.list_name, identity.list_id),
        f"Feedback-ID: {identity.edition}:{identity.domain[:15]}\r\n".encode("ascii"),
        f"Content-Language: {identity.language}\r\n".encode("ascii"),
        b"MIME-Version: 1.0\r\n",
        b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"\r\n',
    ]
    if identity.reply_to:
        headers.insert(2, mailbox("Reply-To", "", identity.reply_to))
    parts = [
        b"--" + boundary + b"\r\n" + _part(b"text/plain", text),
        b"--" + boundary + b"\r\n" + _part(b"text/html", html),
        b"--" + boundary + b"--\r\n",
    ]
    data = b"".join([*headers, b"\r\n", *parts])
    return Message(identity.envelope_from, recipient, data, message_id, smtputf8)


def _part(kind: bytes, text: str) -> bytes:
    raw = (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").encode("utf-8", "replace")
    )
    if not raw.endswith(b"\n"):
        raw += b"\n"
    body = binascii.b2a_qp(raw, istext=True).replace(b"\n", b"\r\n")
    return (
        b"Content-Type: " + kind + b"; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + body
    )
