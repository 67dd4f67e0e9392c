"""SMTP against a scripted server on loopback: every answer a server can give, and none at all."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Mailbox

from mailer import relays
from mailer.message import Message
from mailer.relays import Relays
from mailer.smtp import Connection, Relay
from mailer.transport import VerdictKind
from recommender.errors import ConfigurationError, TransportError

DATA = b"From: a@example.org\r\nTo: r@example.com\r\n\r\n.starts with a dot\r\n..two\r\nend\r\n"
MESSAGE = Message("bounces@example.org", "r@example.com", DATA, "<1@example.org>")
HANG_UP = b""


@dataclass
class Server:
    """Answers each command by the script; what is not in it is answered well.

    An answer is bytes as they go over the wire; HANG_UP closes the connection, None says nothing.
    """

    script: dict[str, bytes | None]
    pipelining: bool = True
    texts: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._converse, args=(peer,), daemon=True).start()

    def _converse(self, peer: socket.socket) -> None:
        with peer, peer.makefile("rb") as lines:
            peer.settimeout(5)
            try:
                if self._answer(peer, "GREETING", b"220 hello\r\n"):
                    while line := lines.readline():
                        if not self._command(peer, line.decode().strip(), lines):
                            return
            except (OSError, ValueError):
                return

    def _command(self, peer: socket.socket, line: str, lines: object) -> bool:
        verb = line.split(" ")[0].split(":")[0].upper()
        self.commands.append(line)
        good = {"EHLO": b"250-hello\r\n250-PIPELINING\r\n250 8BITMIME\r\n", "DATA": b"354 go\r\n"}
        if not self.pipelining:
            good["EHLO"] = b"250-hello\r\n250 8BITMIME\r\n"
        if not self._answer(peer, verb, good.get(verb, b"250 2.0.0 ok\r\n")):
            return False
        if verb == "DATA" and self.script.get("DATA", b"354")[:3] == b"354":  # type: ignore[index]
            text = b""
            while not text.endswith(b"\r\n.\r\n") and text != b".\r\n":
                piece = lines.readline()  # type: ignore[attr-defined]  # a binary file
                if not piece:
                    return False
                text += piece
            self.texts.append(text)
            return self._answer(peer, "DOT", b"250 2.0.0 queued\r\n")
        return verb != "QUIT"

    def _answer(self, peer: socket.socket, key: str, good: bytes) -> bool:
        answer = self.script.get(key, good)
        if answer is None:
            threading.Event().wait(3)
            return False
        if answer != HANG_UP:
            peer.sendall(answer)
        return answer != HANG_UP and answer.endswith(b"\n")


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start a scripted server."""
    servers: list[Server] = []

    def start(pipelining: bool = True, **script: bytes | None) -> Server:
        servers.append(Server(script, pipelining))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@contextmanager
def connect(server: Server, timeout: float = 0.5) -> Iterator[Connection]:
    connection = Connection(relay(server), timeout)
    try:
        yield connection
    finally:
        connection.close()


def relay(server: Server) -> Relay:
    return Relay("127.0.0.1", server.port, starttls="never")


@contextmanager
def pool_of(*servers: Server, timeout: float = 1, most: int = 100) -> Iterator[Relays]:
    pool = Relays(tuple(map(relay, servers)), timeout=timeout, messages_per_connection=most)
    try:
        yield pool
    finally:
        pool.close()


def deliver(server: Server) -> tuple[VerdictKind, int | None, str | None]:
    with connect(server) as connection:
        verdict = connection.offer(MESSAGE) or connection.commit()
    return verdict.kind, verdict.code, verdict.enhanced


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_message_arrives_as_it_was_with_its_dots_doubled(
    serve: Callable[..., Server], pipelining: bool
) -> None:
    server = serve(pipelining)
    assert deliver(server) == (VerdictKind.ACCEPTED, 250, "2.0.0")
    [text] = server.texts
    assert text == DATA.replace(b"\r\n.", b"\r\n..") + b".\r\n"


ANSWERS = [
    ("MAIL", b"451 4.3.0 later\r\n", VerdictKind.DEFERRED, 451, "4.3.0"),
    ("MAIL", b"550 5.7.1 no\r\n", VerdictKind.REFUSED, 550, "5.7.1"),
    ("RCPT", b"450 4.2.2 full\r\n", VerdictKind.DEFERRED, 450, "4.2.2"),
    ("RCPT", b"550 5.1.1 nobody here\r\n", VerdictKind.REFUSED, 550, "5.1.1"),
    ("RCPT", b"421 4.7.0 closing\r\n", VerdictKind.DEFERRED, 421, "4.7.0"),
    ("DATA", b"554 5.6.0 no\r\n", VerdictKind.REFUSED, 554, "5.6.0"),
    ("DATA", b"452 4.3.1 no room\r\n", VerdictKind.DEFERRED, 452, "4.3.1"),
    ("DOT", b"550-5.7.1 spam\r\n550 5.7.1 go away\r\n", VerdictKind.REFUSED, 550, "5.7.1"),
    ("DOT", b"451 greylisted\r\n", VerdictKind.DEFERRED, 451, None),
    ("DOT", HANG_UP, VerdictKind.UNANSWERED, None, None),
    ("DOT", None, VerdictKind.UNANSWERED, None, None),
    ("DOT", b"25", VerdictKind.UNANSWERED, None, None),
    ("DOT", b"banana\r\n", VerdictKind.UNANSWERED, None, None),
]


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(("stage", "answer", "kind", "code", "enhanced"), ANSWERS)
def test_each_answer_has_its_verdict(
    serve: Callable[..., Server],
    pipelining: bool,
    stage: str,
    answer: bytes | None,
    kind: VerdictKind,
    code: int | None,
    enhanced: str | None,
) -> None:
    assert deliver(serve(pipelining, **{stage: answer})) == (kind, code, enhanced)


