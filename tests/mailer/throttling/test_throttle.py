"""The throttle: what may go goes, what may not waits or is put back, and nothing is lost by it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import throttled_offer
from mailer.mime.message import Message
from mailer.relay import registry, transport
from mailer.relay.green_threads import Lanes
from mailer.relay.smtp.relay import Relay
from mailer.relay.transport import NoLimits, Verdict, VerdictKind
from mailer.throttling.throttle import (
    DOMAIN_PATIENCE,
    PATIENCE,
    PROBES,
    Permits,
    Postponed,
    Throttle,
)
from recommender.models import RateLimit
from recommender.settings import Settings, limits
from recommender.settings.limits import LimitReached
from recommender.storage import database

from ..relaying import run_lanes

ACCEPTED = Verdict(VerdictKind.ACCEPTED, "mx:25", 250, "2.0.0", "250 2.0.0 ok", ".")
SLOW = "421 4.7.28 slow down"
SECOND = timedelta(seconds=1)
NO_SKEW = timedelta(0)


@dataclass
class World:
    """A clock that waiting moves on, and a transport that takes everything."""

    now: datetime
    taken: list[datetime] = field(default_factory=list)
    ending: bool = False
    permits: Permits | NoLimits = field(default_factory=NoLimits)

    def clock(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds * SECOND
        return self.ending

    def offer(self, message: Message, *, number: int) -> Verdict | None:
        if (limit := self.permits.take(message.recipient, None, ())) is not None:
            return transport.held(limit, "world")
        self.taken.append(self.now)
        return None

    def commit(self) -> Verdict:
        return ACCEPTED

    def abort(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def world(now: datetime) -> World:
    return World(now)


MakeThrottle = Callable[..., Throttle]


@pytest.fixture
def throttle_of(store: Engine, world: World) -> MakeThrottle:
    """A throttle of this store with settings, as a sender that has just started has it."""
    return lambda **chosen: Throttle(
        store, Settings.model_validate(chosen), world.clock, skew=NO_SKEW
    )


def send(
    throttle: Throttle, world: World, recipient: str = "r@example.com"
) -> str | datetime | None:
    """Offer one message: ``sent``, or until when it is put back; None: left as it is."""
    message = Message("b@example.org", recipient, b"\r\n", "<1@x.y>")
    world.permits = permits = throttle.permits()
    answer = throttled_offer.offer(throttle, world, message, number=1, wait=world.wait)
    if isinstance(answer, Postponed):
        return answer.until
    throttled_offer.report(throttle, permits, answer or ACCEPTED, recipient)
    return "sent"


def test_without_limits_everything_goes_and_the_store_counts_nothing(
    store: Engine, throttle_of: MakeThrottle, world: World, now: datetime
) -> None:
    throttle = throttle_of()
    assert [send(throttle, world) for _ in range(100)] == ["sent"] * 100
    throttle.close()
    assert world.now == now
    with database.reading(store) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(RateLimit)) == 0


def test_a_rate_for_everything_is_waited_for_in_place(
    throttle_of: MakeThrottle, world: World
) -> None:
    throttle = throttle_of(rate="10/second")
    assert [send(throttle, world) for _ in range(50)] == ["sent"] * 50
    for first, last in zip(world.taken, world.taken[10:], strict=False):
        assert last - first > SECOND


def test_a_rate_that_is_used_up_for_long_ends_the_run(
    throttle_of: MakeThrottle, world: World
) -> None:
    throttle = throttle_of(rate="5/hour")
    assert [send(throttle, world) for _ in range(7)] == ["sent"] * 5 + [None] * 2
    shut = throttle.shut()
    assert shut is not None
    assert shut.until is not None
    assert "5/hour" in shut.why
    again = throttle_of(rate="5/hour")
    assert again.shut() is not None  # known at once, before anything is claimed
    world.now = shut.until
    assert again.shut() is None
    assert send(again, world) == "sent"


def test_a_domain_with_a_rate_does_not_hold_up_the_others(
    throttle_of: MakeThrottle, world: World
) -> None:
    throttle = throttle_of(domain_rates={"slow.org": "2/minute", "*": "100/second"})
    assert [send(throttle, world, "a@slow.org") for _ in range(2)] == ["sent"] * 2
    back = [send(throttle, world, "a@slow.org") for _ in range(5)]
    assert send(throttle, world, "a@fast.org") == "sent"
    first = back[0]
    assert isinstance(first, datetime)
    assert timedelta(minutes=1) < first - world.now < timedelta(seconds=64)
    minute = timedelta(minutes=1)
    assert back == [first, first, first + minute, first + minute, first + 2 * minute]
    assert throttle.soon() == (first - world.now).total_seconds()


def test_a_short_wait_for_a_domain_is_made_in_place(
    throttle_of: MakeThrottle, world: World
) -> None:
    throttle = throttle_of(domain_rates={"a.org": "1/second"})
    assert [send(throttle, world, "r@a.org") for _ in range(3)] == ["sent"] * 3
    assert world.taken[2] - world.taken[0] > 2 * SECOND


def test_domains_named_together_share_a_rate_and_others_have_their_own(
    throttle_of: MakeThrottle, world: World
) -> None:
    throttle = throttle_of(domain_rates={"outlook.com+hotmail.com": "1/hour", "*": "1/hour"})
    assert send(throttle, world, "r@outlook.com") == "sent"
    assert isinstance(send(throttle, world, "r@HOTMAIL.com"), datetime)
    assert send(throttle, world, "r@a.org") == send(throttle, world, "r@b.org") == "sent"
    assert isinstance(send(throttle, world, "r@b.org"), datetime)


def test_a_relay_has_its_own_rate_and_all_are_taken_together(
    throttle_of: MakeThrottle, now: datetime
) -> None:
    throttle = throttle_of(rate="3/hour")
    relay = Relay("ses", 25, rates=limits.rates("1/hour"))
    permits = throttle.permits()
    assert permits.take("r@a.org", "relay:ses:25", relay.rates) is None
    full = permits.take("r@a.org", "relay:ses:25", relay.rates)
    assert isinstance(full, LimitReached)
    assert full.key == "relay:ses:25"
    other = Relay("other", 25)
    taken = [permits.take("r@a.org", "relay:other:25", other.rates) for _ in range(3)]
    assert [limit is None for limit in taken] == [True, True, False]


def test_a_stop_is_heeded_while_waiting(throttle_of: MakeThrottle, world: World) -> None:
    throttle = throttle_of(rate="1/minute")
    assert send(throttle, world) == "sent"
    world.ending = True
    assert send(throttle, world) is None


def test_a_domain_that_asks_for_less_is_left_alone_by_every_sender(
    throttle_of: MakeThrottle, world: World, now: datetime
) -> None:
    first, second = throttle_of(), throttle_of()
    first.slowed_down("r@example.com", SLOW)
    until = now + timedelta(minutes=1)
    assert send(first, world) == until
    assert send(first, world, "r@example.net") == "sent"
    world.now += timedelta(seconds=6)  # others look every five seconds
    assert send(second, world) == until
    assert send(throttle_of(), world) == until
    world.now = until
    assert send(first, world) == "sent"


def test_after_a_pause_a_domain_gets_a_few_and_then_more(
    throttle_of: MakeThrottle, world: World, now: datetime
) -> None:
    throttle = throttle_of()
    throttle.slowed_down("r@example.com", SLOW)
    until = now + timedelta(minutes=1)
    back = [send(throttle, world) for _ in range(7 * PROBES)]
    minute = timedelta(minutes=1)
    assert (
        back == [until] * PROBES + [until + minute] * 2 * PROBES + [until + 2 * minute] * 4 * PROBES
    )


def test_what_is_put_back_is_no_attempt(throttle_of: MakeThrottle, world: World) -> None:
    throttle = throttle_of()
    throttle.slowed_down("r@example.com", SLOW)
    message = Message("b@example.org", "r@example.com", b"\r\n", "<1@x.y>")
    later = throttled_offer.offer(throttle, world, message, number=1, wait=world.wait)
    assert isinstance(later, Postponed)
    assert later.until is not None
    outcome = throttled_offer.postponed_outcome(later, 7, later.until)
    assert (outcome.tried, outcome.retry_at, outcome.reason) == (False, later.until, "paused")
    assert outcome.expires_at is None
    assert world.taken == []


def test_a_warm_up_sends_so_many_on_each_day_across_restarts(
    throttle_of: MakeThrottle, world: World, now: datetime
) -> None:
    steps = {"warm_up": "2, 5, 9", "sender": "News <n@new.example.org>"}
    sent = []
    for day in range(5):
        world.now = now + timedelta(days=day, hours=1 if day else 0)
        throttle = throttle_of(**steps)
        answers = [send(throttle, world) for _ in range(12)]
        sent.append(answers.count("sent"))
        throttle.close()
    assert sent == [2, 5, 9, 12, 12]


def test_a_warm_up_belongs_to_a_domain(throttle_of: MakeThrottle, world: World) -> None:
    assert send(throttle_of(warm_up="1", sender="a@one.example.org"), world) == "sent"
    assert send(throttle_of(warm_up="1", sender="b@one.example.org"), world) is None
    assert send(throttle_of(warm_up="1", sender="a@two.example.org"), world) == "sent"


def test_the_patience_for_a_domain_is_the_shorter() -> None:
    assert DOMAIN_PATIENCE < PATIENCE


class Stamps(list[bytes]):
    """Texts as a server got them, with the times."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def append(self, text: bytes) -> None:
        self.times.append(time.monotonic())
        super().append(text)


