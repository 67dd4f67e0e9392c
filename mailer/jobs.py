"""The jobs of a worker: functions of plain values, each safe to be done twice, at once or halfway.

What they share within a process stands in ``Bench``. They know nothing of the queue they come from.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Engine

from mailer.dispatch import sending
from mailer.edition import shards
from mailer.edition.desks import Desks
from recommender import database, scrubbing
from recommender.errors import ConflictError, NewsletterError
from recommender.settings import Settings


@dataclass(frozen=True)
class Bench:
    """What the jobs of a process work with."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    stop: threading.Event
    report: Callable[[str], None]
    desks: Desks


class UnfinishedError(ConflictError):
    """The job is not done: somebody else has its work in hand, or this process shall stop."""


def plan(bench: Bench, *, edition_id: int, shard: int) -> None:
    """Plan one shard of an edition; the last one completes it."""
    if not shards.plan(bench.engine, bench.desks, edition_id, shard):
        raise UnfinishedError(f"shard {shard} of edition {edition_id} is being planned elsewhere")
    with database.writing(bench.engine) as session:
        shards.finish(session, edition_id)


def deliver(bench: Bench, *, edition_id: int, most: int, at_local_time: int) -> None:
    """Deliver up to ``most`` copies of an edition that are due."""
    try:
        trouble = sending.send_some(
            bench.engine,
            bench.settings,
            edition_id=edition_id,
            clock=bench.clock,
            stop=bench.stop,
            at_local_time=bool(at_local_time),
            most=most,
        )
    except NewsletterError as error:
        if database.away(bench.engine, error):
            raise
        trouble = scrubbing.line(error)
    if trouble is not None:
        bench.report(f"edition {edition_id}: {trouble}")
    if bench.stop.is_set():
        raise UnfinishedError(f"edition {edition_id} is left to others: this worker stops")
