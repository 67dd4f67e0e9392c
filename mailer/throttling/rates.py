"""Not more than N in any window: permits for messages, given out by the store.

A permit is taken right before a message is offered. What was given out is kept in one row per limit
and changed under the store's own lock, so the limit holds for all senders together and across
restarts. A sender takes permits a few at a time where the rate is high; they lapse quickly
(``windows``), and what was not used is given back. Without limits it never touches the store.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Engine

from mailer.throttling import sliding_window
from mailer.throttling.rate_store import AHEAD, Stock, current, hold, locked, write
from mailer.throttling.sliding_window import Window, ticks
from recommender.settings.limits import LimitReached, Rates
from recommender.storage import database

MANY = 1_000
"""Limits a sender remembers before it forgets those it does not use."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to offer one message under ``key`` up to ``until`` (microseconds)."""

    key: str
    until: int
    rates: Rates


class RateLimiter:
    """The limits of one sender's process. Safe to share between threads.

    Permits that are in hand are given out while the store is locked. Threads that need some from
    the store go there one after the other; while one waits, the others share its failure rather
    than wait as long, each in turn.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()  # over what is below; nobody waits for the store with it
        self._stocks: dict[str, Stock] = {}
        self._trip = threading.Lock()  # over the way to the store
        self._failures: list[BaseException] = []

    def take(self, limits: Mapping[str, Rates], now: datetime) -> list[Permit] | LimitReached:
        """A permit under each of ``limits``, or of none: then when to ask again."""
        if not limits:
            return []
        seen = self._failures
        with self._lock:
            if (permits := self._in_hand(limits, now)) is not None:
                return permits
        with self._trip:
            if self._failures is not seen:
                raise self._failures[0]
            return self._fetch(limits, now)

    def _in_hand(
        self, limits: Mapping[str, Rates], now: datetime
    ) -> list[Permit] | LimitReached | None:
        """The same without the store; None when it must be asked."""
        tick = ticks(now)
        stocks = {key: self._stock(key, rates) for key, rates in limits.items()}
        full = [s.full for s in stocks.values() if s.full is not None and _still(s.full, now)]
        if full:
            return max(full, key=lambda one: one.until)
        if any(_lacks(stock, tick) for stock in stocks.values()):
            return None
        for stock in stocks.values():
            stock.left -= 1
        return [Permit(key, stock.until, stock.rates) for key, stock in stocks.items()]

    def _fetch(self, limits: Mapping[str, Rates], now: datetime) -> list[Permit] | LimitReached:
        with self._lock:
            if (ready := self._in_hand(limits, now)) is not None:  # another has been there
                return ready
            stocks = {key: self._stocks[key] for key in limits}
            lacking = {k: stock for k, stock in stocks.items() if _lacks(stock, ticks(now))}
            asked = {key: _taken_from(stock) for key, stock in lacking.items()}
            permits = {
                k: Permit(k, s.until, s.rates) for k, s in stocks.items() if k not in lacking
            }
            for key in permits:
                stocks[key].left -= 1
        try:
            answers = self._reserve(asked, now)
        except BaseException as error:
            self._failures = [error]
            self._put_back(asked)
            self.give_back(permits.values(), now)
            raise
        with self._lock:
            self._keep(asked, answers, permits)
            self._forget(now)
        refused = [one for one in answers.values() if isinstance(one, LimitReached)]
        if refused:
            self.give_back(permits.values(), now)
            return max(refused, key=lambda one: one.until)
        return [permits[key] for key in limits]

    def _keep(
        self,
        asked: Mapping[str, Stock],
        answers: Mapping[str, "_Given | LimitReached"],
        permits: dict[str, Permit],
    ) -> None:
        """Take what the store gave into stock, but the one that is asked for."""
        for key, answer in answers.items():
            stock = self._stock(key, asked[key].rates)
            stock.full = answer if isinstance(answer, LimitReached) else None
            if isinstance(answer, LimitReached) or not answer.number:
                continue
            _lay_down(stock)  # what was given back in the meantime
            stock.left, stock.until, stock.size = answer.number - 1, answer.until, answer.number
            permits[key] = Permit(key, answer.until, stock.rates)

    def _stock(self, key: str, rates: Rates) -> Stock:
        stock = self._stocks.setdefault(key, Stock(rates))
        if stock.rates != rates:  # a warm-up has reached its next step
            stock.rates, stock.full = rates, None
        return stock

    def _forget(self, now: datetime) -> None:
        """Keep nothing of limits that were not asked for lately: there may be one per domain."""
        if len(self._stocks) > MANY:
            self._stocks = {
                key: stock
                for key, stock in self._stocks.items()
                if stock.left or stock.moves or (stock.full and _still(stock.full, now))
            }

    def give_back(self, permits: Iterable[Permit], now: datetime) -> None:
        """These permits were not used."""
        tick = ticks(now)
        with self._lock:
            for permit in permits:
                stock = self._stocks.setdefault(permit.key, Stock(permit.rates))
                if stock.until == permit.until and stock.until >= tick:
                    stock.left += 1
                else:
                    stock.moves.append((permit.until, None, 1))

    def used(self, permits: Iterable[Permit], now: datetime) -> None:
        """The messages of these permits have been answered. One that took longer than its permit
        holds counts from now on."""
        tick = ticks(now)
        late = [permit for permit in permits if permit.until < tick]
        if not late:
            return
        waited = False
        with self._lock:
            for permit in late:
                stock = self._stocks.setdefault(permit.key, Stock(permit.rates))
                stock.moves.append((permit.until, tick, 1))
                waited |= tick - stock.moves[0][0] > stock.rates[0].seconds * 500_000
        if waited:
            self.flush(now)

    def flush(self, now: datetime) -> None:
        """Tell the store what is still to be told."""
        with self._trip:
            self._flush(now)

    def _flush(self, now: datetime) -> None:
        with self._lock:
            telling = {key: _taken_from(stock) for key, stock in self._stocks.items()}
            telling = {key: stock for key, stock in telling.items() if stock.moves}
            self._stocks.clear()
        if not telling:
            return
        try:
            with database.writing(self._engine) as session:
                rows = locked(session, list(telling))
                for key, stock in telling.items():
                    if key in rows:
                        write(session, key, current(rows[key], stock, ticks(now)), now)
        except BaseException:
            self._put_back(telling)
            raise

    def _put_back(self, asked: Mapping[str, Stock]) -> None:
        """What could not be told is to be told still."""
        with self._lock:
            for key, stock in asked.items():
                self._stock(key, stock.rates).moves.extend(stock.moves)

    def _reserve(
        self, asked: Mapping[str, Stock], now: datetime
    ) -> dict[str, "_Given | LimitReached"]:
        """Permits under every limit, or under none and which of them have none to give."""
        tick = ticks(now)
        with database.writing(self._engine) as session:
            rows = locked(session, list(asked), now)
            counted = {
                key: current(rows[key], stock, tick, grow=True) for key, stock in asked.items()
            }
            refused = [
                LimitReached(
                    sliding_window.moment(counted[key][rate.seconds].frees(rate.most)), key, rate
                )
                for key, stock in asked.items()
                for rate in stock.rates
                if counted[key][rate.seconds].count() >= rate.most
            ]
            given = {} if refused else {key: _size(s, counted[key]) for key, s in asked.items()}
            for key, stock in asked.items():
                for window in counted[key].values():
                    window.add(tick + hold(stock), given.get(key, 0))
                write(session, key, counted[key], now)
        answers: dict[str, _Given | LimitReached] = {
            key: _Given(given.get(key, 0), tick + hold(stock)) for key, stock in asked.items()
        }
        return answers | {full.key: full for full in sorted(refused, key=lambda one: one.until)}


@dataclass(frozen=True, slots=True)
class _Given:
    """So many permits, to be used up to ``until``."""

    number: int
    until: int


def _lacks(stock: Stock, tick: int) -> bool:
    return stock.left == 0 or stock.until < tick or tick + hold(stock) < stock.until


def _taken_from(stock: Stock) -> Stock:
    """What is to be told of a limit, to take along to the store."""
    _lay_down(stock)
    moves, stock.moves = stock.moves, []
    return Stock(stock.rates, size=stock.size, moves=moves)


def _still(full: LimitReached, now: datetime) -> bool:
    """Whether a limit is used up still; for longer than its window none can be, unless the clock
    was ahead when that was found."""
    longest = timedelta(
        seconds=full.rate.seconds * (1 + 2 * sliding_window.HOLD / sliding_window.PIECES)
    )
    return now < full.until <= now + longest + AHEAD


def _lay_down(stock: Stock) -> None:
    """Permits that are left have lapsed, or are given up: they need not be counted."""
    if stock.left:
        stock.moves.append((stock.until, None, stock.left))
        stock.size -= stock.left
        stock.left = 0


def _size(stock: Stock, counted: Mapping[int, Window]) -> int:
    """How many permits to take at once: twice as many as last time, and no more than lapse with
    little harm."""
    room = min(rate.most - counted[rate.seconds].count() for rate in stock.rates)
    lapse = stock.rates[0].most * sliding_window.HOLD // sliding_window.PIECES
    return max(1, min(room, lapse, stock.size * 2))
