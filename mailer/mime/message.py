"""Headers and parts of one copy as RFC 5322 bytes, written by ourselves.

The standard library breaks a long List-Unsubscribe (see ``headers``) and costs many times what the
rest of a copy does. What is the same for all readers is encoded once, in the ``Identity`` and in
``parts``. A message is always ASCII but for an international address. Sources: RFC 5322, 2045-2046,
2369, 2919, 8058. There is no Auto-Submitted and no Precedence field: List-Id already tells
well-behaved responders to keep quiet (RFC 3834 section 2), and neither is asked for by any large
provider.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cached_property, lru_cache
from typing import Protocol
from urllib.parse import quote

from mailer.mime import return_path
from mailer.mime.headers import ascii_domain, free_text, mailbox, on_the_wire, plain
from mailer.mime.parts import Encoded, encode

LONGEST_LINE = 998
"""Characters of a line without its CRLF (RFC 5322 section 2.1.1)."""
_URI = re.compile(r"https?://[!-;=?-~]+")


class MessageSigner(Protocol):
    """What adds a signature: ``dkim.Signer`` does."""

    def sign(self, fields: Sequence[bytes], body: bytes, at: datetime) -> bytes:
        """The header field that signs a message of these fields, each with its CRLF and each name
        standing once, and of a body in DKIM's relaxed form."""


@lru_cache(maxsize=8)
def _message_key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"message-id", "sha256")


def signature(secret: bytes, edition: str, delivery_id: int) -> str:
    """What in a Message-ID only we could have written: it proves that a bounce is of that copy."""
    mac = hmac.digest(_message_key(secret), f"{edition}:{delivery_id}".encode(), "sha256")
    return mac[:10].hex()


@dataclass(frozen=True)
class Identity:
    """Who sends an edition: the same in every copy.

    ``envelope_from`` is where bounces go, ``list_id`` the dotted label of RFC 2919, ``edition`` a
    name such as ``weekly-2026-W48``, ``secret`` what Message-IDs are made from. Each of ``signers``
    adds a signature (``dkim``).
    """

    from_name: str
    from_address: str
    reply_to: str | None
    envelope_from: str
    list_id: str
    list_name: str
    edition: str
    secret: bytes
    language: str = "en"
    signers: tuple[MessageSigner, ...] = ()
    verp: bool = False
    unsubscribe_address: str | None = None

    @cached_property
    def domain(self) -> str:
        return ascii_domain(self.from_address.rpartition("@")[2])

    @cached_property
    def _sender(self) -> tuple[bytes, ...]:
        reply_to = self.reply_to and mailbox("Reply-To", "", on_the_wire(self.reply_to))
        sender = mailbox("From", self.from_name, on_the_wire(self.from_address))
        return (sender, reply_to) if reply_to else (sender,)

    @cached_property
    def _list(self) -> tuple[bytes, ...]:
        language = re.sub(r"[^A-Za-z0-9-]", "", self.language)[:35] or "en"
        return (
            mailbox("List-Id", self.list_name, on_the_wire(f"x@{self.list_id}")[2:]),
            f"Feedback-ID: {self._label}:{_sender_id(self.domain)}\r\n".encode("ascii"),
            f"Content-Language: {language}\r\n".encode("ascii"),
            b"MIME-Version: 1.0\r\n",
        )

    @cached_property
    def _label(self) -> str:
        """The edition's name as an atom."""
        atoms = re.sub(r"[^A-Za-z0-9]+", "-", self.edition)
        return atoms.strip("-")[:64] or "edition"

    @cached_property
    def _envelope_from(self) -> str:
        return on_the_wire(self.envelope_from)

    @cached_property
    def _international(self) -> bool:
        """Whether an address of the sender's has more than ASCII before its ``@``."""
        addresses = (self._envelope_from, self.from_address, self.reply_to or "")
        return not all(address.rpartition("@")[0].isascii() for address in addresses)

    def return_path(self, delivery_id: int) -> str:
        """Where a bounce of this copy goes; with ``verp`` an address that names it."""
        if not self.verp:
            return self._envelope_from
        return return_path.tagged(self._envelope_from, self.secret, delivery_id)

    def message_id(self, delivery_id: int) -> str:
        """The same for the same delivery, whenever it is made; nobody else can tell the next."""
        mac = signature(self.secret, self.edition, delivery_id)
        return f"<{self._label}.{delivery_id}.{mac}@{self.domain}>"


