"""The jobs that make and send the editions of one newsletter.

They only ask the store what there is to do, so running one late, twice or after a crash changes
nothing: after downtime the latest issue is sent, if it is not older than ``catch_up_hours``, and
those before it are not.
"""

from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from apscheduler.triggers.cron import CronTrigger

from mailer.delivery import campaign
from mailer.delivery.summary import Summary
from mailer.edition import first_hour, planning, schedule, subject_tests
from mailer.ledger import counts
from mailer.service.context import SchedulerContext
from recommender.errors import NewsletterError
from recommender.models import Edition, EditionState, Newsletter
from recommender.safety import logs
from recommender.settings import DAYS, Settings, schedules
from recommender.settings.schedules import Cadence
from recommender.storage import database

log = logs.get("scheduler")
PUBLISH = "publish"
DELIVER = "deliver"
PLAN = "plan"


def hour(settings: Settings) -> CronTrigger:
    """When an edition is planned: the newsletter's hour, or with readers' own hours, that hour
    where on earth it comes first. Of every other week each is looked at; the job knows which."""
    wanted = schedules.parse(settings.schedule)
    day = None if wanted.weekday is None else DAYS[wanted.weekday][:3]
    days = {
        Cadence.DAILY: {},
        Cadence.WEEKDAYS: {"day_of_week": "mon-fri"},
        Cadence.MONTHLY: {"day": f"1st {day}"},
    }.get(wanted.cadence, {"day_of_week": day})
    zone = schedule.publishing_zone(settings)
    return CronTrigger(**days, hour=wanted.hour, minute=wanted.minute, timezone=zone)


def every_minute(service: SchedulerContext) -> None:
    """Deliver what is due; first, an edition whose hour has come and that is not published yet."""
    try:
        missed = _outstanding(service)
    except Exception:  # noqa: BLE001  (the job itself will meet it, and say so)
        missed = False
    if missed:
        publish_job(service)
    else:
        service.runner.run(service.job(DELIVER), partial(deliver, service))


def _outstanding(service: SchedulerContext) -> bool:
    """Whether the latest edition is still to be published."""
    run = service.runner.known().get(service.job(PUBLISH))
    return run is None or run.period != _latest(service)[0]


def _latest(service: SchedulerContext) -> tuple[str, datetime]:
    zone = schedule.publishing_zone(service.settings)
    return schedule.latest(service.settings.schedule, zone, service.clock())


def publish_job(service: SchedulerContext) -> None:
    """The job ``publish``, unless another thread is at it; done once for each period."""

    def work() -> str | None:
        if not _outstanding(service):
            deliver(service)
            return None
        before = service.runner.known()[service.job(PUBLISH)].period
        period, moment = _latest(service)
        publish(service)
        if service.stop.is_set():
            return None
        if why := _left_out(service, period, moment, before):
            name = f"{service.settings.newsletter}-{period}"
            service.report(f"{name} was due at {moment:%Y-%m-%d %H:%M} UTC and is not sent: {why}")
        return period

    with service.runner.alone(service.job(PUBLISH)) as free:
        if free:
            service.runner.run(service.job(PUBLISH), work)


def _left_out(
    service: SchedulerContext, period: str, moment: datetime, before: str | None
) -> str | None:
    """Why the edition of ``period`` was not published; None where it was, or nobody missed it:
    there was none ``before``."""
    with database.reading(service.engine) as session:
        if planning.published(session, service.settings.newsletter, period):
            return None
        early = first_hour.precedes(session, service.settings, moment, first=service.first is None)
    if before is not None:
        return "that is longer ago than catch_up_hours"
    if early and service.first is None:
        return "the newsletter was made since; `newsletter editions send` sends it now"
    return None


def publish(service: SchedulerContext) -> None:
    """Plan the latest edition that should be out by now, unless it is too old, or older than the
    newsletter, for everybody who is not in it yet, once; then send."""
    settings, now = service.settings, service.clock()
    zone = schedule.publishing_zone(settings)
    period, moment = schedule.latest(settings.schedule, zone, now)
    if now - moment > timedelta(hours=settings.catch_up_hours):
        return
    with database.reading(service.engine) as session:
        if first_hour.precedes(session, settings, moment, first=service.first is None):
            return
        unpublished = not planning.published(session, settings.newsletter, period)
    if unpublished:
        with service.runner.alone(service.job(PLAN)):  # the other job need not lend a hand
            _plan(service, period, now)
    deliver(service)


def _plan(service: SchedulerContext, period: str, now: datetime) -> None:
    campaign.plan(
        service.engine,
        service.settings,
        period=period,
        now=now,
        publishing=True,
        stop=service.stop,
        processes=service.processes,
        enqueue=service.enqueue,
        progress=service.runner.sender_lives,
    )


def deliver(service: SchedulerContext) -> None:
    """Plan what a planning that died has left, and send what is due of every edition that is on
    its way."""
    with service.runner.alone(service.job(PLAN)) as free:
        if free:
            _finish_plannings(service)
            _finish_trials(service)
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
        deliver_edition(service, identifier, f"{service.settings.newsletter}-{period}")


def deliver_edition(service: SchedulerContext, edition_id: int, name: str) -> None:
    """Send what is due of an edition, unless another thread is at it."""
    with service.runner.alone(f"{DELIVER} {edition_id}") as free:
        if free:
            _deliver(service, edition_id, name)


def _finish_plannings(service: SchedulerContext) -> None:
    begun = planning.go_on(
        service.engine,
        service.settings.newsletter,
        progress=service.runner.sender_lives,
        stopped=service.stop.is_set,
    )
    for name in begun:
        service.report(f"{name}: went on with a planning that had stopped")


def _finish_trials(service: SchedulerContext) -> None:
    """Plan the rest of the editions whose subject is decided by now."""
    name, now = service.settings.newsletter, service.clock()
    with database.reading(service.engine) as session:
        periods = subject_tests.open_trials(session, name)
    for period in periods:
        _plan(service, period, now)


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
    _tell(service, edition_id, summary)
    if summary.trouble:
        service.runner.troubles.note(name, summary.trouble)
    else:
        service.runner.troubles.over(name)


def _tell(service: SchedulerContext, edition_id: int, summary: Summary) -> None:
    """Log what a run decided: what went out, what did not and why, where that is new."""
    if summary.handled:
        log.info(
            "sent",
            edition=summary.edition,
            due=summary.due,
            sent=summary.sent,
            failed=summary.failed,
            deferred=summary.deferred,
            in_doubt=summary.in_doubt,
            held_back=summary.held,
        )
    for reason, number in summary.skipped.items():
        log.info("skipped", edition=summary.edition, reason=reason, copies=number)
    if not summary.deferred:
        return
    with database.reading(service.engine) as session:
        waiting = counts.deferred(session, edition_id)
    for one in service.runner.news(summary.edition, waiting):
        log.info(
            "deferred", edition=summary.edition, relay=one[0], reason=one[1], copies=waiting[one]
        )
