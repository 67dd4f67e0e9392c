"""Rates: whatever windows one looks at, however many senders there are, never more than N."""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from mailer.throttling import rate_store
from mailer.throttling.rates import RateLimiter
from recommender.models import RateLimit
from recommender.settings import limits
from recommender.settings.limits import LimitReached, Rate
from recommender.storage import database, engines

ALL = "all"
SECOND = timedelta(seconds=1)


def most_in_any_window(sends: Sequence[datetime], seconds: float) -> int:
    """The largest number of ``sends`` in a window of that length, both its ends included."""
    moments = sorted(moment.timestamp() for moment in sends)
    return max(
        (
            number - bisect_left(moments, last - seconds, 0, number) + 1
            for number, last in enumerate(moments)
        ),
        default=0,
    )


def send_for(
    rate_limiter: RateLimiter,
    wanted: dict[str, tuple[Rate, ...]],
    begin: datetime,
    length: timedelta,
    most: int = 100_000,
    lag: timedelta = timedelta(),
) -> list[datetime]:
    """Take permits from ``begin`` on as fast as they are given; each message ends ``lag`` later."""
    sends: list[datetime] = []
    now = begin
    while now < begin + length and len(sends) < most:
        taken = rate_limiter.take(wanted, now)
        if isinstance(taken, LimitReached):
            assert taken.until > now
            now = taken.until
        else:
            now += lag
            rate_limiter.used(taken, now)
            sends.append(now)
    return sends


RATES = st.one_of(
    st.builds(lambda most: (Rate(1, most),), st.integers(1, 400)),
    st.builds(lambda most, s: (Rate(s, most),), st.integers(1, 60), st.sampled_from([7, 60, 3600])),
    st.builds(lambda a, b: (Rate(1, a), Rate(20, b)), st.integers(1, 30), st.integers(1, 300)),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), rule=RATES, senders=st.integers(1, 4))
def test_no_window_ever_holds_more_whatever_senders_do(
    store: Engine, data: st.DataObject, rule: tuple[Rate, ...], senders: int
) -> None:
    """Several senders with one store: resting, killed, taking and giving back in any order."""
    _clear(store)
    limiters = [RateLimiter(store) for _ in range(senders)]
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    shortest = rule[0].seconds
    sends: list[datetime] = []
    for _ in range(data.draw(st.integers(20, 60))):
        step = data.draw(st.sampled_from([0.0, 0.0001, 0.003, 0.05, 0.4, 1.0, 2.5]))
        now += timedelta(seconds=step * shortest)
        number = data.draw(st.integers(0, senders - 1))
        match data.draw(st.sampled_from(["send", "send", "send", "late", "unused", "kill", "end"])):
            case "kill":
                limiters[number] = RateLimiter(store)
            case "end":
                limiters[number].flush(now)
            case "unused":
                if not isinstance(taken := limiters[number].take({ALL: rule}, now), LimitReached):
                    limiters[number].give_back(taken, now)
            case how:
                for _ in range(data.draw(st.integers(1, 40))):
                    taken = limiters[number].take({ALL: rule}, now)
                    if isinstance(taken, LimitReached):
                        break
                    if how == "late":
                        now += timedelta(seconds=0.05 * shortest)
                        limiters[number].used(taken, now)
                        limiters[number].flush(now)
                    sends.append(now)
    for rate in rule:
        assert most_in_any_window(sends, rate.seconds) <= rate.most


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1/second", 30),
        ("14/second", 10),
        ("1000/second", 3),
        ("5/minute", 600),
        ("30/s, 200/m", 300),
    ],
)
def test_the_rate_is_reached_when_there_is_work(
    store: Engine, now: datetime, text: str, length: int
) -> None:
    rule = limits.rates(text)
    sends = send_for(RateLimiter(store), {ALL: rule}, now, length * SECOND)
    assert all(most_in_any_window(sends, rate.seconds) <= rate.most for rate in rule)
    assert len(sends) >= 0.95 * min(rate.most * length / rate.seconds for rate in rule)


