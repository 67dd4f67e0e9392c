"""One SMTP connection: every answer a server can give, in time, late, halved, or not at all."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytest
from aiosmtpd.controller import Controller

from mailer.mime.message import Message
from mailer.relay.smtp.connection import Connection
from mailer.relay.smtp.relay import Relay
from mailer.relay.transport import ConnectionLostError, Verdict, VerdictKind

DATA = b"From: a@example.org\r\nTo: r@example.com\r\n\r\n.starts with a dot\r\n..two\r\nend\r\n"
MESSAGE = Message("bounces@example.org", "r@example.com", DATA, "<1@example.org>")
ABROAD = Message("b@example.org", "jörg@example.com", DATA, "<1@example.org>", smtputf8=True)
ACCEPTED, DEFERRED = VerdictKind.ACCEPTED, VerdictKind.DEFERRED
REFUSED, UNANSWERED = VerdictKind.REFUSED, VerdictKind.UNANSWERED
HANG_UP = b""
STEP_BY_STEP = ("8BITMIME",)
PIPELINED = ("PIPELINING", "8BITMIME")
either_way = pytest.mark.parametrize("offers", [PIPELINED, STEP_BY_STEP])


class Server(Protocol):
    """The scripted server, as the tests see it."""

    port: int
    script: dict[str, object]
    commands: list[str]
    texts: list[bytes]
    connections: int

    def hang_up(self) -> None: ...
    def say(self, words: bytes) -> None: ...


Serve = Callable[..., Server]


@contextmanager
def connect(server: Server, timeout: float = 0.5) -> Iterator[Connection]:
    connection = Relay("127.0.0.1", server.port, starttls="never").connect(timeout)
    try:
        yield connection
    finally:
        connection.close()


def send(connection: Connection, message: Message = MESSAGE) -> Verdict:
    return connection.offer(message) or connection.commit()


def deliver(server: Server) -> tuple[VerdictKind, int | None, str | None]:
    with connect(server) as connection:
        verdict = send(connection)
    return verdict.kind, verdict.code, verdict.enhanced


@either_way
def test_a_message_arrives_as_it_was_with_its_dots_doubled(
    serve: Serve, offers: tuple[str, ...]
) -> None:
    server = serve(offers)
    assert deliver(server) == (ACCEPTED, 250, "2.0.0")
    assert server.texts == [DATA.replace(b"\r\n.", b"\r\n..") + b".\r\n"]


@pytest.mark.parametrize("ending", [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r\n"])
def test_no_text_ends_before_its_end(serve: Serve, ending: bytes) -> None:
    server = serve()
    with connect(server) as connection:
        smuggled = b"A: b\r\n\r\nhello" + ending + b"MAIL FROM:<x@example.net>\r\n"
        assert send(connection, Message("a@b.c", "r@b.c", smuggled, "<1@b.c>")).kind is ACCEPTED
    [text] = server.texts
    assert text.endswith(b"\r\nMAIL FROM:<x@example.net>\r\n.\r\n")
    assert b"\r\n..\r\n" in text
    assert text.count(b"\n") == text.count(b"\r") == text.count(b"\r\n")


ANSWERS = [
    ("MAIL", b"451 4.3.0 later\r\n", DEFERRED, 451, "4.3.0"),
    ("MAIL", b"550 5.7.1 no\r\n", REFUSED, 550, "5.7.1"),
    ("RCPT", b"450 4.2.2 full\r\n", DEFERRED, 450, "4.2.2"),
    ("RCPT", b"550 5.1.1 nobody here\r\n", REFUSED, 550, "5.1.1"),
    ("RCPT", b"421 4.7.0 closing\r\n", DEFERRED, 421, "4.7.0"),
    ("DATA", b"554 5.6.0 no\r\n", REFUSED, 554, "5.6.0"),
    ("DATA", b"452 4.3.1 no room\r\n", DEFERRED, 452, "4.3.1"),
    ("DOT", b"550-5.7.1 spam\r\n550 5.7.1 go away\r\n", REFUSED, 550, "5.7.1"),
    ("DOT", b"451 greylisted\r\n", DEFERRED, 451, None),
    ("DOT", b"421 4.3.2 shutting down\r\n", DEFERRED, 421, "4.3.2"),
    ("DOT", b"550 2.0.0 of two minds\r\n", REFUSED, 550, None),
    ("DOT", b"250\n", ACCEPTED, 250, None),
    ("DOT", HANG_UP, UNANSWERED, None, None),
    ("DOT", None, UNANSWERED, None, None),
    ("DOT", b"25", UNANSWERED, None, None),
    ("DOT", b"250-half of it\r\n", UNANSWERED, None, None),
    ("DOT", b"banana\r\n", UNANSWERED, None, None),
    ("DOT", b"354 go on\r\n", UNANSWERED, 354, None),
    ("DOT", b"250-again\r\n" * 200, UNANSWERED, None, None),
    ("DOT", b"250 " + b"x" * 100_000 + b"\r\n", UNANSWERED, None, None),
]


@either_way
@pytest.mark.parametrize(("stage", "answer", "kind", "code", "enhanced"), ANSWERS)
def test_each_answer_has_its_verdict(
    serve: Serve,
    offers: tuple[str, ...],
    stage: str,
    answer: bytes | None,
    kind: VerdictKind,
    code: int | None,
    enhanced: str | None,
) -> None:
    assert deliver(serve(offers, **{stage: answer})) == (kind, code, enhanced)


@either_way
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", [HANG_UP, None, b"2", b"250-and\r\n", b"xyz\r\n"])
def test_a_connection_lost_before_the_dot_delivers_nothing(
    serve: Serve, offers: tuple[str, ...], stage: str, answer: bytes | None
) -> None:
    server = serve(offers, **{stage: answer})
    with connect(server, timeout=0.3) as connection:
        with pytest.raises(ConnectionLostError):
            connection.offer(MESSAGE)
        assert not connection.open
    assert server.texts == []


@either_way
@pytest.mark.parametrize(("stage", "answer"), [("DATA", b"250 done\r\n"), ("MAIL", b"354 go\r\n")])
def test_an_answer_out_of_place_is_not_taken_for_consent(
    serve: Serve, offers: tuple[str, ...], stage: str, answer: bytes
) -> None:
    with (
        connect(serve(offers, **{stage: answer})) as connection,
        pytest.raises(ConnectionLostError, match="out of place"),
    ):
        connection.offer(MESSAGE)


@either_way
@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
def test_the_reason_counts_though_the_server_hangs_up_with_it(
    serve: Serve, offers: tuple[str, ...], stage: str
) -> None:
    answers = {stage: b"550 5.7.1 we do not talk to you\r\n", "RSET": HANG_UP, "DATA": HANG_UP}
    with connect(serve(offers, **answers)) as connection:
        verdict = connection.offer(MESSAGE)
        assert verdict is not None
        assert (verdict.kind, verdict.enhanced) == (REFUSED, "5.7.1")
        assert not connection.ready()


@either_way
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "DOT"])
def test_after_a_refusal_the_same_connection_takes_the_next(
    serve: Serve, offers: tuple[str, ...], stage: str
) -> None:
    server = serve(offers, **{stage: [b"550 5.1.1 nobody\r\n"]})
    with connect(server) as connection:
        assert send(connection).kind is REFUSED
        assert send(connection).kind is ACCEPTED
    assert server.connections == 1
    assert server.texts[-1].startswith(b"From: ")


def test_whoever_says_more_than_was_asked_is_given_no_further_message(serve: Serve) -> None:
    server = serve(DOT=[b"250 2.0.0 ok\r\n250 2.0.0 ok\r\n"])  # the second would answer MAIL
    with connect(server) as connection:
        assert send(connection).kind is ACCEPTED
        assert not connection.ready()


def test_a_server_that_waits_for_a_text_nobody_gets_is_given_none(serve: Serve) -> None:
    server = serve(RCPT=[b"550 5.1.1 nobody\r\n"], DOT=[b"554 5.5.1 no recipients\r\n"])
    with connect(server) as connection:
        assert send(connection).enhanced == "5.1.1"
        assert server.texts == [b".\r\n"]  # RFC 2920 section 3.1
        assert send(connection).kind is ACCEPTED


PLAIN = b"From: a@example.org\r\n\r\nend\r\n"
FIRST, SECOND, THIRD = (
    Message("b@example.org", f"r{number}@example.com", PLAIN, f"<{number}@x.y>", ready=True)
    for number in (1, 2, 3)
)


def both(connection: Connection) -> Verdict:
    """Send the first message with the commands of the second behind its dot; what is said of it."""
    assert connection.offer(FIRST) is None
    connection.follow(SECOND)
    return connection.commit()


def recipients(server: Server) -> list[str]:
    return [command for command in server.commands if command.startswith("RCPT")]


def test_the_next_message_is_begun_behind_the_dot(serve: Serve) -> None:
    server = serve()
    with connect(server) as connection:
        assert (both(connection).kind, connection.begun) == (ACCEPTED, True)
        assert len(server.texts) == 1  # it has no text before its own turn
        assert (send(connection, SECOND).kind, connection.begun) == (ACCEPTED, False)
        assert send(connection, THIRD).kind is ACCEPTED
    assert recipients(server) == [f"RCPT TO:<r{number}@example.com>" for number in (1, 2, 3)]
    assert (len(server.texts), server.connections) == (3, 1)


def test_where_nothing_may_be_pipelined_nothing_is_begun(serve: Serve) -> None:
    server = serve(STEP_BY_STEP)
    with connect(server) as connection:
        assert both(connection).kind is ACCEPTED
        assert not connection.begun
        assert recipients(server) == ["RCPT TO:<r1@example.com>"]
        assert send(connection, SECOND).kind is ACCEPTED


def test_what_was_begun_and_not_offered_is_not_delivered(serve: Serve) -> None:
    server = serve()
    with connect(server) as connection:
        assert both(connection).kind is ACCEPTED
        with pytest.raises(ConnectionLostError, match="another message"):
            connection.offer(THIRD)
        assert not connection.open
    with connect(server) as connection:
        assert both(connection).kind is ACCEPTED  # and then leaves
    assert "QUIT" not in server.commands  # which the server would take for text
    assert [text.count(b"From: ") for text in server.texts] == [1, 1]


def test_a_refusal_of_what_was_begun_costs_neither_the_one_before_nor_the_next(
    serve: Serve,
) -> None:
    refused = b"550 5.1.1 nobody\r\n"
    server = serve(RCPT=[b"250 ok\r\n", refused], DATA=[b"354 go\r\n", b"554 no recipients\r\n"])
    with connect(server) as connection:
        assert both(connection).kind is ACCEPTED
        assert send(connection, SECOND).enhanced == "5.1.1"
        assert send(connection, THIRD).kind is ACCEPTED
    assert (len(server.texts), server.connections) == (2, 1)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_leaves_after_the_dot_has_taken_one_message(serve: Serve, stage: str) -> None:
    good = b"354 go\r\n" if stage == "DATA" else b"250 ok\r\n"
    server = serve(**{stage: [good, HANG_UP]})
    with connect(server) as connection:
        assert both(connection).kind is ACCEPTED
        with pytest.raises(ConnectionLostError):
            connection.offer(SECOND)
    assert len(server.texts) == 1


def test_no_answer_to_the_dot_is_a_doubt_and_the_next_is_not_begun(serve: Serve) -> None:
    server = serve(DOT=HANG_UP)
    with connect(server) as connection:
        assert both(connection).kind is UNANSWERED
        assert not connection.begun
    assert len(server.texts) == 1


def test_a_reply_in_drips_is_held_to_the_same_deadline(serve: Serve) -> None:
    server = serve(DOT=(b"250 2.0.0 " + b"x" * 100 + b"\r\n", 0.1))
    started = time.monotonic()
    with connect(server, timeout=0.5) as connection:
        verdict = send(connection)
    assert verdict.kind is UNANSWERED
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("words", [None, b"421 4.4.2 you took too long\r\n"])
def test_a_server_that_leaves_before_the_dot_is_not_a_doubt(
    serve: Serve, words: bytes | None
) -> None:
    server = serve()
    with connect(server) as connection:
        assert connection.offer(MESSAGE) is None
        if words:
            server.say(words)
        else:
            server.hang_up()
        time.sleep(0.05)
        verdict = connection.commit()
    assert verdict.kind is DEFERRED
    assert ("too long" if words else "before the dot") in str(verdict.reply)
    assert server.texts == []


def test_what_the_server_says_is_one_harmless_line(serve: Serve) -> None:
    words = "550-5.7.1 nö\x1b[31m\x00\r\n550 5.7.1 no\r\n".encode() + b""
    with connect(serve(DOT=words)) as connection:
        assert send(connection).reply == r"550 5.7.1 nö\x1b[31m\x00 5.7.1 no"


def test_a_message_that_is_too_large_is_not_even_offered(serve: Serve) -> None:
    server = serve((*PIPELINED, "SIZE 60"))
    with connect(server) as connection:
        verdict = send(connection)
    assert (verdict.kind, verdict.enhanced) == (REFUSED, "5.3.4")
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_size_and_eight_bits_are_declared_where_they_are_understood(serve: Serve) -> None:
    server = serve((*PIPELINED, "SIZE 100000"))
    eight = Message("a@b.c", "r@b.c", "A: b\r\n\r\né\r\n".encode(), "<1@b.c>")
    with connect(server) as connection:
        assert send(connection, eight).kind is ACCEPTED
        assert send(connection).kind is ACCEPTED
    mails = [command for command in server.commands if command.startswith("MAIL")]
    assert mails == [
        "MAIL FROM:<a@b.c> BODY=8BITMIME SIZE=12",
        f"MAIL FROM:<bounces@example.org> SIZE={len(DATA) + 2}",
    ]
    with connect(serve(("PIPELINING",))) as connection:
        assert send(connection, eight).enhanced == "5.6.3"


def test_an_international_address_needs_a_server_that_takes_it(serve: Serve) -> None:
    with connect(serve()) as connection:
        assert send(connection, ABROAD).enhanced == "5.6.7"
    able = serve((*PIPELINED, "SMTPUTF8"))
    with connect(able) as connection:
        assert send(connection, ABROAD).kind is ACCEPTED
    assert "MAIL FROM:<b@example.org> SMTPUTF8" in able.commands
    assert "RCPT TO:<jörg@example.com>" in able.commands


def test_no_address_can_smuggle_a_command(serve: Serve) -> None:
    server = serve()
    message = Message("b@example.org", "a@example.com>\r\nRCPT TO:<x@example.com", DATA, "<1@x>")
    with connect(server) as connection:
        assert send(connection, message).enhanced == "5.1.3"
    assert not any("x@example.com" in command for command in server.commands)


def test_leaving_is_polite_and_does_not_wait_for_ever(serve: Serve) -> None:
    server = serve(QUIT=None)
    started = time.monotonic()
    with connect(server, timeout=30) as connection:
        assert send(connection).kind is ACCEPTED
    assert server.commands[-1].upper() == "QUIT"
    assert time.monotonic() - started < 4


class Kept:
    """What an independent server understood."""

    def __init__(self) -> None:
        self.seen: list[tuple[list[str], bytes]] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        self.seen.append((envelope.rcpt_tos, envelope.original_content))
        return "250 2.0.0 kept"


def test_an_independent_server_understands_it() -> None:
    kept = Kept()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(kept, hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)
    controller.start()
    try:
        connection = Relay("127.0.0.1", port, starttls="optional").connect(5)
        assert [send(connection, m).kind for m in (MESSAGE, ABROAD, MESSAGE)] == [ACCEPTED] * 3
        connection.close()
    finally:
        controller.stop()
    assert [recipients for recipients, _ in kept.seen] == [
        ["r@example.com"], ["jörg@example.com"], ["r@example.com"],
    ]  # fmt: skip
    assert {text for _, text in kept.seen} == {DATA}


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ((), ACCEPTED),
        (("-p",), ACCEPTED),
        (("-8",), ACCEPTED),
        (("-e",), ACCEPTED),
        (("-f", "RCPT"), REFUSED),
        (("-r", "."), DEFERRED),
        (("-q", "."), UNANSWERED),
        (("-Q", "."), DEFERRED),
    ],
)
def test_postfix_own_test_server_understands_it(
    options: tuple[str, ...], kind: VerdictKind
) -> None:
    sink = shutil.which("smtp-sink", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if sink is None:
        pytest.skip("smtp-sink (Debian: postfix) is not here")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen([sink, "-u", "nobody", *options, f"127.0.0.1:{port}", "10"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        connection = Relay("127.0.0.1", port, starttls="never").connect(5)
        for _ in range(3 if kind is ACCEPTED else 1):
            assert send(connection).kind is kind
        connection.close()
    finally:
        process.terminate()
        process.wait()
