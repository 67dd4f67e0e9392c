"""Takes what is new from a folder on an IMAP server (RFC 3501).

A message that is handed out is marked as handled only when the next one is asked for, when what
followed from it is kept. Until then it stays as it is, unseen (``BODY.PEEK``), so nothing is lost
when the work stops in the middle.
"""

import base64
import contextlib
import imaplib
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

from mailer.inbound.mailboxes import LARGEST
from mailer.inbound.polling.mailbox_url import MailboxUrl
from recommender.errors import MailboxError
from recommender.safety.escaping import one_line

MOST = 500
"""Messages that are taken at one time; the others are taken at the next."""
_LITERAL = re.compile(rb"BODY\[\]")


def collect(mailbox: MailboxUrl, *, timeout: float, seconds: float) -> Iterator[bytes]:
    """What is new, for at most so many ``seconds``; MailboxError says what is wrong."""
    until = time.monotonic() + seconds
    with _signed_in(mailbox, timeout) as client:
        _ok(mailbox, client.select(_quoted(mailbox.folder)), "SELECT")
        can = _text(_ok(mailbox, client.capability(), "CAPABILITY")[0]).upper().split()
        found = _ok(mailbox, client.uid("SEARCH", "UNSEEN", "UNDELETED"), "SEARCH")
        for uid in (found[0] or b"").split()[:MOST] if found else []:
            message = _fetch(mailbox, client, uid.decode("ascii", "replace"))
            if message is not None:
                yield message
                _handled(mailbox, client, uid.decode("ascii"), can)
            if time.monotonic() > until:
                break


def check(mailbox: MailboxUrl, *, timeout: float) -> str:
    """Sign in and open the folder; how many messages are in it."""
    with _signed_in(mailbox, timeout) as client:
        answer = _ok(mailbox, client.select(_quoted(mailbox.folder), readonly=True), "SELECT")
    return f"{mailbox.name} answers: {_text(answer[0] if answer else b'0')} messages"


@contextlib.contextmanager
def _signed_in(mailbox: MailboxUrl, timeout: float) -> Iterator[imaplib.IMAP4]:
    client: imaplib.IMAP4 | None = None
    try:
        client = _greeted(mailbox, timeout)
        _sign_in(mailbox, client)
        yield client
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error).removeprefix("b'").removesuffix("'")
        said = one_line(said, 200)
        why = said or type(error).__name__
        if mailbox.password and mailbox.password in why:
            why = "the server refused to sign us in"
        raise MailboxError(f"{mailbox.name}: {why}") from None
    finally:
        if client is not None:
            with contextlib.suppress(imaplib.IMAP4.error, OSError, ValueError):
                client.logout()


def _greeted(mailbox: MailboxUrl, timeout: float) -> imaplib.IMAP4:
    if mailbox.implicit_tls:
        return imaplib.IMAP4_SSL(
            mailbox.host, mailbox.port, ssl_context=mailbox.context(), timeout=timeout
        )
    client = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=timeout)
    if mailbox.starttls:
        try:
            client.starttls(mailbox.context())
        except BaseException:
            with contextlib.suppress(OSError):
                client.sock.shutdown(socket.SHUT_RDWR)
            client.shutdown()
            raise
    return client


def _sign_in(mailbox: MailboxUrl, client: imaplib.IMAP4) -> None:
    """By LOGIN, by AUTHENTICATE PLAIN where the password is not ASCII, or by XOAUTH2 (Google,
    Microsoft)."""
    secret = mailbox.secret()
    if mailbox.xoauth2:
        token = f"user={mailbox.user}\x01auth=Bearer {secret}\x01\x01".encode()
        tries = iter([token])  # a refusal is answered with an empty line (RFC 7628)
        client.authenticate("XOAUTH2", lambda _: next(tries, b""))
    elif (mailbox.user + secret).isascii():
        client.login(mailbox.user, secret)
    else:
        client.authenticate("PLAIN", lambda _: f"\0{mailbox.user}\0{secret}".encode())


def _fetch(mailbox: MailboxUrl, client: imaplib.IMAP4, uid: str) -> bytes | None:
    """At most LARGEST bytes of a message; None when it is gone."""
    answer = _ok(mailbox, client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST}>)"), "FETCH")
    for piece in answer:
        if isinstance(piece, tuple) and len(piece) > 1 and _LITERAL.search(piece[0]):
            return bytes(piece[1])
    return None


def _handled(mailbox: MailboxUrl, client: imaplib.IMAP4, uid: str, can: list[str]) -> None:
    """``can``: what the server can do, which it tells of those who are signed in."""
    if mailbox.after == "seen":
        _ok(mailbox, client.uid("STORE", uid, "+FLAGS.SILENT", "(\\Seen)"), "STORE")
        return
    if mailbox.after != "delete":
        folder = _quoted(mailbox.after)
        if "MOVE" in can:
            _ok(mailbox, client.uid("MOVE", uid, folder), "MOVE")
            return
        _ok(mailbox, client.uid("COPY", uid, folder), "COPY")
    _ok(mailbox, client.uid("STORE", uid, "+FLAGS.SILENT", "(\\Seen \\Deleted)"), "STORE")
    if "UIDPLUS" in can:  # without it, what others have marked would go with it
        _ok(mailbox, client.uid("EXPUNGE", uid), "EXPUNGE")


def _ok(mailbox: MailboxUrl, answer: tuple[str, list[Any]], command: str) -> list[Any]:
    kind, data = answer
    if kind != "OK":
        words = one_line(_text(data[0] if data else b""), 200)
        raise MailboxError(f"{mailbox.name}: {command} {kind}: {words}")
    return data


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _quoted(folder: str) -> str:
    """The name of a folder in modified UTF-7 (RFC 3501 section 5.1.3), quoted."""
    pieces: list[str] = []
    for plain, beyond in re.findall(r"([\x20-\x7e]+)|([^\x20-\x7e]+)", folder):
        coded = beyond.encode("utf-16-be")
        if coded:
            letters = base64.b64encode(coded, b"+,").decode().rstrip("=")
            pieces.append(f"&{letters}-")
        pieces.append(plain.replace("&", "&-"))
    return '"' + "".join(pieces).replace("\\", "\\\\").replace('"', '\\"') + '"'
