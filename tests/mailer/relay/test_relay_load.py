"""Relays under load: few connections, shares, rates that are used up, servers that ask for less."""

from datetime import datetime, timedelta

import pytest

from mailer.relay.connections import FIRST_TRY
from mailer.relay.green_threads import Lanes
from mailer.relay.health import FIRST_PAUSE, STRIKES
from mailer.relay.relay_pool import RelayPool, RelayTransport
from mailer.relay.transport import VerdictKind
from recommender.settings.limits import LimitReached, Rate, Rates

from ..relaying import HANG_UP, MESSAGE, Clock, Serve, pool_of, run_lanes, way_out

ACCEPTED, DEFERRED, HELD = VerdictKind.ACCEPTED, VerdictKind.DEFERRED, VerdictKind.HELD


def send(transport: RelayTransport) -> VerdictKind:
    return (transport.offer(MESSAGE, number=1) or transport.commit()).kind


def send_patiently(pool: RelayPool, number: int) -> list[VerdictKind]:
    """Send so many, each tried again while it is held."""
    with way_out(pool) as transport:
        kinds: list[VerdictKind] = []
        while len(kinds) < number:
            if (kind := send(transport)) is not HELD:
                kinds.append(kind)
        return kinds


@pytest.mark.parametrize("words", [b"421 4.7.0 too many connections\r\n", HANG_UP])
def test_a_server_that_takes_few_connections_is_served_with_few(serve: Serve, words: bytes) -> None:
    server = serve(GREETING=[b"220 hello\r\n", *[words] * 9])
    pool = pool_of(server)
    lanes, answers = Lanes(), list[list[VerdictKind]]()
    with way_out(pool) as first:
        assert first.offer(MESSAGE, number=1) is None
        for _ in range(4):
            lanes.start(lambda: answers.append(send_patiently(pool, 5)))
        run_lanes(lanes, 0.1)
        assert first.commit().kind is ACCEPTED
        run_lanes(lanes, 10)
    assert answers == [[ACCEPTED] * 5] * 4
    assert len(server.texts) == 21
    assert server.connections <= 5  # each tried once at most


def test_one_connection_more_is_tried_later(serve: Serve) -> None:
    server = serve(GREETING=[b"220 hello\r\n", b"421 one is enough\r\n"])
    clock = Clock()
    pool = pool_of(server, clock=clock)
    with way_out(pool) as first, way_out(pool) as second:
        assert first.offer(MESSAGE, number=1) is None
        for _ in range(2):
            held = second.offer(MESSAGE, number=1)
            assert held is not None
            assert held.kind is HELD
        assert server.connections == 2
        clock.now += FIRST_TRY
        assert send(second) is ACCEPTED
        assert first.commit().kind is ACCEPTED
    assert server.connections == 3


def test_relays_with_a_weight_share_the_messages(serve: Serve) -> None:
    servers = [serve(), serve(), serve()]
    pool = pool_of(*servers, weights=(3, 1, 0))
    with way_out(pool) as transport:
        assert [send(transport) for _ in range(40)] == [ACCEPTED] * 40
    assert [len(server.texts) for server in servers] == [30, 10, 0]


def test_a_relay_that_was_away_takes_its_share_and_not_what_it_missed(serve: Serve) -> None:
    away, there = serve(GREETING=b"554 no\r\n"), serve()
    clock = Clock()
    pool = pool_of(away, there, weights=(1, 1), clock=clock)
    with way_out(pool) as transport:
        assert [send(transport) for _ in range(20)] == [ACCEPTED] * 20
        away.script.clear()
        clock.now += FIRST_PAUSE
        assert [send(transport) for _ in range(20)] == [ACCEPTED] * 20
    assert 9 <= len(away.texts) <= 11
    assert len(there.texts) == 40 - len(away.texts)


def test_when_all_that_share_are_away_the_reserve_takes_over(serve: Serve) -> None:
    servers = [serve(), serve(GREETING=b"554 no\r\n"), serve(GREETING=b"554 no\r\n")]
    with way_out(pool_of(*servers, weights=(0, 1, 2))) as transport:
        assert [send(transport) for _ in range(4)] == [ACCEPTED] * 4
    assert len(servers[0].texts) == 4


class Barrier:
    """Keeps limits as it is told: by relay, until when."""

    def __init__(self, now: datetime, **until: datetime) -> None:
        self.now = lambda: now
        self.until = until

    def take(self, recipient: str, relay: str | None, rates: Rates) -> LimitReached | None:
        assert relay is not None
        until = self.until.get(f"port{relay.rpartition(':')[2]}")
        return None if until is None else LimitReached(until, relay, Rate(1, 14))


@pytest.mark.parametrize(("seconds", "kind"), [(5, HELD), (3600, ACCEPTED)])
def test_a_reserve_takes_over_only_when_a_rate_is_used_up_for_long(
    serve: Serve, now: datetime, seconds: int, kind: VerdictKind
) -> None:
    first, reserve = serve(), serve()
    until = now + timedelta(seconds=seconds)
    pool = pool_of(first, reserve)
    with way_out(pool, Barrier(now, **{f"port{first.port}": until})) as transport:
        verdict = transport.offer(MESSAGE, number=1) or transport.commit()
    assert (verdict.kind, verdict.until) == (kind, until if kind is HELD else None)
    assert first.texts == []


@pytest.mark.parametrize(
    ("stage", "words", "kind"),
    [
        ("DOT", b"454 Throttling failure: Maximum sending rate exceeded.\r\n", DEFERRED),
        ("MAIL", b"450 4.7.1 Error: too much mail from 192.0.2.1\r\n", HELD),
    ],
)
def test_a_relay_that_asks_for_less_is_spared_and_not_given_up(
    serve: Serve, stage: str, words: bytes, kind: VerdictKind
) -> None:
    server = serve(**{stage: [words] * 3})
    clock = Clock()
    with way_out(pool_of(server, clock=clock)) as transport:
        for rest in (1, 2, 4):
            assert send(transport) is kind
            assert send(transport) is HELD
            clock.now += rest
        assert send(transport) is ACCEPTED


def test_a_provider_that_asks_for_less_is_no_fault_of_the_relay(serve: Serve) -> None:
    server = serve(RCPT=[b"421 4.7.28 unusual rate of mail\r\n"] * (STRIKES + 2))
    with way_out(pool_of(server)) as transport:
        assert [send(transport) for _ in range(STRIKES + 2)] == [DEFERRED] * (STRIKES + 2)
        assert send(transport) is ACCEPTED
