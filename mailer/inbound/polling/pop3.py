"""Takes what is new from a mailbox on a POP3 server (RFC 1939).

The server deletes what was handled when the session ends in order; a session that is cut off leaves
everything, and what was taken already is known by its content.
Signs in by USER and PASS, or with an access token by AUTH XOAUTH2 (RFC 5034; Google, Microsoft).
"""

import base64
import contextlib
import poplib
import time
from collections.abc import Iterator

from mailer.inbound.mailboxes import LARGEST
from mailer.inbound.polling.mailbox_url import MailboxUrl
from recommender.errors import MailboxError
from recommender.safety.escaping import one_line

MOST = 500
"""Messages that are taken at one time."""
HEAD_LINES = 2_000
"""Lines of the body that are taken of a message that is too large."""


def collect(mailbox: MailboxUrl, *, timeout: float, seconds: float) -> Iterator[bytes]:
    """What is new, for at most so many ``seconds``; MailboxError says what is wrong."""
    until = time.monotonic() + seconds
    with _signed_in(mailbox, timeout) as client:
        for line in client.list()[1][:MOST]:
            number, size = (int(part) for part in line.split()[:2])
            lines = (client.top(number, HEAD_LINES) if size > LARGEST else client.retr(number))[1]
            yield b"\r\n".join(lines)[:LARGEST] + b"\r\n"
            client.dele(number)
            if time.monotonic() > until:
                break


def check(mailbox: MailboxUrl, *, timeout: float) -> str:
    """Sign in; how many messages there are."""
    with _signed_in(mailbox, timeout) as client:
        number, _ = client.stat()
    return f"{mailbox.name} answers: {number} messages"


@contextlib.contextmanager
def _signed_in(mailbox: MailboxUrl, timeout: float) -> Iterator[poplib.POP3]:
    client: poplib.POP3 | None = None
    try:
        client = _greeted(mailbox, timeout)
        _sign_in(mailbox, client)
        yield client
        client.quit()
        client = None
    except (poplib.error_proto, OSError, ValueError, EOFError) as error:
        said = getattr(error, "strerror", None) or (error.args[0] if error.args else "")
        why = one_line(str(said).removeprefix("b'").removesuffix("'"), 200) or type(error).__name__
        if mailbox.password and mailbox.password in why:
            why = "the server refused to sign us in"
        raise MailboxError(f"{mailbox.name}: {why}") from None
    finally:
        if client is not None:  # without QUIT, so that nothing is deleted that was not handled
            with contextlib.suppress(OSError):
                client.close()


def _sign_in(mailbox: MailboxUrl, client: poplib.POP3) -> None:
    secret = mailbox.secret()
    if not mailbox.xoauth2:
        client.user(mailbox.user)
        client.pass_(secret)
        return
    token = f"user={mailbox.user}\x01auth=Bearer {secret}\x01\x01".encode()
    # A token is too long for the command's own line, which has 255 octets (RFC 5034 section 4).
    _said(client, "AUTH XOAUTH2")
    if _said(client, base64.b64encode(token).decode("ascii")).startswith(b"+ "):
        _said(client, "")  # it says why not, and waits for an answer
        raise poplib.error_proto("the server refused to sign us in")


def _said(client: poplib.POP3, line: str) -> bytes:
    """The server's answer to a line; poplib has no public way to say one of AUTH."""
    client._putcmd(line)  # type: ignore[attr-defined]
    return bytes(client._getresp())  # type: ignore[attr-defined]


def _greeted(mailbox: MailboxUrl, timeout: float) -> poplib.POP3:
    if mailbox.implicit_tls:
        return poplib.POP3_SSL(
            mailbox.host, mailbox.port, timeout=timeout, context=mailbox.context()
        )
    client = poplib.POP3(mailbox.host, mailbox.port, timeout=timeout)
    if mailbox.starttls:
        try:
            client.stls(mailbox.context())
        except BaseException:
            client.close()
            raise
    return client
