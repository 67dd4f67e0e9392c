"""Greeting, TLS and signing in: nothing is said in the clear that must not be, and every failure
names the relay."""

import base64
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from mailer.mime.message import Message
from mailer.relay.smtp.connection import Connection
from mailer.relay.smtp.relay import Relay
from mailer.relay.smtp.smarthost import StartTls
from mailer.relay.transport import Verdict, VerdictKind
from recommender.errors import TransportError

from ...relaying import smtp_relays

DATA = b"From: a@example.org\r\nTo: r@example.com\r\n\r\nhello\r\n"
MESSAGE = Message("bounces@example.org", "r@example.com", DATA, "<1@example.org>")
ACCEPTED, DEFERRED = VerdictKind.ACCEPTED, VerdictKind.DEFERRED
HANG_UP = b""
PIPELINED = ("PIPELINING", "8BITMIME")


class Server(Protocol):
    """The scripted server, as the tests see it."""

    port: int
    script: dict[str, object]
    commands: list[str]
    connections: int
    encrypted: int

    def hang_up(self) -> None: ...


Serve = Callable[..., Server]
Certificates = tuple[ssl.SSLContext, Path]


@contextmanager
def connect(
    server: Server, starttls: StartTls = "never", timeout: float = 0.5, **more: Any
) -> Iterator[Connection]:
    connection = Relay("127.0.0.1", server.port, starttls=starttls, **more).connect(timeout)
    try:
        yield connection
    finally:
        connection.close()


def send(connection: Connection, message: Message = MESSAGE) -> Verdict:
    return connection.offer(message) or connection.commit()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"554 5.3.2 no service\r\n", "554 5.3.2 no service"),
        (b"421 too many connections\r\n", "421 too many"),
        (HANG_UP, "closed the connection"),
        (None, "no answer within"),
        (b"HTTP/1.1 400 Bad Request\r\n", "not an SMTP reply"),
        (b"x" * 20_000, "without an end"),
        (b"554-no\x1b]0;x\x07\r\n554 \xe2\x80\xaeway\r\n", r"554 no\\x1b\]0;x\\x07 \\u202eway"),
        (b"\x1b[2J\r\n", r"not an SMTP reply: \\x1b\[2J"),
    ],
)
def test_a_greeting_that_is_none_names_the_relay(
    serve: Serve, answer: bytes | None, why: str
) -> None:
    server = serve(GREETING=answer)
    with pytest.raises(TransportError, match=rf"^relay 127\.0\.0\.1:{server.port}: .*{why}"):
        Relay("127.0.0.1", server.port, starttls="never").connect(0.3)


def test_a_port_nobody_listens_on_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransportError, match=rf"relay 127\.0\.0\.1:{port}: Connection refused"):
        Relay("127.0.0.1", port, starttls="never").connect(1)


def test_a_trusted_server_is_spoken_to_over_tls(serve: Serve, certificates: Certificates) -> None:
    theirs, file = certificates
    server = serve((*PIPELINED, "STARTTLS", "AUTH PLAIN"), theirs)
    with connect(server, "require", 2, user="u", password="p", cafile=file) as connection:
        assert [send(connection).kind for _ in range(3)] == [ACCEPTED] * 3
        assert connection.ready()
    assert server.encrypted == 1
    verbs = [command.split(" ")[0].upper() for command in server.commands]
    assert verbs[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]  # no password before TLS


def test_tls_from_the_first_byte(serve: Serve, certificates: Certificates) -> None:
    theirs, file = certificates
    server = serve(context=theirs, implicit_tls=True)
    with connect(server, timeout=2, implicit_tls=True, cafile=file) as connection:
        assert send(connection).kind is ACCEPTED
        assert connection.offer(MESSAGE) is None
        server.hang_up()
        time.sleep(0.05)
        assert connection.commit().kind is DEFERRED


@pytest.mark.parametrize("implicit_tls", [True, False])
def test_a_certificate_nobody_vouches_for_is_not_accepted(
    serve: Serve, certificates: Certificates, implicit_tls: bool
) -> None:
    server = serve((*PIPELINED, "STARTTLS"), certificates[0], implicit_tls)
    with pytest.raises(TransportError, match="certificate is not trusted"):
        Relay("127.0.0.1", server.port, "u", "hush", "require", implicit_tls).connect(2)
    assert not any("AUTH" in command for command in server.commands)


def test_a_certificate_for_another_name_is_not_accepted(
    serve: Serve, certificates: Certificates
) -> None:
    theirs, file = certificates
    server = serve((*PIPELINED, "STARTTLS"), theirs)
    with pytest.raises(TransportError, match="certificate is not trusted"):
        Relay("localhost", server.port, cafile=file).connect(2)


