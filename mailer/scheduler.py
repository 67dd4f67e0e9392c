"""When editions are made and sent, by themselves: APScheduler over the store's own job table.

Three jobs: ``publish`` at the newsletter's weekly hour, ``deliver`` every minute for whatever is
due (readers' own hours, retries, what a stop left over), ``prune`` every night. They only ask the
store what there is to do, so running one late, twice or after a crash changes nothing: after
downtime the latest issue is sent, if it is not older than ``catch_up_hours``, and those before it
are not.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.engine import Engine

from mailer.dispatch import sending
from mailer.edition import retention, schedule
from mailer.edition.tickets import HandOut, to_nobody
from recommender import database, locks, scrubbing
from recommender.errors import ConflictError, NewsletterError
from recommender.locks import Lock
from recommender.models import Edition, EditionState, Newsletter
from recommender.settings import DAYS, Settings, weekday_and_time

PUBLISH = "publish"
DELIVER = "deliver"
PRUNE = "prune"
DELIVER_EVERY = timedelta(minutes=1)
PRUNE_AT = {"hour": 3, "minute": 30}
LEADER = "scheduler"
"""The lock of the one that leads."""
STANDBY_SECONDS = 5.0
"""How often one that stands by looks whether the leader is gone."""
LOOK_SECONDS = 1.0
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Service:
    """What the jobs work with. Jobs are stored by name, so the one that runs finds it here."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    stop: threading.Event
    report: Callable[[str], None]
    processes: int = 1
    hand_out: HandOut = to_nobody


_running: list[Service] = []


@contextmanager
def only_instance(engine: Engine) -> Iterator[None]:
    """Be the one scheduler of this store; ConflictError while another one runs."""
    with locks.hold(engine, LEADER) as mine:
        if not mine:
            raise ConflictError("another scheduler is already running on this store")
        yield


def lead(
    engine: Engine,
    stop: threading.Event,
    work: Callable[[threading.Event], AbstractContextManager[None]],
    report: Callable[[str], None],
) -> None:
    """Be the scheduler of this store whenever no other is, until ``stop``.

    ``work(leave)`` is entered when the leadership is had, and left when that is lost (the server
    was restarted) or ``stop`` is set; ``leave`` is set first, so that what runs ends soon. Should
    the next leader be at work before that, nothing is planned or sent twice: the store decides.
    """
    waiting = False
    while not stop.is_set():
        try:
            with locks.hold(engine, LEADER) as mine:
                if mine:
                    waiting = False
                    _while_leading(mine, stop, work)
                elif not waiting:
                    waiting = True
                    report("standing by: another scheduler leads")
        except sa.exc.DBAPIError as error:
            if not database.away(engine, error):
                raise
            report("the store is away")
        _rest(stop, STANDBY_SECONDS)


def _while_leading(
    mine: Lock,
    stop: threading.Event,
    work: Callable[[threading.Event], AbstractContextManager[None]],
) -> None:
    leave = threading.Event()
    with work(leave):
        while not stop.is_set() and mine.alive():
            _rest(stop, LOOK_SECONDS)
        leave.set()


