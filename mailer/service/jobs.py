"""The jobs of a worker: functions of plain values, each safe to be done twice, at once or halfway.

What they share within a process stands in ``WorkerContext``. They know nothing of the queue they
come from.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.edition import shards
from mailer.edition.edition_ranker import EditionRankers
from recommender.errors import ConflictError, NewsletterError
from recommender.safety import scrubbing
from recommender.settings import Settings
from recommender.storage import database


@dataclass(frozen=True)
class WorkerContext:
    """What the jobs of a process work with."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    stop: threading.Event
    report: Callable[[str], None]
    rankers: EditionRankers


class UnfinishedError(ConflictError):
    """The job is not done: somebody else has its work in hand, or this process shall stop."""


def plan(worker_context: WorkerContext, *, edition_id: int, shard: int) -> None:
    """Plan one shard of an edition; the last one completes it."""
    if not shards.plan(worker_context.engine, worker_context.rankers, edition_id, shard):
        raise UnfinishedError(f"shard {shard} of edition {edition_id} is being planned elsewhere")
    with database.writing(worker_context.engine) as session:
        shards.finish(session, edition_id)


def deliver(
    worker_context: WorkerContext, *, edition_id: int, most: int, at_local_time: int
) -> None:
    """Deliver up to ``most`` copies of an edition that are due."""
    try:
        trouble = campaign.send_some(
            worker_context.engine,
            worker_context.settings,
            edition_id=edition_id,
            clock=worker_context.clock,
            stop=worker_context.stop,
            at_local_time=bool(at_local_time),
            most=most,
        )
    except NewsletterError as error:
        if database.unavailable(worker_context.engine, error):
            raise
        trouble = scrubbing.line(error)
    if trouble is not None:
        worker_context.report(f"edition {edition_id}: {trouble}")
    if worker_context.stop.is_set():
        raise UnfinishedError(f"edition {edition_id} is left to others: this worker stops")