@pytest.mark.parametrize(
    ("offers", "answer", "why"),
    [
        (PIPELINED, b"502 what\r\n", "no STARTTLS"),
        ((*PIPELINED, "STARTTLS"), b"454 4.7.0 not now\r\n", "454 4.7.0 not now"),
        ((*PIPELINED, "STARTTLS"), HANG_UP, "closed the connection"),
        ((*PIPELINED, "STARTTLS"), b"220 go\r\n220 in the clear\r\n", "TLS|more than its answer"),
        ((*PIPELINED, "STARTTLS"), None, "no answer"),
    ],
)
def test_tls_that_is_required_is_never_done_without(
    serve: Serve, offers: tuple[str, ...], answer: bytes | None, why: str
) -> None:
    server = serve(offers, STARTTLS=answer)
    with pytest.raises(TransportError, match=why):
        Relay("127.0.0.1", server.port, "u", "hush", "require").connect(0.4)
    assert not any("AUTH" in command for command in server.commands)


@pytest.mark.parametrize("answer", [b"454 4.7.0 not now\r\n", HANG_UP, b"220 no TLS here\r\n"])
def test_tls_that_is_optional_is_tried_and_done_without(
    serve: Serve, certificates: Certificates, answer: bytes
) -> None:
    server = serve((*PIPELINED, "STARTTLS"), certificates[0], STARTTLS=answer)
    with connect(server, "optional", 0.4) as connection:
        assert send(connection).kind is ACCEPTED
    assert (server.connections, server.encrypted) == (2, 0)
    able = serve((*PIPELINED, "STARTTLS"), certificates[0])
    with connect(able, "optional", 2) as connection:
        assert send(connection).kind is ACCEPTED
    assert able.encrypted == 1


def test_a_wrong_password_is_named_but_not_told(serve: Serve) -> None:
    server = serve((*PIPELINED, "AUTH PLAIN LOGIN"), AUTH=b"535 5.7.8 no: hush hush\r\n")
    with pytest.raises(TransportError) as caught, connect(server, user="u", password="hush"):
        pass
    assert "wrong user or password (535)" in str(caught.value)
    assert "hush" not in str(caught.value)
    with pytest.raises(TransportError, match="AUTH"), connect(serve(), user="u", password="p"):
        pass


def test_user_and_password_go_as_utf_8(serve: Serve) -> None:
    plain = serve((*PIPELINED, "AUTH LOGIN PLAIN"), AUTH=b"235 welcome\r\n")
    with connect(plain, user="jörg", password="gehëim"):
        pass
    said = next(line for line in plain.commands if line.startswith("AUTH PLAIN "))
    assert base64.b64decode(said.split()[2]).decode() == "\0jörg\0gehëim"


def test_an_access_token_signs_in(serve: Serve) -> None:
    server = serve((*PIPELINED, "AUTH PLAIN XOAUTH2"), AUTH=b"235 welcome\r\n")
    with connect(server, user="u@example.org", password="ya29.token", auth="xoauth2"):
        pass
    said = next(line for line in server.commands if line.startswith("AUTH XOAUTH2 "))
    token = "user=u@example.org\x01auth=Bearer ya29.token\x01\x01"
    assert base64.b64decode(said.split()[2]).decode() == token
    with pytest.raises(TransportError, match="no way to sign in"), connect(
        serve((*PIPELINED, "AUTH PLAIN")), user="u", password="p", auth="xoauth2"
    ):  # fmt: skip
        pass


def test_an_access_token_is_read_anew_for_each_connection(serve: Serve, tmp_path: Path) -> None:
    server = serve((*PIPELINED, "AUTH XOAUTH2"), AUTH=b"235 welcome\r\n")
    file = tmp_path / "token"
    [relay] = smtp_relays(
        f"smtp://u%40example.org@127.0.0.1:{server.port}?auth=xoauth2&tokenfile={file}"
    )
    with pytest.raises(TransportError, match=r"relay 127.0.0.1:\d+: No such file"):
        relay.connect(2)
    for token in ("one", "two"):
        file.write_text(f"{token}\n")
        relay.connect(2).close()
    said = [line.split()[2] for line in server.commands if line.startswith("AUTH XOAUTH2 ")]
    assert [base64.b64decode(one).decode().split("Bearer ")[1] for one in said] == [
        "one\x01\x01",
        "two\x01\x01",
    ]


def test_a_certificate_of_ones_own_is_trusted_by_name(
    serve: Serve, certificates: Certificates
) -> None:
    theirs, file = certificates
    server = serve((*PIPELINED, "STARTTLS"), theirs)
    [relay] = smtp_relays(f"smtp://127.0.0.1:{server.port}?starttls=require&cafile={file}")
    connection = relay.connect(2)
    assert send(connection).kind is ACCEPTED
    connection.close()
    assert server.encrypted == 1
