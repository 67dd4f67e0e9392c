"""The gate before every message: may it be offered now, should its sender wait, or is it put back?

It joins what holds sending back: rates, the warm-up, domains that asked for less. One gate serves
all connections of a run::

    gate = Gate(engine, settings, clock)
    open_transport = transports.opener(settings, folder, gate)

    while not halted:                                 # the thread that claims
        if gate.shut() is not None: break             # nothing may be sent for long: end the run
        claims, looked_at = ledger.claim(...)
        if looked_at == 0:
            if (seconds := gate.soon()) is None: break
            halted.wait(seconds)                      # copies put back for a moment come back
            continue

    answer = gate.offer(transport, message, number=claim.number, wait=halted.wait)
    if isinstance(answer, Later):                     # each connection, in place of transport.offer
        if answer.until is not None:                  # None: leave it claimed, the run is ending
            recorder.settle(answer.outcome(claim.delivery_id), claim.email)
        return
    verdict = answer
    if verdict is None:
        ... recorder.put_on_wire(...); verdict = transport.commit()
    gate.heard(verdict, message.recipient)            # every verdict, also one of offer
    ...
    gate.close()                                      # when all connections have ended

Without limits a message costs a look at a dictionary; every few seconds paused domains are read.
"""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Engine

from mailer.ledger.deliveries import Outcome
from mailer.mime.message import Message
from mailer.relay import green_threads
from mailer.relay.relay_pool import HELD, LIMITS
from mailer.relay.smtp_client import Relay
from mailer.relay.transport import Transport, Verdict
from mailer.throttling import pauses, rates, warmup
from mailer.throttling.rates import LimitReached, RateLimiter, Rates, Slot
from recommender.models import DeliveryState
from recommender.settings import Settings, limits
from recommender.settings.limits import OTHERS
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

    def outcome(self, delivery_id: int, until: datetime | None = None) -> Outcome:
        """The copy as the ledger takes it back: deferred, and not counted as an attempt. Another
        ``until`` is given when that moment is one of the reader's quiet hours."""
        return Outcome(
            delivery_id,
            DeliveryState.DEFERRED,
            reply=self.why,
            reason=self.reason,
            retry_at=until or self.until,
            tried=False,
        )