def _rest(stop: threading.Event, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not stop.is_set() and time.monotonic() < until:
        time.sleep(POLL_SECONDS)


def prepare(scheduler: BaseScheduler, service: Service) -> None:
    """Give ``scheduler`` the store's job table and the two jobs.

    A job that is there with the same schedule is kept, so what it missed while nothing ran is
    still known; one with another schedule is replaced.
    """
    _running[:] = [service]
    # An engine of its own, since it disposes of it when it ends; others have connections in use.
    address = service.engine.url.render_as_string(hide_password=False)
    scheduler.add_jobstore(SQLAlchemyJobStore(engine=database.connect(address)))
    scheduler.add_listener(_report_error, EVENT_JOB_ERROR)
    grace = service.settings.catch_up_hours * 3600 or 1
    wanted = {
        PUBLISH: (publish_now, weekly(service.settings), grace),
        DELIVER: (deliver_now, IntervalTrigger(seconds=DELIVER_EVERY.seconds, timezone=UTC), None),
        PRUNE: (prune_now, CronTrigger(**PRUNE_AT, timezone=service.settings.zone), None),
    }
    scheduler.start(paused=True)
    for name, (job, trigger, misfire) in wanted.items():
        known = scheduler.get_job(name)
        if known is None or str(known.trigger) != str(trigger):
            scheduler.add_job(
                job,
                trigger,
                id=name,
                replace_existing=True,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=misfire,
            )
    scheduler.add_job(publish_now, id="catch-up", replace_existing=True, misfire_grace_time=None)
    scheduler.resume()


def weekly(settings: Settings) -> CronTrigger:
    """The trigger at which an edition is planned: the newsletter's hour, or with readers' own
    hours, that hour where on earth it comes first."""
    weekday, hour, minute = weekday_and_time(settings.schedule)
    zone = schedule.EARLIEST if settings.local_time else settings.zone
    return CronTrigger(day_of_week=DAYS[weekday][:3], hour=hour, minute=minute, timezone=zone)


def publish_now() -> None:
    """The job ``publish``."""
    for service in _running:
        publish(service)


def deliver_now() -> None:
    """The job ``deliver``."""
    for service in _running:
        deliver(service)


def prune_now() -> None:
    """The job ``prune``."""
    for service in _running:
        terms = retention.Terms.of(service.settings, service.clock())
        retention.prune(service.engine, terms, stopped=service.stop.is_set, rest=service.stop.wait)


def _report_error(event: Any) -> None:
    for service in _running:
        service.report(f"error: {event.job_id}: {scrubbing.line(event.exception)}")


def publish(service: Service) -> None:
    """Plan the latest edition that should be out by now, unless it is too old; then send."""
    settings, now = service.settings, service.clock()
    zone = schedule.EARLIEST if settings.local_time else settings.zone
    period, moment = schedule.latest(settings.schedule, zone, now)
    if now - moment > timedelta(hours=settings.catch_up_hours):
        return
    with database.reading(service.engine) as session:
        state = _state(session, settings.newsletter, period)
    if state in (None, EditionState.PLANNING):
        edition = sending.plan(
            service.engine,
            settings,
            period=period,
            now=now,
            stop=service.stop,
            processes=service.processes,
            hand_out=service.hand_out,
        )
        service.report(f"planned {settings.newsletter}-{period} (edition {edition})")
    deliver(service)


def _state(session: sa.orm.Session, newsletter: str, period: str) -> EditionState | None:
    return session.scalar(
        sa.select(Edition.state)
        .join(Newsletter, Newsletter.id == Edition.newsletter_id)
        .where(Newsletter.name == newsletter, Edition.period == period)
    )


def deliver(service: Service) -> None:
    """Send what is due of every edition that is on its way."""
    with database.reading(service.engine) as session:
        waiting = session.execute(
            sa.select(Edition.id, Edition.period)
            .join(Newsletter, Newsletter.id == Edition.newsletter_id)
            .where(
                Newsletter.name == service.settings.newsletter,
                Edition.state.in_((EditionState.PLANNED, EditionState.SENDING)),
            )
            .order_by(Edition.id)
        ).all()
    for identifier, period in waiting:
        if service.stop.is_set():
            return
        try:
            summary = sending.send(
                service.engine,
                service.settings,
                edition_id=identifier,
                clock=service.clock,
                stop=service.stop,
                at_local_time=True,
                processes=service.processes,
                to_the_end=False,
                hand_out=service.hand_out,
            )
        except NewsletterError as error:
            service.report(f"error: {period}: {error}")
            continue
        if summary.handled:
            service.report(f"{summary.edition}: {summary.sentence()}")
        if summary.trouble:
            service.report(f"error: {period}: {summary.trouble}")
