"""Relays: read from one line, tried in order, left alone when they fail, and taken back."""

import time
from dataclasses import replace

import pytest

from mailer.relay.health import FIRST_PAUSE, LONGEST_PAUSE, STRIKES
from mailer.relay.relay_pool import RelayTransport
from mailer.relay.transport import VerdictKind
from recommender.errors import ConfigurationError, TransportError
from recommender.settings.limits import Rate

from ..relaying import HANG_UP, MESSAGE, Clock, Serve, pool_of, smtp_relays, way_out

ACCEPTED, DEFERRED, REFUSED = VerdictKind.ACCEPTED, VerdictKind.DEFERRED, VerdictKind.REFUSED


def send(transport: RelayTransport) -> VerdictKind:
    return (transport.offer(MESSAGE, number=1) or transport.commit()).kind


def test_relays_are_read_from_one_line() -> None:
    first, second, third = smtp_relays(
        "smtp://u%40x:p%2Fw%2C@mail.example.org:2587, smtps://[::1] ,smtp://localhost?starttls=never"
    )
    assert (first.host, first.port, first.user, first.password, first.starttls) == (
        "mail.example.org", 2587, "u@x", "p/w,", "require",
    )  # fmt: skip
    assert (second.name, second.implicit_tls) == ("[::1]:465", True)
    assert (third.name, third.starttls) == ("localhost:25", "never")
    assert "p/w" not in f"{first!r} {first}"


@pytest.mark.parametrize(
    ("url", "mode", "port"),
    [
        ("smtp://mail.example.org", "require", 25),
        ("smtp://u:p@mail.example.org", "require", 587),
        ("smtp://mail.example.org?starttls=optional", "optional", 25),
        ("smtp://mail.example.org?starttls=never", "never", 25),
        ("smtp://u:p@127.0.0.2?starttls=never", "never", 587),
        ("smtp://127.0.0.1:2525", "optional", 2525),
        ("smtp://u:p@[::1]:2525/", "optional", 2525),
    ],
)
def test_tls_is_required_but_on_this_machine(url: str, mode: str, port: int) -> None:
    [relay] = smtp_relays(url)
    assert (relay.starttls, relay.port) == (mode, port)


def test_a_relay_may_have_a_rate_and_a_weight() -> None:
    [relay, plain] = smtp_relays("smtp://h?rate=14/second&rate=50000/day&weight=3, smtp://h")
    assert (relay.rates, relay.weight) == ((Rate(1, 14), Rate(86_400, 50_000)), 3)
    assert (plain.rates, plain.weight) == ((), 0)


