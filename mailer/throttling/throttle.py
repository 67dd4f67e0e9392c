"""The throttle before every message: it goes now, its sender waits, or it is put back.

It joins what holds sending back: rates, the warm-up, and domains that asked for less. One throttle
serves all connections of a run; each has its own ``permits``. It knows no relay and no verdict:
``mailer.delivery.throttled_offer`` tells it what servers answered. Without limits a message costs a
look at a dictionary; every few seconds paused domains are read.
"""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Engine

from mailer.throttling import pauses, rate_store, warmup
from mailer.throttling.rates import Permit, RateLimiter
from recommender.settings import Settings, limits
from recommender.settings.limits import OTHERS, LimitReached, Rates
from recommender.storage import database

PATIENCE = timedelta(seconds=90)
"""For how long a connection waits in place when no message may be sent at all."""
DOMAIN_PATIENCE = timedelta(seconds=2)
"""The same when only this message's domain may get none: others go first."""
SHORTEST_WAIT = 0.005
LOOK_EVERY = timedelta(seconds=5)
"""How often it looks which domains other senders have paused."""
PROBES = 100
"""Copies that come back when a pause ends; then twice as many a pause later, and so on."""
ALL = "all"
DOMAIN = "domain:"


@dataclass(frozen=True)
class Postponed:
    """The message was not offered. The copy is put back until then; without ``until`` it is left
    claimed, since the run is about to end."""

    until: datetime | None
    why: str
    reason: str = "held"


ENDING = Postponed(None, "the run is ending")


class Permits:
    """The permits that one connection has in hand, for the message it offers."""

    def __init__(self, throttle: "Throttle") -> None:
        self._throttle = throttle
        self._permits: list[Permit] = []

    def now(self) -> datetime:
        return self._throttle.now()

    def take(self, recipient: str, relay: str | None, rates: Rates) -> LimitReached | None:
        """Count a message under each limit that concerns it, or say which allows none."""
        permits = self._throttle.take(recipient, relay, rates)
        if isinstance(permits, LimitReached):
            return permits
        self._permits += permits
        return None

    def used(self) -> None:
        """The message has been answered."""
        if self._permits:
            permits, self._permits = self._permits, []
            self._throttle.used(permits)


