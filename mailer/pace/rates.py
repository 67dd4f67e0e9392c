"""Not more than N in any window: slots for messages, given out by the store.

A slot is taken right before a message is offered. What was given out is kept in one row per limit
and changed under the store's own lock, so the limit holds for all senders together and across
restarts. A sender takes slots a few at a time where the rate is high; they lapse quickly
(``windows``), and what was not used is given back. Without limits it never touches the store.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.pace import windows
from mailer.pace.windows import Window, ticks
from recommender import database, statements
from recommender.limits import Rate
from recommender.models import RateLimit

Rates = tuple[Rate, ...]
MANY = 1_000
"""Limits a sender remembers before it forgets those it does not use."""


@dataclass(frozen=True, slots=True)
class Full:
    """No slot before ``until``, because of ``rate`` under ``key``."""

    until: datetime
    key: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to offer one message under ``key`` up to ``until`` (microseconds)."""

    key: str
    until: int
    rates: Rates


@dataclass
class _Stock:
    """Slots of one limit in this sender's hands. ``moves`` are corrections for the store: so many
    slots counted at the first moment were used at the second, or (None) not at all."""

    rates: Rates
    left: int = 0
    until: int = 0
    size: int = 0
    full: Full | None = None
    moves: list[tuple[int, int | None, int]] = field(default_factory=list)