def test_after_a_refusal_the_same_connection_takes_the_next(serve: Callable[..., Server]) -> None:
    server = serve(RCPT=b"550 5.1.1 nobody\r\n")
    with connect(server) as connection:
        assert connection.offer(MESSAGE) is not None
        server.script.clear()
        assert connection.offer(MESSAGE) is None
        assert connection.commit().kind is VerdictKind.ACCEPTED
    assert server.connections == 1


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", [HANG_UP, None, b"2", b"xyz\r\n"])
def test_a_connection_lost_before_the_dot_is_not_a_doubt(
    serve: Callable[..., Server], stage: str, answer: bytes | None
) -> None:
    server = serve(**{stage: answer})
    with (
        pool_of(server, timeout=0.3) as pool,
        pytest.raises(TransportError, match="relay 127"),
    ):
        pool.offer(MESSAGE, number=1)
    assert server.texts == []


def test_a_connection_closed_between_messages_is_opened_anew(serve: Callable[..., Server]) -> None:
    server = serve()
    with pool_of(server) as pool:
        for _ in range(2):
            assert (pool.offer(MESSAGE, number=1) or pool.commit()).kind is VerdictKind.ACCEPTED
            held = pool._connection
            assert held is not None
            assert held._server.sock is not None
            held._server.sock.shutdown(socket.SHUT_RDWR)  # as a server that hangs up
    assert server.connections == 2


def test_a_connection_carries_no_more_than_it_may(serve: Callable[..., Server]) -> None:
    server = serve()
    with pool_of(server, most=2) as pool:
        for number in range(5):
            verdict = pool.offer(MESSAGE, number=number) or pool.commit()
            assert verdict.kind is VerdictKind.ACCEPTED
    assert (server.connections, len(server.texts)) == (3, 5)


def test_a_relay_that_cannot_be_used_fails_over(serve: Callable[..., Server]) -> None:
    broken, working = serve(GREETING=b"554 no service\r\n"), serve()
    with pool_of(broken, working) as pool:
        for _ in range(3):
            verdict = pool.offer(MESSAGE, number=1) or pool.commit()
            assert verdict.relay.endswith(str(working.port))
    assert broken.connections == 1  # and is left alone for a while


def test_an_international_address_needs_a_server_that_takes_it(
    serve: Callable[..., Server],
) -> None:
    message = Message("b@example.org", "jörg@example.com", DATA, "<1@example.org>", smtputf8=True)
    with connect(serve()) as connection:
        verdict = connection.offer(message)
    assert verdict is not None
    assert (verdict.kind, verdict.enhanced) == (VerdictKind.REFUSED, "5.6.7")


def test_starttls_that_is_required_and_not_offered_is_an_error(
    serve: Callable[..., Server],
) -> None:
    with pytest.raises(TransportError, match="no STARTTLS"):
        Connection(Relay("127.0.0.1", serve().port, starttls="require"), 1)


def test_a_port_nobody_listens_on_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransportError, match=rf"relay 127\.0\.0\.1:{port}: Connection refused"):
        Connection(Relay("127.0.0.1", port, starttls="never"), 1)


def test_no_address_can_smuggle_a_command(serve: Callable[..., Server]) -> None:
    message = Message("b@example.org", "a@example.com>\r\nRCPT TO:<x@example.com", DATA, "<1@x>")
    with connect(serve()) as connection, pytest.raises(ValueError, match="is not an address"):
        connection.offer(message)


class Kept(Mailbox):
    """Keeps what an independent server understood."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_message(self, message: object) -> None:
        self.seen.append(str(message))


def test_an_independent_server_understands_it() -> None:
    kept = Kept()
    controller = Controller(kept, hostname="127.0.0.1", port=0)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        controller.port = probe.getsockname()[1]
    controller.start()
    try:
        connection = Connection(Relay("127.0.0.1", controller.port, starttls="optional"), 5)
        for _ in range(3):
            assert (connection.offer(MESSAGE) or connection.commit()).kind is VerdictKind.ACCEPTED
        connection.close()
    finally:
        controller.stop()
    assert len(kept.seen) == 3
    assert ".starts with a dot" in kept.seen[0]


def test_relays_are_read_from_one_line() -> None:
    first, second = relays.parse(
        "smtp://u%40x:p%2Fw@mail.example.org:587, smtps://[::1]?starttls=never"
    )
    assert (first.host, first.port, first.user, first.password) == (
        "mail.example.org", 587, "u@x", "p/w",
    )  # fmt: skip
    assert first.starttls == "require"
    assert (second.host, second.port, second.implicit_tls) == ("::1", 465, True)
    assert "p/w" not in repr(first)


@pytest.mark.parametrize(
    "text",
    [
        "http://x",
        "smtp://",
        "smtp://x:y@h:port",
        "smtp://h?tls=1",
        "smtp://h?starttls=maybe",
        "mail",
    ],
)
def test_a_wrong_relay_names_the_key_and_no_password(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^smtp_url: "):
        relays.parse(text)
