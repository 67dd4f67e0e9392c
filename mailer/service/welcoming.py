"""The job that welcomes: it looks every few seconds for readers who have just confirmed, plans
their first issue and sends it. What a stop or a deaf relay leaves goes out with ``deliver``.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy.engine import Engine

from mailer.edition import welcome
from mailer.edition.edition_ranker import EditionRankers
from mailer.service.job_runner import Runner
from recommender.models import Edition
from recommender.settings import Settings
from recommender.storage import database

JOB = "welcome"
SECONDS = "*/15"
"""When it looks: a first issue is wanted within a minute."""


def trigger() -> CronTrigger:
    """When the job runs."""
    return CronTrigger(second=SECONDS, timezone=UTC)


def job(
    engine: Engine,
    settings: Settings,
    clock: Callable[[], datetime],
    runner: Runner,
    send: Callable[[int, str], None],
) -> None:
    """Welcome those who wait. ``send`` delivers what is due of an edition (id, name)."""
    try:
        with database.reading(engine) as session:
            anybody = bool(welcome.waiting(session, settings, clock()))
    except Exception:  # noqa: BLE001  (the heartbeat speaks of it, and it is looked again)
        return
    if anybody:
        runner.run(JOB, partial(_work, engine, settings, clock, send))


def _work(
    engine: Engine,
    settings: Settings,
    clock: Callable[[], datetime],
    send: Callable[[int, str], None],
) -> None:
    edition_id = welcome.plan(engine, settings, EditionRankers(engine), clock())
    if edition_id is not None:
        with database.reading(engine) as session:
            edition = session.get_one(Edition, edition_id)
            name = edition.name
        send(edition_id, name)