def test_a_window_is_remembered_across_a_restart(store: Engine, now: datetime) -> None:
    rule = limits.rates("10/minute")
    first = send_for(RateLimiter(store), {ALL: rule}, now, SECOND)
    assert len(first) == 10
    again = RateLimiter(store).take({ALL: rule}, now + 30 * SECOND)
    assert isinstance(again, LimitReached)
    assert now + 60 * SECOND < again.until < now + 63 * SECOND
    assert not isinstance(RateLimiter(store).take({ALL: rule}, again.until), LimitReached)


def test_two_senders_at_once_share_one_limit(store: Engine, now: datetime) -> None:
    rule = limits.rates("100/hour")
    sends: list[datetime] = []
    threads = [
        threading.Thread(
            target=lambda: sends.extend(send_for(RateLimiter(store), {ALL: rule}, now, SECOND))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sends) <= 100
    assert len(sends) >= 95  # what a sender holds when it ends is for nobody


def test_slots_in_hand_neither_bunch_up_nor_outlive_their_time(
    store: Engine, now: datetime
) -> None:
    """One sender has permits left; another uses up the rest, and all of the next window at once."""
    rule = {ALL: limits.rates("1000/second")}
    slow, fast = RateLimiter(store), RateLimiter(store)
    sends = send_for(slow, rule, now, SECOND, most=8)  # took 1, 2, 4 and 8: seven are left
    sends += send_for(fast, rule, now, SECOND / 100)
    assert len(sends) == 1000 - 7
    late = now + 0.0199 * SECOND
    sends += send_for(slow, rule, late, SECOND / 1000, most=7)
    assert len(sends) == 1000
    sends += send_for(fast, rule, now + SECOND, 0.2 * SECOND)
    assert most_in_any_window(sends, 1) <= 1000

    later = now + 9 * SECOND
    sends = send_for(slow, rule, later, SECOND, most=3)
    sends += send_for(fast, rule, later, SECOND / 100)
    sends += send_for(slow, rule, later + 0.9 * SECOND, SECOND / 100)  # what it had has lapsed
    assert len(sends) == 1000
    sends += send_for(fast, rule, later + 1.0 * SECOND, 0.2 * SECOND)
    assert most_in_any_window(sends, 1) <= 1000


def test_all_limits_or_none(store: Engine, now: datetime) -> None:
    wide, narrow = limits.rates("10/minute"), limits.rates("1/minute")
    rate_limiter = RateLimiter(store)
    assert not isinstance(rate_limiter.take({ALL: wide, "domain:a.org": narrow}, now), LimitReached)
    refused = rate_limiter.take({ALL: wide, "domain:a.org": narrow}, now)
    assert isinstance(refused, LimitReached)
    assert (refused.key, str(refused.rate)) == ("domain:a.org", "1/minute")
    left = send_for(rate_limiter, {ALL: wide}, now, SECOND)
    assert len(left) == 9


def test_what_was_not_used_is_there_for_others(store: Engine, now: datetime) -> None:
    rule = limits.rates("1/hour")
    rate_limiter = RateLimiter(store)
    taken = rate_limiter.take({ALL: rule}, now)
    assert not isinstance(taken, LimitReached)
    assert isinstance(RateLimiter(store).take({ALL: rule}, now), LimitReached)
    rate_limiter.give_back(taken, now)
    rate_limiter.flush(now)
    assert not isinstance(RateLimiter(store).take({ALL: rule}, now), LimitReached)


def test_a_message_that_took_long_counts_from_its_answer(store: Engine, now: datetime) -> None:
    sends = send_for(
        RateLimiter(store), {ALL: limits.rates("5/second")}, now, 20 * SECOND, lag=0.09 * SECOND
    )
    assert most_in_any_window(sends, 1) <= 5


def test_a_limit_that_was_changed_does_not_start_from_nothing(store: Engine, now: datetime) -> None:
    assert len(send_for(RateLimiter(store), {ALL: limits.rates("10/hour")}, now, SECOND)) == 10
    assert isinstance(
        RateLimiter(store).take({ALL: limits.rates("10/minute")}, now + SECOND), LimitReached
    )
    assert isinstance(
        RateLimiter(store).take({ALL: limits.rates("5/hour")}, now + SECOND), LimitReached
    )


def test_without_limits_the_store_is_not_touched(now: datetime) -> None:
    nowhere = sa.create_engine("sqlite:////nonexistent/no.db")
    rate_limiter = RateLimiter(nowhere)
    assert rate_limiter.take({}, now) == []
    rate_limiter.used([], now)
    rate_limiter.flush(now)


def test_one_may_look_without_taking(store: Engine, now: datetime) -> None:
    rule = limits.rates("2/hour")
    assert rate_store.peek(store, {ALL: rule}, now) is None
    send_for(RateLimiter(store), {ALL: rule}, now, SECOND)
    assert isinstance(rate_store.peek(store, {ALL: rule}, now), LimitReached)
    assert rate_store.peek(store, {ALL: rule}, now + timedelta(hours=2)) is None


def test_rows_that_say_nothing_are_removed(store: Engine, now: datetime) -> None:
    rate_limiter = RateLimiter(store)
    for key in (ALL, "domain:a.org", "warm-up:b.org"):
        rate_limiter.take({key: limits.rates("1/minute")}, now)
    with database.writing(store) as session:
        rate_store.delete_stale(session, now=now + timedelta(minutes=2), keep="warm-up:")
        assert session.scalars(sa.select(RateLimit.key)).all() == ["warm-up:b.org"]


@pytest.mark.parametrize("text", ["40/second"])
def test_threads_on_a_real_clock_keep_the_rate(store: Engine, text: str) -> None:
    rate_limiter, rule = RateLimiter(store), limits.rates(text)
    sends: list[datetime] = []
    end = datetime.now(UTC) + 3 * SECOND

    def run(clock: Callable[[], datetime]) -> None:
        while (now := clock()) < end:
            taken = rate_limiter.take({ALL: rule}, now)
            if isinstance(taken, LimitReached):
                time.sleep(max(0.0, (taken.until - clock()).total_seconds()))
            else:
                sends.append(clock())
                rate_limiter.used(taken, clock())

    threads = [threading.Thread(target=run, args=(lambda: datetime.now(UTC),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most_in_any_window(sends, 1) <= 40
    assert len(sends) >= 110  # 3 s at 40 a second, less what a busy machine loses


def _clear(engine: Engine) -> None:
    with database.writing(engine) as session:
        session.execute(sa.delete(RateLimit))


def test_a_clock_that_was_a_month_ahead_holds_nothing_back_for_longer_than_the_window(
    store: Engine, now: datetime
) -> None:
    rule, month = limits.rates("10/day"), timedelta(days=30)
    rate_limiter = RateLimiter(store)
    assert len(send_for(rate_limiter, {ALL: rule}, now + month, timedelta(hours=1), most=10)) == 10
    for process in (
        rate_limiter,
        RateLimiter(store),
    ):  # the one that was there, and one that is started now
        found = process.take({ALL: rule}, now)
        assert isinstance(found, LimitReached)
        assert found.until <= now + timedelta(days=1.1)
    full = rate_store.peek(store, {ALL: rule}, now)
    assert full is not None
    assert rate_store.peek(store, {ALL: rule}, full.until + SECOND) is None


def test_a_warm_up_begun_by_a_clock_that_was_ahead_begins_when_that_is_back(
    store: Engine, now: datetime
) -> None:
    rule = limits.rates("10/day")
    RateLimiter(store).take({ALL: rule}, now + timedelta(days=30))
    RateLimiter(store).take({ALL: rule}, now)
    with database.reading(store) as session:
        assert session.get_one(RateLimit, ALL).started_at == now


def test_threads_that_wait_for_a_locked_store_wait_together_and_not_in_turn(
    sqlite_store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 2.0)
    rate_limiter, ends = RateLimiter(sqlite_store), []
    permit = rate_limiter.take({"mine": limits.rates("100/second")}, datetime.now(UTC))
    assert isinstance(permit, list)

    def ask() -> None:
        with pytest.raises(sa.exc.OperationalError):
            rate_limiter.take({ALL: limits.rates("1/second")}, datetime.now(UTC))
        ends.append(time.monotonic())

    with sqlite_store.execution_options(writing=True).begin():  # somebody keeps the write lock
        begun = time.monotonic()
        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        rate_limiter.give_back(permit, datetime.now(UTC))  # needs no store, and does not wait
        assert time.monotonic() - begun < 1.5
        for thread in threads:
            thread.join()
    assert len(ends) == 20
    assert max(ends) - begun < 8
