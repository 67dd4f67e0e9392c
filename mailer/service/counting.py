"""Counts the numbers of the operators' pages now and then, in a thread of its own: with a
million readers that takes seconds. Of all processes on a store one counts at a time, and rests
twenty times as long as it took.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.monitoring import console_statistics
from mailer.reports import edition_statistics, most_sent
from recommender.errors import NewsletterError
from recommender.storage import database, locks

LOCK = "numbers"
EVERY_SECONDS = 60.0
RESTS = 20
"""Times as long as counting took it is not counted again."""
POLL_SECONDS = 0.2


def keep_counting(engine: Engine, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Count until ``stop``; of a store that cannot be read others speak."""
    while not stop.is_set():
        begun = time.monotonic()
        try:
            with locks.hold(engine, LOCK) as mine:
                if mine:
                    count_once(engine, clock())
        except (NewsletterError, sa.exc.SQLAlchemyError, OSError):
            pass
        until = begun + max(EVERY_SECONDS, (1 + RESTS) * (time.monotonic() - begun))
        while not stop.is_set() and time.monotonic() < until:
            time.sleep(POLL_SECONDS)


def count_once(engine: Engine, now: datetime) -> None:
    """Count, and keep the numbers."""
    begun = time.monotonic()
    with database.reading(engine) as session:
        numbers = console_statistics.count(session, console_statistics.latest(session), now)
    took = time.monotonic() - begun
    with database.writing(engine) as session:
        console_statistics.note(session, numbers, took)
    count_editions(engine, now)
    find_most_sent(engine)


def count_editions(engine: Engine, now: datetime) -> None:
    """Count the editions whose numbers are old, and keep them, one after the other."""
    with database.reading(engine) as session:
        wanted = edition_statistics.due(session, now)
    for edition in wanted:
        with database.reading(engine) as session:
            found = edition_statistics.count(session, edition, now)
        with database.writing(engine) as session:
            edition_statistics.note(session, edition.id, found)


def find_most_sent(engine: Engine) -> None:
    """Find, and keep, the stories that stand for editions that have finished."""
    with database.reading(engine) as session:
        wanted = most_sent.due(session)
    for edition in wanted:
        with database.reading(engine) as session:
            stories = most_sent.of_edition(session, edition)
        with database.writing(engine) as session:
            most_sent.note(session, edition, stories)
