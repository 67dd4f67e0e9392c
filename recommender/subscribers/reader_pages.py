"""Readers a page at a time, the latest first, for people who look through them: all of a status, or
those whose address or name holds some words.

Every page is found by ids, so that it takes as long among a million readers as among a hundred. No
index finds a part of an address: a search therefore looks through readers window by window and ends
after a while, with the place from which it goes on. Reads only.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Status, Subscriber

MOST = 50
"""Readers on a page."""
WINDOW = 20_000
"""Ids that one statement of a search looks through."""
SECONDS = 1.0
"""A search begins no further window after that."""
Clock = Callable[[], float]


class ReaderRow(NamedTuple):
    """A reader in a list; ``last_active_at`` is their latest answer."""

    id: int
    email: str
    name: str
    status: Status
    created_at: datetime
    last_active_at: datetime | None


@dataclass(frozen=True)
class ReaderPage:
    """Readers, the latest first. ``newer`` and ``older`` are the ids from which the pages beside it
    go on (None: there is none): of readers after, and before them. ``left`` is when the latest of
    the readers came whom a search has not looked at yet, None when it has seen all."""

    rows: Sequence[ReaderRow]
    newer: int | None = None
    older: int | None = None
    left: datetime | None = None


def before(session: Session, status: Status | None, identifier: int | None = None) -> ReaderPage:
    """The page of readers with smaller ids; the first page without one."""
    query = _readers(status).order_by(Subscriber.id.desc()).limit(MOST + 1)
    if identifier is not None:
        query = query.where(Subscriber.id < identifier)
    rows = [ReaderRow(*row) for row in session.execute(query)]
    shown = rows[:MOST]
    newer = shown[0].id if shown and identifier is not None else None
    return ReaderPage(shown, newer, shown[-1].id if len(rows) > MOST else None)


def after(session: Session, status: Status | None, identifier: int) -> ReaderPage:
    """The page of readers with larger ids, those next to it."""
    query = _readers(status).where(Subscriber.id > identifier).order_by(Subscriber.id)
    rows = [ReaderRow(*row) for row in session.execute(query.limit(MOST + 1))]
    if len(rows) <= MOST:
        return before(session, status)
    shown = rows[:MOST][::-1]
    return ReaderPage(shown, shown[0].id, shown[-1].id)


def search(
    session: Session,
    words: str,
    status: Status | None,
    identifier: int | None = None,
    *,
    clock: Clock = time.monotonic,
) -> ReaderPage:
    """Readers whose address or name holds ``words``, whatever their case, among those with smaller
    ids; among all without one."""
    until = clock() + SECONDS
    lowest = session.scalar(sa.select(sa.func.min(Subscriber.id))) or 0
    highest = session.scalar(sa.select(sa.func.max(Subscriber.id))) or 0
    upper = highest + 1 if identifier is None else identifier
    query = _readers(status).where(_holding(words)).order_by(Subscriber.id.desc())
    rows: list[ReaderRow] = []
    while upper > lowest and len(rows) <= MOST and clock() < until:
        window = Subscriber.id < upper, Subscriber.id >= upper - WINDOW
        found = session.execute(query.where(*window).limit(MOST + 1 - len(rows)))
        rows += [ReaderRow(*row) for row in found]
        upper -= WINDOW
    if len(rows) > MOST:
        return ReaderPage(rows[:MOST], older=rows[MOST - 1].id)
    others = sa.select(Subscriber.created_at).where(Subscriber.id < upper)
    left = session.scalar(others.order_by(Subscriber.id.desc()).limit(1))
    return ReaderPage(rows, older=None if left is None else upper, left=left)


def _readers(status: Status | None) -> sa.Select[Any]:
    query = sa.select(*(getattr(Subscriber, name) for name in ReaderRow._fields))
    return query if status is None else query.where(Subscriber.status == status)


def _holding(words: str) -> sa.ColumnElement[bool]:
    """SQLite lowers ASCII letters alone; for others the usual ways to write them are tried."""
    ways = {_lowered(way) for way in (words, words.lower(), words.upper(), words.title())}
    columns = sa.func.lower(Subscriber.email), sa.func.lower(Subscriber.name)
    return sa.or_(*(one.contains(way, autoescape=True) for one in columns for way in sorted(ways)))


def _lowered(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)
