"""When editions are made and sent, by themselves: APScheduler is the clock, the store the memory.

Its jobs: ``publish`` at the newsletter's weekly hour, ``deliver`` every minute for whatever is
due (readers' own hours, retries, what a stop or a planning that died left over, an edition whose
hour was missed), ``feeds`` every minute for feeds that are due, ``bounces`` every few minutes for
mail that came back, ``prune`` every night. They only
ask the store what there is to do, so running one late, twice or after a crash changes nothing:
after downtime the latest issue is sent, if it is not older than ``catch_up_hours``, and those
before it are not. A job that fails is tried again within a minute (``job_runner``).
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from functools import cached_property, partial

import sqlalchemy as sa
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_STOPPED, BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.edition import planning, retention, schedule
from mailer.edition.retention_limits import RetentionLimits
from mailer.edition.worker_jobs import Enqueue, enqueue_nothing
from mailer.monitoring.supervision import Supervisor, Troubles
from mailer.service import bounce_polling, feed_polling, newsletter_polling
from mailer.service.job_runner import Runner
from recommender.articles import feed_schedule
from recommender.errors import NewsletterError
from recommender.models import Edition, EditionState, Newsletter
from recommender.settings import DAYS, Settings, weekday_and_time
from recommender.storage import database

PUBLISH = "publish"
DELIVER = "deliver"
PLAN = "plan"
PRUNE = "prune"
FEEDS = "feeds"
PRUNE_AT = clock_time(3, 30)
PRUNE_LOOKS = "*/10"
"""The minutes at which it is looked whether the night's pruning is still to be done."""


@dataclass(frozen=True)
class SchedulerContext:
    """What the jobs work with. ``troubles`` outlives it where one process leads now and then."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    stop: threading.Event
    report: Callable[[str], None]
    processes: int = 1
    enqueue: Enqueue = enqueue_nothing
    troubles: Troubles | None = None

    @cached_property
    def runner(self) -> Runner:
        """What its jobs are run by."""
        troubles = self.troubles or Troubles(self.report)
        return Runner(self.engine, self.clock, troubles, self.report)


def watched(supervisor: Supervisor) -> BackgroundScheduler:
    """APScheduler in a thread of its own, whose end ``supervisor`` hears of."""

    class Watched(BackgroundScheduler):  # type: ignore[misc]  # APScheduler ships no types
        def _main_loop(self) -> None:
            supervisor.run("scheduler", super()._main_loop, lambda: self.state == STATE_STOPPED)

    return Watched(timezone=UTC)


def prepare(scheduler: BaseScheduler, service: SchedulerContext) -> None:
    """Give ``scheduler`` the jobs, and begin: what was missed while nothing ran is done at once."""
    _silence()
    work = {
        PUBLISH: (partial(_publish_job, service), weekly(service.settings)),
        DELIVER: (partial(_every_minute, service), CronTrigger(minute="*", timezone=UTC)),
        PRUNE: (partial(_prune_job, service), CronTrigger(minute=PRUNE_LOOKS, timezone=UTC)),
        FEEDS: (partial(_feeds_job, service), CronTrigger(minute="*", timezone=UTC)),
    }
    if service.settings.bounce_mailbox:
        poll = partial(bounce_polling.job, service.engine, service.settings, service.clock)
        poll = partial(poll, service.runner, report=service.report, stopped=service.stop.is_set)
        work[bounce_polling.JOB] = (poll, bounce_polling.trigger(service.settings))
    if service.settings.newsletter_mailbox:
        poll = partial(newsletter_polling.job, service.engine, service.settings, service.clock)
        poll = partial(poll, service.runner, report=service.report, stopped=service.stop.is_set)
        work[newsletter_polling.JOB] = (poll, newsletter_polling.trigger())
    scheduler.start(paused=True)
    for name, (job, trigger) in work.items():
        scheduler.add_job(
            job, trigger, id=name, coalesce=True, max_instances=1, misfire_grace_time=None
        )
    for name in (DELIVER, PRUNE, FEEDS):
        scheduler.modify_job(name, next_run_time=service.clock())
    scheduler.resume()


def _silence() -> None:
    """What goes wrong is said by ``job_runner``; the library would say it again, at length."""
    logger = logging.getLogger("apscheduler")
    logger.propagate = False
    logger.handlers = [logging.NullHandler()]


def weekly(settings: Settings) -> CronTrigger:
    """The trigger at which an edition is planned: the newsletter's hour, or with readers' own
    hours, that hour where on earth it comes first."""
    weekday, hour, minute = weekday_and_time(settings.schedule)
    zone = schedule.EARLIEST if settings.local_time else settings.zone
    return CronTrigger(day_of_week=DAYS[weekday][:3], hour=hour, minute=minute, timezone=zone)


def _every_minute(service: SchedulerContext) -> None:
    """Deliver what is due; first, an edition whose hour has come and that is not published yet."""
    try:
        missed = _outstanding(service)
    except Exception:  # noqa: BLE001  (the job itself will meet it, and say so)
        missed = False
    if missed:
        _publish_job(service)
    else:
        service.runner.run(DELIVER, partial(deliver, service))


def _outstanding(service: SchedulerContext) -> bool:
    """Whether the latest edition is still to be published."""
    run = service.runner.known().get(PUBLISH)
    return run is None or run.period != _latest(service)[0]


def _latest(service: SchedulerContext) -> tuple[str, datetime]:
    zone = schedule.EARLIEST if service.settings.local_time else service.settings.zone
    return schedule.latest(service.settings.schedule, zone, service.clock())


def _publish_job(service: SchedulerContext) -> None:
    """The job ``publish``, unless another thread is at it; done once for each period."""

    def work() -> str | None:
        if not _outstanding(service):
            deliver(service)
            return None
        before = service.runner.known()[PUBLISH].period
        period, moment = _latest(service)
        publish(service)
        if service.stop.is_set():
            return None
        with database.reading(service.engine) as session:
            lost = not planning.published(session, service.settings.newsletter, period)
        if lost and before is not None:
            service.report(
                f"{service.settings.newsletter}-{period} was due at {moment:%Y-%m-%d %H:%M} UTC "
                "and is not sent: that is longer ago than catch_up_hours"
            )
        return period

    with service.runner.alone(PUBLISH) as free:
        if free:
            service.runner.run(PUBLISH, work)


def _prune_job(service: SchedulerContext) -> None:
    """The job ``prune``, if the night's is still to be done."""
    now = service.clock()
    local = now.astimezone(service.settings.zone)
    night = datetime.combine(local.date(), PRUNE_AT, local.tzinfo)
    night -= timedelta(days=night > local)

    def work() -> None:
        terms = RetentionLimits.of(service.settings, now)
        retention.prune(service.engine, terms, stopped=service.stop.is_set, rest=service.stop.wait)

    try:
        done = service.runner.known().get(PRUNE)
    except Exception:  # noqa: BLE001  (it is looked again in a few minutes)
        return
    if done is None or done.succeeded_at is None or not night <= done.succeeded_at <= now:
        service.runner.run(PRUNE, work)


