"""The scheduler over a simulated fortnight in which the clocks go back, and after downtime."""

import email
import email.policy
import math
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine
from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.base import BaseScheduler
from sqlalchemy.engine import Engine

from mailer.monitoring import job_runs
from mailer.service import leadership, scheduler
from mailer.service.context import SchedulerContext
from recommender import newsletters, segments
from recommender.errors import ConflictError
from recommender.models import Delivery, Frequency, Status
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import consent, records, subscriptions

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 10, 19, 0, 0, tzinfo=UTC)  # the clocks go back on the 25th


class Stepped(BaseScheduler):  # type: ignore[misc]  # APScheduler ships no types
    """A scheduler whose time passes only when a test says so."""

    def wakeup(self) -> None:
        """Nothing sleeps."""

    def shutdown(self, wait: bool = True) -> None:
        super().shutdown(wait)

    def step(self) -> None:
        self._process_jobs()


@contextmanager
def running(engine: Engine, settings: Settings) -> Iterator[Stepped]:
    """The service as it stands after a start, for as long as the block lasts."""
    stepped = Stepped(timezone=UTC, executors={"default": DebugExecutor()})
    said: list[str] = []
    service = SchedulerContext(
        engine, settings, lambda: datetime.now(UTC), threading.Event(), said.append
    )
    with leadership.only_instance(engine):
        scheduler.prepare(stepped, service)
        try:
            yield stepped
        finally:
            stepped.shutdown(wait=False)
    assert [line for line in said if line.startswith("error")] == []


def live(engine: Engine, settings: Settings, start: datetime, days: float, step: timedelta) -> None:
    """Let the service run through simulated time."""
    steps = math.ceil(timedelta(days=days) / step)
    live_at(engine, settings, [start + step * number for number in range(steps)])