class Limiter:
    """The limits of one sender's process. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._stocks: dict[str, _Stock] = {}

    def take(self, limits: Mapping[str, Rates], now: datetime) -> list[Slot] | Full:
        """A slot under each of ``limits``, or of none: then when to ask again."""
        if not limits:
            return []
        tick = ticks(now)
        with self._lock:
            stocks = {key: self._stock(key, rates) for key, rates in limits.items()}
            full = [s.full for s in stocks.values() if s.full is not None and s.full.until > now]
            if full:
                return max(full, key=lambda one: one.until)
            lacking = {
                key: stock
                for key, stock in stocks.items()
                if stock.left == 0 or stock.until < tick or tick + _hold(stock) < stock.until
            }
            if lacking:
                if (refused := self._reserve(lacking, now)) is not None:
                    return refused
                self._forget(now)
            for stock in stocks.values():
                stock.left -= 1
            return [Slot(key, stock.until, stock.rates) for key, stock in stocks.items()]

    def _stock(self, key: str, rates: Rates) -> _Stock:
        stock = self._stocks.setdefault(key, _Stock(rates))
        if stock.rates != rates:  # a warm-up has reached its next step
            stock.rates, stock.full = rates, None
        return stock

    def _forget(self, now: datetime) -> None:
        """Keep nothing of limits that were not asked for lately: there may be one per domain."""
        if len(self._stocks) > MANY:
            self._stocks = {
                key: stock
                for key, stock in self._stocks.items()
                if stock.left or stock.moves or (stock.full and stock.full.until > now)
            }

    def give_back(self, slots: Iterable[Slot], now: datetime) -> None:
        """These slots were not used."""
        tick = ticks(now)
        with self._lock:
            for slot in slots:
                stock = self._stocks.setdefault(slot.key, _Stock(slot.rates))
                if stock.until == slot.until and stock.until >= tick:
                    stock.left += 1
                else:
                    stock.moves.append((slot.until, None, 1))

    def used(self, slots: Iterable[Slot], now: datetime) -> None:
        """The messages of these slots have been answered. One that took longer than its slot holds
        counts from now on."""
        tick = ticks(now)
        late = [slot for slot in slots if slot.until < tick]
        if not late:
            return
        waited = False
        with self._lock:
            for slot in late:
                stock = self._stocks.setdefault(slot.key, _Stock(slot.rates))
                stock.moves.append((slot.until, tick, 1))
                waited |= tick - stock.moves[0][0] > stock.rates[0].seconds * 500_000
        if waited:
            self.flush(now)

    def flush(self, now: datetime) -> None:
        """Tell the store what is still to be told."""
        with self._lock:
            for stock in self._stocks.values():
                _lay_down(stock)
            telling = {key: stock for key, stock in self._stocks.items() if stock.moves}
            if telling:
                with database.writing(self._engine) as session:
                    rows = _locked(session, list(telling))
                    for key, stock in telling.items():
                        if key in rows:
                            _keep(session, key, _current(rows[key], stock, ticks(now)))
                for stock in telling.values():
                    stock.moves.clear()
            self._stocks.clear()

    def _reserve(self, lacking: Mapping[str, _Stock], now: datetime) -> Full | None:
        """Put slots into every stock, or into none and say why."""
        tick = ticks(now)
        for stock in lacking.values():
            _lay_down(stock)
        with database.writing(self._engine) as session:
            rows = _locked(session, list(lacking), now)
            counted = {
                key: _current(rows[key], stock, tick, grow=True) for key, stock in lacking.items()
            }
            refused = [
                Full(windows.moment(counted[key][rate.seconds].frees(rate.most)), key, rate)
                for key, stock in lacking.items()
                for rate in stock.rates
                if counted[key][rate.seconds].count() >= rate.most
            ]
            given = {} if refused else {key: _size(s, counted[key]) for key, s in lacking.items()}
            for key, stock in lacking.items():
                for window in counted[key].values():
                    window.add(tick + _hold(stock), given.get(key, 0))
                _keep(session, key, counted[key])
        for key, stock in lacking.items():
            stock.moves.clear()
            stock.full = None
            if key in given:
                stock.left, stock.until, stock.size = given[key], tick + _hold(stock), given[key]
        for full in sorted(refused, key=lambda one: one.until):
            lacking[full.key].full = full
        return max(refused, key=lambda one: one.until, default=None)


def _hold(stock: _Stock) -> int:
    return windows.hold(stock.rates[0].seconds)


def _lay_down(stock: _Stock) -> None:
    """Slots that are left have lapsed, or are given up: they need not be counted."""
    if stock.left:
        stock.moves.append((stock.until, None, stock.left))
        stock.size -= stock.left
        stock.left = 0


def _size(stock: _Stock, counted: Mapping[int, Window]) -> int:
    """How many slots to take at once: twice as many as last time, and no more than lapse with
    little harm."""
    room = min(rate.most - counted[rate.seconds].count() for rate in stock.rates)
    lapse = stock.rates[0].most * windows.HOLD // windows.PIECES
    return max(1, min(room, lapse, stock.size * 2))


def _locked(
    session: Session, keys: Iterable[str], now: datetime | None = None
) -> dict[str, dict[str, list[list[int]]]]:
    """What the store holds for ``keys``, with those rows locked; ``now`` makes missing ones."""
    wanted = sorted(keys)
    query = (
        sa.select(RateLimit.key, RateLimit.windows)
        .where(RateLimit.key.in_(wanted))
        .order_by(RateLimit.key)
        .with_for_update()
    )
    rows = {row.key: row.windows for row in session.execute(query)}
    missing = [key for key in wanted if key not in rows]
    if not missing or now is None:
        return rows
    new = [{"key": k, "windows": {}, "started_at": now, "expires_at": now} for k in missing]
    session.execute(statements.insert(session, RateLimit).on_conflict_do_nothing(), new)
    return {row.key: row.windows for row in session.execute(query)}


def _current(
    document: dict[str, list[list[int]]], stock: _Stock, tick: int, *, grow: bool = False
) -> dict[int, Window]:
    """The windows of a limit with this sender's corrections in them. ``grow``: only those that the
    limit has now."""
    wanted = {rate.seconds for rate in stock.rates}
    found = windows.read(document, wanted if grow else wanted | {int(name) for name in document})
    for window in found.values():
        for counted, used, number in stock.moves:
            window.add(counted, -number)
            if used is not None:
                window.add(used, number)
        window.forget(tick)
    return found


def _keep(session: Session, key: str, counted: Mapping[int, Window]) -> None:
    session.execute(
        sa.update(RateLimit)
        .where(RateLimit.key == key)
        .values(
            windows=windows.written(counted.values()),
            expires_at=windows.moment(max(window.ends() for window in counted.values())),
        )
        .execution_options(synchronize_session=False)
    )


def look(engine: Engine, limits: Mapping[str, Rates], now: datetime) -> Full | None:
    """Which of ``limits`` gives no slot now, and the latest moment one of them will; reads only."""
    if not limits:
        return None
    query = sa.select(RateLimit.key, RateLimit.windows).where(RateLimit.key.in_(list(limits)))
    with database.reading(engine) as session:
        rows = {row.key: row.windows for row in session.execute(query)}
    refused = []
    for key, document in rows.items():
        counted = _current(document, _Stock(limits[key]), ticks(now), grow=True)
        refused += [
            Full(windows.moment(counted[rate.seconds].frees(rate.most)), key, rate)
            for rate in limits[key]
            if counted[rate.seconds].count() >= rate.most
        ]
    return max(refused, key=lambda full: full.until, default=None)


def tidy(session: Session, *, now: datetime, keep: str) -> None:
    """Remove rows that say nothing any more, but those whose key begins with ``keep``."""
    session.execute(
        sa.delete(RateLimit).where(
            RateLimit.expires_at < now, ~RateLimit.key.startswith(keep, autoescape=True)
        )
    )
