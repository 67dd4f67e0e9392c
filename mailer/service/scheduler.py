"""When editions are made and sent, by themselves: APScheduler is the clock, the store the memory.

``publish`` runs at the newsletter's hour, ``deliver`` every minute for whatever is due (readers'
own hours, retries, what a stop or a planning that died left over, an edition whose hour was
missed), for each newsletter of the store by itself (``publishing``); ``welcome`` every few seconds
for who has just confirmed, ``feeds`` every minute for feeds that are due, ``bounces`` every few
minutes for mail that came back, ``prune`` every night. A job that fails is tried again within a
minute (``job_runner``).
"""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_STOPPED, BaseScheduler
from apscheduler.triggers.cron import CronTrigger

from mailer.edition import retention
from mailer.edition.retention_limits import RetentionLimits
from mailer.monitoring.supervision import Supervisor
from mailer.service import (
    bounce_polling,
    feed_polling,
    newsletter_polling,
    publishing,
    welcoming,
)
from mailer.service.context import SchedulerContext
from mailer.service.publishing import DELIVER, PUBLISH
from recommender import newsletters
from recommender.articles import feed_schedule
from recommender.safety import logs
from recommender.storage import database

log = logs.get("scheduler")

PRUNE = "prune"
FEEDS = "feeds"
PRUNE_AT = clock_time(3, 30)
OTHERS = "newsletters"
EVERY_MINUTE = CronTrigger(minute="*", timezone=UTC)
AT_ONCE = {OTHERS: 8}
"""How often a job runs at the same time, where that is more than once."""
PRUNE_LOOKS = "*/10"
"""The minutes at which it is looked whether the night's pruning is still to be done."""


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
        PUBLISH: (
            partial(publishing.publish_job, service),
            publishing.hour(service.settings),
        ),
        DELIVER: (partial(publishing.every_minute, service), EVERY_MINUTE),
        PRUNE: (partial(_prune_job, service), CronTrigger(minute=PRUNE_LOOKS, timezone=UTC)),
        FEEDS: (partial(_feeds_job, service), EVERY_MINUTE),
        OTHERS: (partial(_others_every_minute, service), EVERY_MINUTE),
        welcoming.JOB: (partial(welcoming.job, service), welcoming.trigger()),
    }
    if service.settings.bounce_mailbox or service.settings.lmtp_listen:
        poll = partial(bounce_polling.job, service)
        work[bounce_polling.JOB] = (poll, bounce_polling.trigger(service.settings))
    if service.settings.newsletter_mailbox:
        poll = partial(newsletter_polling.job, service)
        work[newsletter_polling.JOB] = (poll, newsletter_polling.trigger())
    scheduler.start(paused=True)
    for name, (job, trigger) in work.items():
        scheduler.add_job(
            job,
            trigger,
            id=name,
            coalesce=True,
            max_instances=AT_ONCE.get(name, 1),
            misfire_grace_time=None,
        )
    for name in (OTHERS, DELIVER, PRUNE, FEEDS):
        scheduler.modify_job(name, next_run_time=service.clock())
    scheduler.resume()


def _others_every_minute(service: SchedulerContext) -> None:
    """Publish and deliver every other newsletter of the store. While one takes long, the instance
    of the next minute serves those after it: none waits for another longer than that."""
    try:
        with database.reading(service.engine) as session:
            found = newsletters.all_of(session, service.settings)
    except Exception:  # noqa: BLE001  (the heartbeat speaks of it, and it is looked again)
        return
    for settings in found:
        if settings.newsletter == service.settings.newsletter:
            continue
        other = replace(service, settings=settings, first=service)
        with service.runner.alone(other.job(OTHERS)) as free:
            if free and not service.stop.is_set():
                publishing.every_minute(other)


def _silence() -> None:
    """What goes wrong is said by ``job_runner``; the library would say it again, at length."""
    logger = logging.getLogger("apscheduler")
    logger.propagate = False
    logger.handlers = [logging.NullHandler()]


def _prune_job(service: SchedulerContext) -> None:
    """The job ``prune``, if the night's is still to be done."""
    now = service.clock()
    local = now.astimezone(service.settings.zone)
    night = datetime.combine(local.date(), PRUNE_AT, local.tzinfo)
    night -= timedelta(days=night > local)

    def work() -> None:
        with database.reading(service.engine) as session:
            terms = RetentionLimits.of_store(session, service.settings, now)
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
            log.info(
                "fetched",
                feed=one.url,
                new=one.report.added,
                changed=one.report.updated,
                refused=len(one.report.rejected),
            )
