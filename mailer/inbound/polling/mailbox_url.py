"""Reads the URLs of ``bounce_mailbox``: where mail that came back is fetched, and how to sign in.

``imaps://user:password@host/INBOX``, ``pop3s://…``, ``maildir:/path`` or a plain path, several with
commas. Its errors and its names hold no password.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from recommender.errors import ConfigurationError
from recommender.safety.hosts import ascii_host

Scheme = Literal["imap", "pop3", "maildir", "lmtp"]
"""How mail comes; ``lmtp`` is handed over (``service/lmtp``), the others are polled."""
PORTS = {"imaps": 993, "imap": 143, "pop3s": 995, "pop3": 110}
FORM = (
    "is not imaps://user:password@host/INBOX, pop3s://user:password@host or the path of a Maildir; "
    "write special characters of user and password as %40 for @ and so on, a comma as %2C"
)
OPTIONS = (
    "starttls=require|never, cafile=/path/to/ca.pem, auth=xoauth2, tokenfile=/path/to/token and "
    "after=seen|delete|FOLDER"
)
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, repr=False)
class MailboxUrl:
    """One mailbox. ``folder`` is that of IMAP, or the path of a Maildir. ``after`` says what
    becomes of a message that was handled: it is marked as seen, deleted, or moved to that folder.
    With ``xoauth2`` the password is an access token, or stands in ``token_file``, which another
    program keeps fresh."""

    scheme: Scheme
    folder: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    implicit_tls: bool = True
    starttls: bool = True
    cafile: Path | None = None
    xoauth2: bool = False
    token_file: Path | None = None
    after: str = "seen"

    @property
    def name(self) -> str:
        """What it is called in messages: never the password."""
        if self.scheme == "maildir":
            return self.folder
        scheme = f"{self.scheme}s" if self.implicit_tls else self.scheme
        return f"{scheme}://{self.host}:{self.port}/{self.folder}".rstrip("/")

    def __repr__(self) -> str:
        return f"MailboxUrl({self.name!r})"

    def secret(self) -> str:
        """The password or the token, as it is now. Raises ConfigurationError."""
        if self.token_file is None:
            return self.password
        try:
            return self.token_file.read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "is not text"
            raise ConfigurationError(f"bounce_mailbox: {self.token_file}: {why}") from error

    def context(self) -> ssl.SSLContext:
        """What verifies the server's certificate. Raises ConfigurationError."""
        try:
            return ssl.create_default_context(cafile=self.cafile)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"bounce_mailbox: {self.cafile} is no file of certificates (PEM)"
            ) from error


def parse(text: str) -> tuple[MailboxUrl, ...]:
    """The mailboxes that ``text`` names, in order. ConfigurationError names no password."""
    pieces = [piece.strip() for piece in text.split(",")]
    return tuple(_one(piece, number) for number, piece in enumerate(pieces, 1) if piece)


def _one(text: str, number: int) -> MailboxUrl:
    scheme, colon, rest = text.partition(":")
    if scheme.lower() == "maildir" and colon:
        return MailboxUrl("maildir", unquote(rest.removeprefix("//")))
    if "://" not in text:
        return MailboxUrl("maildir", text)
    form = f"bounce_mailbox: mailbox {number} {FORM}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host else ascii_host(host)
    except ValueError as error:
        raise ConfigurationError(form) from error
    if parts.scheme not in PORTS or not host or parts.fragment or not parts.username:
        raise ConfigurationError(form)
    options = parse_qs(parts.query, keep_blank_values=True)
    given = {name: values[-1] for name, values in options.items()}
    if set(given) - {"starttls", "cafile", "auth", "tokenfile", "after"}:
        raise ConfigurationError(
            f"bounce_mailbox: mailbox {number}: the only options are {OPTIONS}"
        )
    found = MailboxUrl(
        "imap" if parts.scheme.startswith("imap") else "pop3",
        unquote(parts.path.strip("/")) or ("INBOX" if parts.scheme.startswith("imap") else ""),
        host=host,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        implicit_tls=parts.scheme.endswith("s"),
        starttls=given.get("starttls", "require") != "never",
        cafile=Path(given["cafile"]) if given.get("cafile") else None,
        xoauth2=given.get("auth") == "xoauth2",
        token_file=Path(given["tokenfile"]) if given.get("tokenfile") else None,
        after=given.get("after") or "seen",
    )
    _check(found, given, number)
    return found


def _check(found: MailboxUrl, given: dict[str, str], number: int) -> None:
    auth, starttls = given.get("auth", "password"), given.get("starttls", "require")
    why = None
    if not found.password and found.token_file is None:
        why = "names no password"
    elif auth not in ("password", "xoauth2") or starttls not in ("require", "never"):
        why = f"the only options are {OPTIONS}"
    elif found.scheme == "pop3" and (found.folder or given.get("after")):
        why = "POP3 has one folder, and deletes what was handled"
    elif not (found.implicit_tls or found.starttls or found.host in _LOCAL):
        why = "starttls=never would send the password in the clear; it is for this machine only"
    if why is not None:
        raise ConfigurationError(f"bounce_mailbox: mailbox {number}: {why}")