def test_a_server_never_gets_more_than_its_rate_in_any_second(
    store: Engine, serve: Callable[..., Any]
) -> None:
    server = serve()
    server.texts = stamps = Stamps()
    url = f"smtp://127.0.0.1:{server.port}?starttls=never&rate=30/second"
    found = Settings(smtp_url=url, stop_when_bouncing=1, domain_rates={"*": "200/second"})
    throttle = Throttle(store, found, lambda: datetime.now(UTC))
    open_transport, lanes = registry.opener(found, Path("unused")), Lanes()

    def run(name: int) -> None:
        permits = throttle.permits()
        transport = open_transport(permits)
        for number in range(30):
            recipient = f"r{number}@domain{name}.example.org"
            message = Message("b@example.org", recipient, b"\r\n", f"<{number}@x.y>")
            answer = throttled_offer.offer(
                throttle, transport, message, number=number, wait=lanes.pause
            )
            assert answer is None
            throttled_offer.report(throttle, permits, transport.commit(), recipient)
        transport.close()

    for name in range(4):
        lanes.start(partial(run, name))
    run_lanes(lanes, 30)
    throttle.close()
    assert len(stamps) == 120
    for first, last in zip(stamps.times, stamps.times[30:], strict=False):
        assert last - first > 1
    assert stamps.times[119] - stamps.times[29] < 6  # three windows on a machine that may be busy