def on_days(busy: Collection[int], days: int, step: timedelta) -> list[datetime]:
    """Moments of days from Monday on: many on those that are ``busy``, two on the others."""
    moments = []
    for number in range(days):
        day = MONDAY + timedelta(days=number)
        between = step if number in busy else timedelta(hours=12)
        moments += [day + between * at for at in range(timedelta(days=1) // between)]
    return moments


def live_at(
    engine: Engine,
    settings: Settings,
    moments: Sequence[datetime],
    happens: Mapping[datetime, Callable[[], None]] | None = None,
) -> None:
    """Let the service run at these moments; first what ``happens`` at one."""
    with time_machine.travel(moments[0], tick=False) as clock, running(engine, settings) as stepped:
        for now in moments:
            clock.move_to(now)
            (happens or {}).get(now, lambda: None)()
            stepped.step()


def sent(settings: Settings) -> list[tuple[str, str, datetime]]:
    """Every message in the outbox: edition, address, date."""
    found = []
    for path in sorted(settings.outbox.glob("*/*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        date: Any = message["Date"]
        found.append((path.parent.name, str(message["To"]), date.datetime.astimezone(UTC)))
    return found


@pytest.fixture
def newsletter(
    engine: Engine,
    configured: Callable[..., Settings],
    stories: Callable[..., None],
    readers: Callable[..., None],
) -> Callable[..., Settings]:
    stories(engine, MONDAY - timedelta(days=1), "first")
    stories(engine, MONDAY - timedelta(days=1), "second")
    stories(engine, MONDAY - timedelta(days=1), "third")
    readers(engine, MONDAY - timedelta(days=1), 10)
    return configured


def test_a_fortnight_brings_two_issues_at_the_same_hour_across_the_clock_change(
    engine: Engine, newsletter: Callable[..., Settings]
) -> None:
    settings = newsletter(schedule="thursday 08:00", timezone="Europe/Berlin", picks=2)
    live_at(engine, settings, on_days((3, 10), 14, timedelta(minutes=30)))
    messages = sent(settings)
    assert len(messages) == 20
    assert {(name, date) for name, _, date in messages} == {
        ("weekly-2026-W43", datetime(2026, 10, 22, 6, 0, tzinfo=UTC)),
        ("weekly-2026-W44", datetime(2026, 10, 29, 7, 0, tzinfo=UTC)),
    }


def test_each_reader_gets_it_at_their_own_hour(
    engine: Engine, newsletter: Callable[..., Settings]
) -> None:
    settings = newsletter(schedule="thursday 08:00", local_time=True, timezone="UTC", picks=2)
    live_at(engine, settings, on_days((2, 3, 9, 10), 14, timedelta(minutes=60)))
    zones = ("Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Auckland", "UTC")
    messages = sent(settings)
    assert len(messages) == 20
    for _, address, date in messages:
        number = int(address.partition("@")[0].removeprefix("reader"))
        local = date.astimezone(ZoneInfo(zones[number % 5]))
        assert (local.strftime("%A"), local.hour, local.minute) == ("Thursday", 8, 0)


def test_readers_with_a_day_and_hour_of_their_own_get_it_then(
    engine: Engine, newsletter: Callable[..., Settings]
) -> None:
    """Across the clock change of the 25th; one of them wants every other issue only."""
    terms = {"reader0@example.com": ("monday", 7), "reader1@example.com": (None, 20)}
    with database.writing(engine) as session:
        for email, (day, hour) in terms.items():
            reader = records.find(session, email)
            reader.day, reader.hour = day, hour
        records.find(session, "reader2@example.com").frequency = Frequency.FORTNIGHTLY
    settings = newsletter(schedule="thursday 08:00", timezone="UTC", picks=2)
    live_at(engine, settings, on_days((3, 7, 10, 14), 16, timedelta(minutes=60)))
    came: dict[str, list[datetime]] = {}
    for _, address, date in sent(settings):
        came.setdefault(address, []).append(date)
    assert came["reader0@example.com"] == [  # 07:00 in Berlin
        datetime(2026, 10, 26, 6, 0, tzinfo=UTC),
        datetime(2026, 11, 2, 6, 0, tzinfo=UTC),
    ]
    assert came["reader1@example.com"] == [  # 20:00 in Tokyo
        datetime(2026, 10, 22, 11, 0, tzinfo=UTC),
        datetime(2026, 10, 29, 11, 0, tzinfo=UTC),
    ]
    assert came["reader2@example.com"] == [datetime(2026, 10, 22, 8, 0, tzinfo=UTC)]
    assert all(len(dates) == 2 for address, dates in came.items() if "reader2" not in address)


def test_after_five_weeks_of_downtime_one_issue_goes_out_not_five(
    engine: Engine, newsletter: Callable[..., Settings]
) -> None:
    settings = newsletter(schedule="thursday 08:00", timezone="Europe/Berlin", picks=1)
    live(engine, settings, MONDAY, 4, timedelta(hours=1))
    back = MONDAY + timedelta(days=4 + 5 * 7)  # a Friday: a day late
    live(engine, settings, back, 0.1, timedelta(hours=1))
    assert {name for name, _, _ in sent(settings)} == {"weekly-2026-W43", "weekly-2026-W48"}


def test_an_issue_older_than_the_limit_is_not_sent_after_downtime(
    engine: Engine, newsletter: Callable[..., Settings]
) -> None:
    settings = newsletter(schedule="thursday 08:00", catch_up_hours=24)
    live(engine, settings, MONDAY + timedelta(days=6), 0.9, timedelta(hours=1))
    assert sent(settings) == []


def test_only_one_scheduler_runs_on_a_store(
    engine: Engine, newsletter: Callable[..., Settings]
) -> None:
    with (
        leadership.only_instance(engine),
        pytest.raises(ConflictError, match="already running"),
        leadership.only_instance(engine),
    ):
        pass


def test_a_service_restarted_every_hour_repeats_nothing(
    engine: Engine, newsletter: Callable[..., Settings]
) -> None:
    settings = newsletter(schedule="thursday 08:00", timezone="UTC", picks=2)
    for hour in range(24):
        start = datetime(2026, 10, 22, hour, 5, tzinfo=UTC)
        live(engine, settings, start, 1 / 24, timedelta(minutes=30))
    messages = sent(settings)
    assert len(messages) == len({address for _, address, _ in messages}) == 10


def test_the_store_remembers_the_jobs_as_plain_values(
    engine: Engine, newsletter: Callable[..., Settings]
) -> None:
    live(engine, newsletter(), MONDAY, 0.01, timedelta(minutes=5))
    with database.reading(engine) as session:
        runs = job_runs.by_name(session)
    assert set(runs) == {"deliver", "prune", "publish"}
    assert runs["publish"].period == "2026-W42"
    assert all(run.succeeded_at and run.error is None for run in runs.values())
    assert "apscheduler_jobs" not in sa.inspect(engine).get_table_names()


def test_a_clock_that_was_a_month_ahead_and_comes_back_leaves_no_job_waiting(
    engine: Engine, newsletter: Callable[..., Settings]
) -> None:
    settings = newsletter(schedule="thursday 08:00", timezone="UTC", picks=2, catch_up_hours=1)
    said: list[str] = []
    with time_machine.travel(MONDAY, tick=False) as clock:
        service = SchedulerContext(
            engine, settings, lambda: datetime.now(UTC), threading.Event(), said.append
        )
        stepped = Stepped(timezone=UTC, executors={"default": DebugExecutor()})
        scheduler.prepare(stepped, service)
        for moment in (MONDAY, MONDAY + timedelta(days=30), MONDAY + timedelta(minutes=2)):
            clock.move_to(moment)
            service.runner.mind_the_clock(stepped)
            stepped.step()
        assert all(
            job.next_run_time <= datetime(2026, 10, 22, 8, tzinfo=UTC) for job in stepped.get_jobs()
        )
        clock.move_to(datetime(2026, 10, 22, 8, tzinfo=UTC))
        stepped.step()
        stepped.shutdown(wait=False)
    assert len(sent(settings)) == 10
    assert [line.partition(", to")[0] for line in said if "clock" in line] == [
        "the clock was set ahead by 30.0 days",
        "the clock was set back by 30.0 days",
    ]


def test_no_home_is_left_with_half_a_message(
    engine: Engine, newsletter: Callable[..., Settings], home: Path
) -> None:
    settings = newsletter(schedule="monday 00:00", timezone="UTC")
    live(engine, settings, MONDAY, 0.1, timedelta(minutes=30))
    assert {path.suffix for path in (home / "outbox").rglob("*") if path.is_file()} == {".eml"}


def test_two_newsletters_through_a_fortnight_bring_each_reader_exactly_what_they_asked_for(
    engine: Engine, newsletter: Callable[..., Settings], stories: Callable[..., None]
) -> None:
    """A weekly and a daily one, each for a segment of its own, over the clock change of the 25th;
    readers leave, come back and unsubscribe meanwhile."""
    settings = newsletter(schedule="thursday 08:00", timezone="Europe/Berlin", picks=2)
    for label in ("fourth", "fifth", "sixth", "seventh", "eighth"):
        stories(engine, MONDAY - timedelta(days=1), label)
    with database.writing(engine) as session:
        for name, numbers in (("planners", range(7)), ("builders", range(4, 10))):
            emails = ", ".join(f'"reader{number}@example.com"' for number in numbers)
            segments.create(session, name, f"email in ({emails})", now=MONDAY)
        weekly = newsletters.get(session, "weekly")
        newsletters.change(session, settings, weekly, {}, segment="planners")
        own = {"title": "The Daily", "schedule": "weekdays 07:00", "picks": 1}
        newsletters.add(session, settings, "daily", own, segment="builders", now=MONDAY)

    def does(number: int, act: Callable[..., object], *more: object, **how: object) -> None:
        now = datetime.now(UTC)
        with database.writing(engine) as session:
            reader = records.find(session, f"reader{number}@example.com")
            if act == subscriptions.leave:
                how["audiences"] = segments.audiences(session, reader.id, now)
            act(session, reader, *more, now=now, proof={}, **how)

    def day(number: int, hour: int = 12) -> datetime:
        return MONDAY + timedelta(days=number, hours=hour)

    live_at(
        engine,
        settings,
        [day(number, hour) for number in range(14) for hour in (4, 5, 6, 7, 12)],
        {
            day(2): lambda: does(4, subscriptions.leave, "daily", source="unsubscribe"),
            day(7): lambda: does(5, subscriptions.leave, "weekly", source="unsubscribe"),
            day(8): lambda: does(9, consent.change, Status.UNSUBSCRIBED, source="unsubscribe"),
            day(9): lambda: does(4, subscriptions.rejoin, "daily"),
        },
    )
    got: dict[str, list[tuple[str, datetime]]] = {}
    for edition, address, date in sent(settings):
        local = date.astimezone(BERLIN).replace(tzinfo=None)
        got.setdefault(address, []).append((edition, local))
    weeklies = [
        (f"weekly-2026-W{week}", datetime(2026, 10, day, 8)) for week, day in ((43, 22), (44, 29))
    ]
    dailies = [
        (f"daily-2026-10-{day}", datetime(2026, 10, day, 7))
        for day in (19, 20, 21, 22, 23, 26, 27, 28, 29, 30)
    ]
    wanted = {number: (weeklies if number < 7 else []) + (dailies if number > 3 else [])
              for number in range(10)}  # fmt: skip
    wanted[4] = [*weeklies, *dailies[:3], *dailies[8:]]
    wanted[5] = [weeklies[0], *dailies]
    wanted[9] = dailies[:7]
    assert {address: sorted(issues) for address, issues in got.items()} == {
        f"reader{number}@example.com": sorted(issues) for number, issues in wanted.items()
    }
    with database.reading(engine) as session:
        rows = session.execute(sa.select(Delivery.subscriber_id, Delivery.story_ids)).all()
    for reader in {row[0] for row in rows}:
        told = [story for row in rows if row[0] == reader for story in row[1]]
        assert len(told) == len(set(told))