class Throttle:
    """Whether a message may be offered. Safe to share between threads."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        clock: Callable[[], datetime],
        *,
        skew: timedelta | None = None,
    ) -> None:
        """``skew``: by how much ``clock`` is behind the time all share; default: the store's."""
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._skew = database.skew(engine, clock()) if skew is None else skew
        self._rate_limiter = RateLimiter(engine)
        self._all: Rates = limits.rates(settings.rate) if settings.rate else ()
        self._domains = limits.by_domain(settings.domain_rates or {})
        self._lock = threading.Lock()
        self._shut: Postponed | None = None
        self._put_back: list[datetime] = []
        self._queues: dict[str, tuple[datetime, int]] = {}
        now = self.now()
        if settings.rate or settings.domain_rates:
            with database.writing(engine) as session:
                rate_store.delete_stale(session, now=now, keep=warmup.PREFIX)
        with database.reading(engine) as session:
            self._began = warmup.began(session, settings) if settings.warm_up else None
            self._pauses = pauses.by_domain(session)
        self._looked = now
        self._look_ahead(now)

    def now(self) -> datetime:
        """The time all senders of a store share."""
        return self._clock() + self._skew

    def shut(self) -> Postponed | None:
        """Why, and until when, no message at all may be sent; None while some may."""
        shut = self._shut
        if shut is not None and shut.until is not None and shut.until <= self.now() + PATIENCE:
            self._shut = shut = None
        return shut

    def soon(self) -> float | None:
        """Seconds until a copy comes back that was put back for a moment only; None: none does."""
        now = self.now()
        with self._lock:
            while self._put_back and self._put_back[0] < now - LOOK_EVERY:
                heapq.heappop(self._put_back)
            if not self._put_back or self._put_back[0] > now + PATIENCE:
                return None
            return max(SHORTEST_WAIT, (heapq.heappop(self._put_back) - now).total_seconds())

    def permits(self) -> Permits:
        """The permits of one more connection."""
        return Permits(self)

    def take(self, recipient: str, relay: str | None, rates: Rates) -> list[Permit] | LimitReached:
        """A permit under each limit that concerns a message, or of none: then which is used up."""
        if not (rates or self._all or self._domains or self._settings.warm_up):
            return []
        now = self.now()
        wanted = self._limits(pauses.domain_of(recipient), now)
        if relay is not None and rates:
            wanted[relay] = rates
        if not wanted:
            return []
        permits = self._rate_limiter.take(wanted, now)
        if not isinstance(permits, LimitReached):
            self._began = self._began or now
        return permits

    def used(self, permits: list[Permit]) -> None:
        """The messages of these permits have been answered."""
        self._rate_limiter.used(permits, self.now())

    def unlimited(self) -> bool:
        """Whether no limit is set, and no domain paused."""
        settings = self._settings
        return not (self._all or self._domains or self._pauses or settings.warm_up)

    def barred(self, recipient: str) -> Postponed | None:
        """Why a message need not even ask for a permit; None when it may."""
        now, domain = self.now(), pauses.domain_of(recipient)
        if self.shut() is not None:
            return ENDING
        self._look_again(now)
        pause = self._pauses.get(domain)
        if pause is None or not pauses.in_force(pause.until, now):
            return None
        with self._lock:
            base, number = self._queues.get(domain, (pause.until, 0))
            number = 0 if base != pause.until else number
            self._queues[domain] = (pause.until, number + 1)
        rounds = (number // PROBES + 1).bit_length() - 1
        until = pause.until + rounds * timedelta(seconds=pause.seconds)
        return Postponed(until, f"{domain} asked for less: {pause.why}", "paused")

    def postpone(self, until: datetime, limit: LimitReached | None, why: str) -> Postponed | None:
        """What to do about a message that may not go before ``until``; None: wait in place."""
        now = self.now()
        if limit is not None and limit.key.startswith(DOMAIN):
            return self._behind(limit, now) if until > now + DOMAIN_PATIENCE else None
        if limit is not None:
            until = self._next_try(limit, until, now)
        if until <= now + PATIENCE:
            return None
        self._shut = _shut(why, until)
        return ENDING

    def slowed_down(self, recipient: str, words: str) -> None:
        """The domain of ``recipient`` asked for less mail."""
        domain, now = pauses.domain_of(recipient), self.now()
        pause = self._pauses.get(domain)
        if pause is not None and pauses.in_force(pause.until, now):
            return
        with database.writing(self._engine) as session:
            pause = pauses.slow_down(session, domain, words, now)
        with self._lock:
            self._pauses[domain] = pause

    def accepted(self, recipient: str) -> None:
        """The domain of ``recipient`` took a message."""
        if not self._pauses:
            return
        domain, now = pauses.domain_of(recipient), self.now()
        pause = self._pauses.get(domain)
        if pause is None or not pauses.may_forgive(pause, now):
            return
        with database.writing(self._engine) as session:
            pause = pauses.forgive(session, domain, now)
        with self._lock:
            if pause is None:
                self._pauses.pop(domain, None)
            else:
                self._pauses[domain] = pause

    def close(self) -> None:
        """The run has ended: what was reserved and not used is free again."""
        self._rate_limiter.flush(self.now())

    def _limits(self, domain: str, now: datetime) -> dict[str, Rates]:
        wanted: dict[str, Rates] = {}
        if self._all:
            wanted[ALL] = self._all
        if (today := warmup.today(self._settings, self._began, now)) is not None:
            wanted[today[0]] = (today[1],)
        if self._domains:
            name, rates = self._domains.get(domain) or self._domains.get(OTHERS) or ("", ())
            if rates:
                wanted[DOMAIN + (domain if name == OTHERS else name)] = rates
        return wanted

    def _look_ahead(self, now: datetime) -> None:
        """Whether the limits for everything are used up already."""
        wanted = self._limits("", now)
        everything = {key: wanted[key] for key in wanted if not key.startswith(DOMAIN)}
        full = rate_store.peek(self._engine, everything, now)
        if full is not None and full.until > now + PATIENCE:
            self._shut = _shut(str(full), self._next_try(full, full.until, now))

    def _look_again(self, now: datetime) -> None:
        """See which domains other senders have paused."""
        if now - self._looked < LOOK_EVERY:
            return
        with self._lock:
            if now - self._looked < LOOK_EVERY:
                return
            self._looked = now
            with database.reading(self._engine) as session:
                self._pauses = pauses.by_domain(session)

    def _behind(self, full: LimitReached, now: datetime) -> Postponed:
        """Behind those of the domain that were put back before: there is room for so many in each
        window only."""
        with self._lock:
            base, number = self._queues.get(full.key, (full.until, 0))
            if base <= now:
                base, number = full.until, 0
            self._queues[full.key] = (base, number + 1)
            until = base + number // full.rate.most * timedelta(seconds=full.rate.seconds)
            heapq.heappush(self._put_back, until)
        return Postponed(until, str(full))

    def _next_try(self, full: LimitReached, until: datetime, now: datetime) -> datetime:
        """When there is room again; in a warm-up that is the next day."""
        if self._began is None or not full.key.startswith(warmup.PREFIX):
            return until
        return warmup.next_step(self._began, now)


def _shut(why: str, until: datetime) -> Postponed:
    return Postponed(until, f"{why}: used up until {until:%Y-%m-%d %H:%M} UTC")