@dataclass(frozen=True, slots=True)
class Message:
    """What SMTP needs: envelope and bytes. ``smtputf8``: an address needs RFC 6531; ``ready``: the
    bytes go after DATA as they are, with CRLF line ends only and no line that begins with a dot;
    ``ascii``: none of them is beyond ASCII, which need not be looked for."""

    envelope_from: str
    recipient: str
    data: bytes
    message_id: str
    smtputf8: bool = False
    ready: bool = False
    ascii: bool = False


def build(
    identity: Identity,
    *,
    delivery_id: int,
    recipient: str,
    subject: str,
    html: str | Encoded,
    text: str | Encoded,
    unsubscribe_url: str,
    now: datetime,
) -> Message:
    """One copy: multipart/alternative, plain text first.

    ``now`` is aware. Raises ValueError when ``recipient`` is no address or ``unsubscribe_url`` is
    none that can stand in a header.
    """
    to = on_the_wire(recipient)
    message_id = identity.message_id(delivery_id)
    # "=_" never stands in quoted-printable nor in base64 text, so it can end no part early.
    boundary = b"=_" + hashlib.sha256(message_id.encode("ascii")).hexdigest()[:32].encode("ascii")
    fields = [
        *identity._sender,
        f"To: <{to}>\r\n".encode(),
        _subject(subject, identity.list_name),
        _date(now.replace(microsecond=0)),
        f"Message-ID: {message_id}\r\n".encode("ascii"),
        *_ways_out(unsubscribe_url, identity.unsubscribe_address),
        *identity._list,
        b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"\r\n',
    ]
    frame = b"--" + boundary
    body = b"".join(
        (
            *_part(frame, b"text/plain", text),
            *_part(frame, b"text/html", html),
            frame + b"--\r\n",
        )
    )
    signatures = [signer.sign(fields, body, now) for signer in identity.signers]
    international = identity._international or not to.rpartition("@")[0].isascii()
    return Message(
        envelope_from=identity.return_path(delivery_id),
        recipient=to,
        data=b"".join((*signatures, *fields, b"\r\n", body)),
        message_id=message_id,
        smtputf8=international,
        ready=True,
        ascii=not international,
    )


def _ways_out(url: str, mail_to: str | None = None) -> tuple[bytes, ...]:
    """The fields of RFC 2369 and RFC 8058, the address in one piece however long it is.

    One click is promised only for https, as RFC 8058 section 3.1 wants it; plain http is for trying
    things out on one's own machine.
    """
    field = f"List-Unsubscribe: <{url}>"
    if not _URI.fullmatch(url) or len(field) > LONGEST_LINE:
        raise ValueError(f"{url[:100]!r} cannot stand in List-Unsubscribe")
    address = field.encode("ascii") + b"\r\n"
    if mail_to is not None:  # the token of the page is that of the mail (RFC 6068)
        to = quote(on_the_wire(mail_to), safe="@")
        token = url.rpartition("/")[2]
        field = f"{field},\r\n <mailto:{to}?subject=unsubscribe%20{token}>"
        address = field.encode("ascii") + b"\r\n"
    if url.startswith("https://"):
        return address, b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    return (address,)


def _sender_id(domain: str) -> str:
    """Five to fifteen characters that stand for the sender, from issue to issue (Gmail's feedback
    loop, support.google.com/mail/answer/6254652): as many labels of its domain as fit."""
    labels = domain.split(".")
    names = (".".join(labels[first:]) for first in range(len(labels) - 1))
    fitting = next((name for name in names if len(name) <= 15), domain[:15].strip(".-"))
    return fitting.ljust(5, "-")


@lru_cache(maxsize=16)
def _date(now: datetime) -> bytes:
    return f"Date: {format_datetime(now)}\r\n".encode("ascii")


@lru_cache(maxsize=10_000)
def _subject(subject: str, list_name: str) -> bytes:
    return free_text("Subject", plain(subject) or plain(list_name) or "(no subject)")


def _part(frame: bytes, kind: bytes, content: str | Encoded) -> tuple[bytes, ...]:
    """A part behind its boundary line: headers, text, and the CRLF that belongs to the next
    boundary (RFC 2046 section 5.1.1)."""
    part = encode(content) if isinstance(content, str) else content
    head = (
        frame + b"\r\nContent-Type: " + kind + b"; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: " + part.encoding.encode("ascii") + b"\r\n\r\n"
    )
    return (head, *part.pieces)