def _feeds_job(service: SchedulerContext) -> None:
    """The job ``feeds``, if any is due: each is asked about every hour."""
    try:
        with database.reading(service.engine) as session:
            waiting = bool(feed_schedule.due(session, service.clock()))
    except Exception:  # noqa: BLE001  (the heartbeat speaks of it, and it is looked again)
        return
    if waiting:
        service.runner.run(FEEDS, partial(fetch_feeds, service))


def fetch_feeds(service: SchedulerContext) -> None:
    """Bring in what is new in the feeds that are due. What is wrong with one is said once."""
    polled = feed_polling.poll_due(
        service.engine, service.settings, service.clock, service.stop.is_set
    )
    for one in polled:
        name = f"feed {one.url}"
        if one.problem is not None:
            service.runner.troubles.note(name, one.problem)
        else:
            service.runner.troubles.over(name)
        if one.report.added:
            service.report(f"{name}: {one.report.added} new")


def publish(service: SchedulerContext) -> None:
    """Plan the latest edition that should be out by now, unless it is too old, for everybody who
    is not in it yet, once; then send."""
    settings, now = service.settings, service.clock()
    zone = schedule.EARLIEST if settings.local_time else settings.zone
    period, moment = schedule.latest(settings.schedule, zone, now)
    if now - moment > timedelta(hours=settings.catch_up_hours):
        return
    with database.reading(service.engine) as session:
        unpublished = not planning.published(session, settings.newsletter, period)
    if unpublished:
        with service.runner.alone(PLAN):  # the other job need not lend a hand
            edition = campaign.plan(
                service.engine,
                settings,
                period=period,
                now=now,
                publishing=True,
                stop=service.stop,
                processes=service.processes,
                enqueue=service.enqueue,
                progress=service.runner.sender_lives,
            )
        service.report(f"planned {settings.newsletter}-{period} (edition {edition})")
    deliver(service)


def deliver(service: SchedulerContext) -> None:
    """Plan what a planning that died has left, and send what is due of every edition that is on
    its way."""
    with service.runner.alone(PLAN) as free:
        if free:
            _finish_plannings(service)
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
        with service.runner.alone(f"{DELIVER} {identifier}") as free:
            if free:
                _deliver(service, identifier, f"{service.settings.newsletter}-{period}")


def _finish_plannings(service: SchedulerContext) -> None:
    begun = planning.go_on(
        service.engine,
        service.settings.newsletter,
        progress=service.runner.sender_lives,
        stopped=service.stop.is_set,
    )
    for name in begun:
        service.report(f"{name}: went on with a planning that had stopped")


def _deliver(service: SchedulerContext, edition_id: int, name: str) -> None:
    try:
        summary = campaign.send(
            service.engine,
            service.settings,
            edition_id=edition_id,
            clock=service.clock,
            stop=service.stop,
            at_local_time=True,
            processes=service.processes,
            progress=service.runner.sender_lives,
            to_the_end=False,
            enqueue=service.enqueue,
        )
    except NewsletterError as error:
        service.runner.troubles.note(name, str(error))
        return
    if summary.handled:
        service.report(f"{summary.edition}: {summary.sentence()}")
    if summary.trouble:
        service.runner.troubles.note(name, summary.trouble)
    else:
        service.runner.troubles.over(name)