@pytest.mark.parametrize(
    "text",
    [
        *("smtp://h?rate=fast", "smtp://h?rate=1/s&rate=2/s", "smtp://h?weight=-1"),
        *("", " , ", "mail", "http://x", "smtp://", "smtp://h/path", "smtp://h?tls=1"),
        *("smtp://h?starttls=maybe", "smtp://u:hush@h:port", "smtp://u:hush@h:99999"),
        *("smtp://u:hush#x@h", "smtp://u:hush@h?starttls=optional", "smtp://hush@h", "smtp://["),
        *("smtp://u:hush@h?starttls=never", "smtp://h?auth=magic", "smtp://h?cafile=/nowhere.pem"),
        *("smtp://hush@h?auth=xoauth2", "smtp://u:hush@h?tokenfile=t", "smtp://h?tokenfile=t"),
        *("smtp://h, smtp://u:hu/sh@h", "smtp://u:hush@h#x", "smtp://u:hush@"),
    ],
)
def test_a_wrong_relay_names_the_key_and_no_password(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^smtp_url: ") as caught:
        smtp_relays(text)
    assert "hush" not in str(caught.value)


def test_the_relay_that_is_wrong_is_counted() -> None:
    with pytest.raises(ConfigurationError, match="relay 2"):
        smtp_relays("smtp://one.example.org, two.example.org")


def test_a_connection_carries_no_more_than_it_may(serve: Serve) -> None:
    server = serve()
    with way_out(pool_of(server, most=2)) as transport:
        assert [send(transport) for _ in range(5)] == [ACCEPTED] * 5
    assert (server.connections, len(server.texts)) == (3, 5)


def test_a_message_that_was_begun_goes_over_its_connection_and_no_other_does(
    serve: Serve,
) -> None:
    server = serve()
    first, second, third = (
        replace(MESSAGE, recipient=f"r{number}@example.com", ready=True) for number in (1, 2, 3)
    )
    with way_out(pool_of(server)) as transport:
        for message, follows in ((first, second), (second, third), (first, third)):
            assert transport.offer(message, number=1) is None
            assert transport.may_follow()
            transport.follow(follows)
            assert transport.commit().kind is ACCEPTED
    assert (server.connections, len(server.texts)) == (2, 3)  # the third was begun, and hung up on
    deadline = time.monotonic() + 10
    while server.commands.count("RCPT TO:<r3@example.com>") < 2 and time.monotonic() < deadline:
        time.sleep(0.01)  # the server reads what is behind the dot in its own time
    assert server.commands.count("RCPT TO:<r3@example.com>") == 2


def test_nothing_is_begun_on_a_connection_that_may_carry_no_more_nor_beside_others(
    serve: Serve,
) -> None:
    server, other = serve(), serve()
    for pool in (pool_of(server, most=1), pool_of(server, other)):
        with way_out(pool) as transport:
            assert not transport.may_follow()
            assert transport.offer(MESSAGE, number=1) is None
            assert not transport.may_follow()
            assert transport.commit().kind is ACCEPTED


@pytest.mark.parametrize("words", [None, b"421 4.4.2 idle for too long\r\n"])
def test_a_connection_closed_between_messages_is_opened_anew(
    serve: Serve, words: bytes | None
) -> None:
    server = serve()
    pool = pool_of(server)
    with way_out(pool) as transport:
        for number in range(1, STRIKES + 3):
            assert send(transport) is ACCEPTED
            assert server.connections == number
            if words:
                server.say(words)
            server.hang_up()
            time.sleep(0.02)
        assert pool.health.usable(pool.relays[0])


@pytest.mark.parametrize("answer", [b"421 4.7.0 enough for one connection\r\n", HANG_UP])
def test_a_server_with_a_limit_of_its_own_costs_no_failure(serve: Serve, answer: bytes) -> None:
    server = serve(MAIL=[b"250 ok\r\n", answer, b"250 ok\r\n", answer])
    with way_out(pool_of(server)) as transport:
        assert [send(transport) for _ in range(4)] == [ACCEPTED] * 4
    assert server.connections == 3


@pytest.mark.parametrize(
    "script",
    [
        {"GREETING": b"554 5.3.2 no service\r\n"},
        {"GREETING": HANG_UP},
        {"GREETING": None},
        {"EHLO": HANG_UP},
        {"MAIL": HANG_UP},
        {"RCPT": b"421 4.3.2 shutting down\r\n"},
        {"DATA": b"what?\r\n"},
    ],
)
def test_a_relay_that_fails_is_passed_over_and_nothing_is_lost(
    serve: Serve, script: dict[str, object]
) -> None:
    broken, working = serve(**script), serve()
    with way_out(pool_of(broken, working)) as transport:
        for _ in range(STRIKES + 2):
            verdict = transport.offer(MESSAGE, number=1) or transport.commit()
            assert verdict.kind is ACCEPTED
            assert verdict.relay.endswith(f":{working.port}")
    assert broken.texts == []
    assert broken.connections <= STRIKES
    assert working.connections <= STRIKES + 1


def test_a_refusal_is_an_answer_and_no_reason_to_ask_elsewhere(serve: Serve) -> None:
    first, second = serve(RCPT=b"550 5.1.1 nobody\r\n"), serve()
    with way_out(pool_of(first, second)) as transport:
        assert [send(transport) for _ in range(5)] == [REFUSED] * 5
    assert (first.connections, second.connections) == (1, 0)


def test_a_doubt_is_never_sent_again_elsewhere(serve: Serve) -> None:
    first, second = serve(DOT=HANG_UP), serve()
    with way_out(pool_of(first, second)) as transport:
        assert send(transport) is VerdictKind.UNANSWERED
    assert second.texts == []


def test_a_message_no_relay_can_digest_does_not_hold_up_the_others(serve: Serve) -> None:
    server = serve(DATA=[HANG_UP])
    with way_out(pool_of(server)) as transport:
        verdict = transport.offer(MESSAGE, number=1)
        assert verdict is not None
        assert verdict.kind is DEFERRED
        assert send(transport) is ACCEPTED


def test_a_relay_that_drops_everything_is_trouble_in_the_end(serve: Serve) -> None:
    server = serve(MAIL=HANG_UP)
    with way_out(pool_of(server)) as transport:
        assert [send(transport) for _ in range(STRIKES)] == [DEFERRED] * STRIKES
        with pytest.raises(TransportError, match=rf"^relay 127\.0\.0\.1:{server.port}: the server"):
            transport.offer(MESSAGE, number=1)


def test_when_none_can_be_used_each_is_named(serve: Serve) -> None:
    servers = serve(GREETING=b"554 one\r\n"), serve(GREETING=b"554 two\r\n")
    with way_out(pool_of(*servers)) as transport, pytest.raises(TransportError) as caught:
        transport.offer(MESSAGE, number=1)
    assert str(caught.value) == "; ".join(
        f"relay 127.0.0.1:{server.port}: 554 {name}"
        for server, name in zip(servers, ("one", "two"), strict=True)
    )


def test_a_relay_is_left_alone_longer_each_time_and_taken_back_when_it_works(
    serve: Serve,
) -> None:
    broken, working = serve(GREETING=b"554 no\r\n"), serve()
    clock = Clock()
    pool = pool_of(broken, working, clock=clock)
    pauses = []
    with way_out(pool) as transport:
        for tried in range(1, 10):
            assert send(transport) is ACCEPTED
            assert broken.connections == tried
            began = clock.now
            while not pool.health.usable(pool.relays[0]):
                clock.now += FIRST_PAUSE
            pauses.append(clock.now - began)
        assert pauses == [min(FIRST_PAUSE * 2**n, LONGEST_PAUSE) for n in range(9)]
        broken.script.clear()
        assert send(transport) is ACCEPTED
        assert len(broken.texts) == 1


def test_what_one_connection_learns_of_a_relay_the_others_know(serve: Serve) -> None:
    broken, working = serve(GREETING=b"554 no\r\n"), serve()
    pool = pool_of(broken, working)
    with way_out(pool) as first, way_out(pool) as second:
        assert [send(first), send(second)] == [ACCEPTED] * 2
    assert (broken.connections, working.connections) == (1, 1)


def test_what_was_offered_and_dropped_is_not_delivered(serve: Serve) -> None:
    server = serve()
    with way_out(pool_of(server)) as transport:
        assert transport.offer(MESSAGE, number=1) is None
        transport.abort()
        assert send(transport) is ACCEPTED
    assert (server.connections, len(server.texts)) == (2, 1)
