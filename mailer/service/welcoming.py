"""The job that welcomes: it looks every few seconds for readers who have just confirmed, plans
their first issue and sends it. What a stop or a deaf relay leaves goes out with ``deliver``.
"""

from dataclasses import replace
from datetime import UTC
from functools import partial

from apscheduler.triggers.cron import CronTrigger

from mailer.edition import welcome
from mailer.edition.edition_ranker import EditionRankers
from mailer.service import publishing
from mailer.service.context import SchedulerContext
from recommender import newsletters
from recommender.models import Edition
from recommender.storage import database

JOB = "welcome"
SECONDS = "*/15"
"""When it looks: a first issue is wanted within a minute."""


def trigger() -> CronTrigger:
    """When the job runs."""
    return CronTrigger(second=SECONDS, timezone=UTC)


def job(service: SchedulerContext) -> None:
    """Welcome those who wait, in each newsletter they are in the audience of: the oldest of them,
    since whoever had an issue waits for none."""
    try:
        with database.reading(service.engine) as session:
            found = [
                settings
                for settings in newsletters.all_of(session, service.settings)
                if settings.welcome and welcome.waiting(session, settings, service.clock())
            ]
    except Exception:  # noqa: BLE001  (the heartbeat speaks of it, and it is looked again)
        return
    for settings in found:
        own = settings.newsletter == service.settings.newsletter
        one = service if own else replace(service, settings=settings, first=service)
        service.runner.run(one.job(JOB), partial(_work, one))


def _work(service: SchedulerContext) -> None:
    rankers = EditionRankers(service.engine)
    edition_id = welcome.plan(service.engine, service.settings, rankers, service.clock())
    if edition_id is not None:
        with database.reading(service.engine) as session:
            name = session.get_one(Edition, edition_id).name
        publishing.deliver_edition(service, edition_id, name)
