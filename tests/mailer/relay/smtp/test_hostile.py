"""A server that means harm: it learns no password, gets no command through, and holds up nobody."""

import contextlib
import socket
import ssl
import threading
import time

import pytest

from mailer.mime.message import Message
from mailer.relay.smtp.relay import Relay
from mailer.relay.transport import ConnectionLostError, VerdictKind
from recommender.errors import TransportError

from .test_session import DATA, MESSAGE, Certificates, Serve, connect, send

ENDLESS = b"250-more\r\n" * 5_000
REPLIES: dict[str, object] = {
    "endless": ENDLESS,
    "huge": b"250 " + b"x" * 3_000_000 + b"\r\n",
    "slow": (b"250 " + b"x" * 200 + b"\r\n", 0.05),
    "binary": bytes(range(256)) * 4 + b"\r\n",
    "silent": None,
    "code 999": b"999 what\r\n",
    "negative": b"-50 what\r\n",
}


@pytest.mark.parametrize("stage", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
def test_no_reply_holds_up_or_passes_for_consent(serve: Serve, stage: str, reply: object) -> None:
    server = serve(**{stage: reply})
    began = time.monotonic()
    try:
        with connect(server, timeout=0.4) as connection:
            assert send(connection).kind is not VerdictKind.ACCEPTED
    except TransportError:
        assert stage in ("GREETING", "EHLO")
    except ConnectionLostError:  # before the dot: nothing was sent, another connection is tried
        assert stage != "DOT"
    assert time.monotonic() - began < 5


def inject(context: ssl.SSLContext, heard: list[bytes], listener: socket.socket) -> None:
    """A server whose certificate is good, with somebody in between who adds words in the clear to
    its answer to STARTTLS."""
    with contextlib.suppress(OSError, ssl.SSLError):
        peer, _ = listener.accept()
        peer.settimeout(3)
        peer.sendall(b"220 hello\r\n")
        heard.append(peer.recv(1000))
        peer.sendall(b"250-hello\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n")
        heard.append(peer.recv(1000))
        peer.sendall(b"220 go\r\n250-evil\r\n250 AUTH PLAIN LOGIN\r\n")
        safe = context.wrap_socket(peer, server_side=True)
        heard.append(safe.recv(1000))
        safe.close()


def test_words_put_in_behind_starttls_are_not_taken_for_protected(
    certificates: Certificates,
) -> None:
    theirs, file = certificates
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=inject, args=(theirs, heard, listener))
        thread.start()
        relay = Relay("127.0.0.1", listener.getsockname()[1], "u", "hush", "require", cafile=file)
        with pytest.raises(TransportError, match="more than its answer"):
            relay.connect(2)
        thread.join()
    assert not any(b"AUTH" in words for words in heard)


def test_a_password_is_not_given_to_who_strips_tls(
    serve: Serve, certificates: Certificates
) -> None:
    server = serve(("PIPELINING", "STARTTLS", "AUTH PLAIN LOGIN"), certificates[0])
    relay = Relay("127.0.0.1", server.port, "u", "hush", "require")
    with pytest.raises(TransportError, match="certificate"):
        relay.connect(2)
    bare = serve(("PIPELINING", "AUTH PLAIN LOGIN"))
    with pytest.raises(TransportError, match="STARTTLS"):
        Relay("127.0.0.1", bare.port, "u", "hush", "require").connect(2)
    assert not any("AUTH" in line for one in (server, bare) for line in one.commands)


LOCAL = (
    "a b", "a>b", "a<b", "a\rb", "a\nb", "a\r\nDATA", "a\0b", 'a"b', "a\\b", "a,b", "a;b", "a:b",
    "a(b)", "a[b]", "a@b", "", ".", "a.", ".a", "a..b", "-a", "%40", "a%0d%0aRSET", "+", "'",
    "`id`", "$(id)", "|id", "!", "a\tb", "\x7f", "a\u2028b", "a\u202eb", "x" * 65, "x" * 1000,
)  # fmt: skip


@pytest.mark.parametrize("local", LOCAL)
def test_no_odd_address_becomes_a_second_command(serve: Serve, local: str) -> None:
    server = serve()
    to = f"{local}@example.com"
    message = Message("b@example.org", to, DATA, "<1@x>", smtputf8=not to.isascii())
    with connect(server) as connection:
        verdict = connection.offer(message) or connection.commit()
        assert send(connection, MESSAGE).kind is VerdictKind.ACCEPTED  # in step as before
    verbs = [line.partition(" ")[0].partition(":")[0].upper() for line in server.commands]
    asked = verbs.count("RCPT")
    assert set(verbs) <= {"EHLO", "MAIL", "RCPT", "DATA", "RSET", "QUIT"}, verdict
    assert asked == 1 or f"RCPT TO:<{to}>" in server.commands