@dataclass
class _Mine:
    """What the lane or thread that asks has in hand."""

    full: LimitReached | None = None
    slots: list[Slot] = field(default_factory=list)


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
        self._in_hand: WeakKeyDictionary[object, _Mine] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._shut: Postponed | None = None
        self._put_back: list[datetime] = []
        self._queues: dict[str, tuple[datetime, int]] = {}
        now = self.now()
        if settings.rate or settings.domain_rates:
            with database.writing(engine) as session:
                rates.tidy(session, now=now, keep=warmup.PREFIX)
        with database.reading(engine) as session:
            self._began = warmup.began(session, settings) if settings.warm_up else None
            self._pauses = pauses.known(session)
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

    def offer(
        self,
        transport: Transport,
        message: Message,
        *,
        number: int,
        wait: Callable[[float], bool],
    ) -> Verdict | Postponed | None:
        """``transport.offer`` as soon as it may be called; Later when it may not for a while.

        ``wait`` is called with seconds, and returns at once, with True, when the run is to end.
        """
        domain = pauses.domain_of(message.recipient)
        while True:
            if (later := self._barred(domain)) is not None:
                return later
            if (mine := self._known()) is not None:
                mine.full = None
            verdict = self._offer(transport, message, number)
            if verdict is None or verdict.kind is not HELD:
                return verdict
            now = self.now()
            until = verdict.until or now
            if (later := self._held(domain, until, verdict, now)) is not None:
                return later
            if wait(max(SHORTEST_WAIT, (until - now).total_seconds())):
                return Postponed(None, "the run is ending")

    def take(self, recipient: str, relay: Relay | None) -> LimitReached | None:
        """As ``relays.Limits.take``: a slot under each limit that concerns the message."""
        now = self.now()
        wanted = self._limits(pauses.domain_of(recipient), now)
        if relay is not None and relay.rates:
            wanted[relay.key] = relay.rates
        if not wanted:
            return None
        taken = self._rate_limiter.take(wanted, now)
        if isinstance(taken, LimitReached):
            self._mine().full = taken
            return taken
        self._began = self._began or now
        self._mine().slots += taken
        return None

    def heard(self, verdict: Verdict, recipient: str) -> None:
        """The answer to a message that was offered."""
        now = self.now()
        mine = self._known()
        if mine is not None and mine.slots:
            slots, mine.slots = mine.slots, []
            self._rate_limiter.used(slots, now)
        domain = pauses.domain_of(recipient)
        if pauses.matters(self._pauses.get(domain), verdict, now):
            with database.writing(self._engine) as session:
                pause = pauses.heard(session, domain, verdict, now)
            with self._lock:
                if pause is None:
                    self._pauses.pop(domain, None)
                else:
                    self._pauses[domain] = pause

    def close(self) -> None:
        """The run has ended: what was reserved and not used is free again."""
        self._rate_limiter.flush(self.now())

    def _known(self) -> _Mine | None:
        """What whoever asks has in hand, if ever anything; without limits nobody has."""
        return self._in_hand.get(green_threads.caller()) if self._in_hand else None

    def _mine(self) -> _Mine:
        who = green_threads.caller()
        mine = self._in_hand.get(who)
        if mine is None:
            mine = self._in_hand[who] = _Mine()
        return mine

    def _offer(self, transport: Transport, message: Message, number: int) -> Verdict | None:
        if self._settings.smtp_url is None:  # relays ask for themselves, right before each offer
            full = self.take(message.recipient, None)
            if full is not None:
                return Verdict(HELD, LIMITS, reply=_words(full), until=full.until)
        return transport.offer(message, number=number)

    def _limits(self, domain: str, now: datetime) -> dict[str, Rates]:
        wanted: dict[str, Rates] = {}
        if self._all:
            wanted[ALL] = self._all
        if (today := warmup.today(self._settings, self._began, now)) is not None:
            wanted[today[0]] = (today[1],)
        if self._domains:
            name, found = self._domains.get(domain) or self._domains.get(OTHERS) or ("", ())
            if found:
                wanted[DOMAIN + (domain if name == OTHERS else name)] = found
        return wanted

    def _look_ahead(self, now: datetime) -> None:
        """Whether the limits for everything are used up already."""
        wanted = self._limits("", now)
        everything = {key: wanted[key] for key in wanted if not key.startswith(DOMAIN)}
        full = rates.look(self._engine, everything, now)
        if full is not None and full.until > now + PATIENCE:
            self._shut = _shut(_words(full), self._next_try(full, full.until, now))

    def _barred(self, domain: str) -> Postponed | None:
        """Why a message for ``domain`` need not even ask."""
        now = self.now()
        if self.shut() is not None:
            return Postponed(None, "the run is ending")
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

    def _look_again(self, now: datetime) -> None:
        """See which domains other senders have paused."""
        if now - self._looked < LOOK_EVERY:
            return
        with self._lock:
            if now - self._looked < LOOK_EVERY:
                return
            self._looked = now
            with database.reading(self._engine) as session:
                self._pauses = pauses.known(session)

    def _held(
        self, domain: str, until: datetime, verdict: Verdict, now: datetime
    ) -> Postponed | None:
        """What to do about a message that may not go before ``until``; None: wait in place."""
        full = self._mine().full
        if full is not None and full.key.startswith(DOMAIN):
            return self._behind(full, now) if until > now + DOMAIN_PATIENCE else None
        if full is not None:
            until = self._next_try(full, until, now)
        if until <= now + PATIENCE:
            return None
        self._shut = _shut(verdict.reply or "", until)
        return Postponed(None, "the run is ending")

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
        return Postponed(until, _words(full))

    def _next_try(self, full: LimitReached, until: datetime, now: datetime) -> datetime:
        """When there is room again; in a warm-up that is the next day."""
        if self._began is None or not full.key.startswith(warmup.PREFIX):
            return until
        return warmup.next_step(self._began, now)


def _shut(why: str, until: datetime) -> Postponed:
    return Postponed(until, f"{why}: used up until {until:%Y-%m-%d %H:%M} UTC")


def _words(full: LimitReached) -> str:
    return f"{full.rate} ({full.key})"
