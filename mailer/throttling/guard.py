"""Stops an edition whose mail does harm: too many bounces, complaints or deferrals.

While an edition is sent, its copies are judged as a whole, by recipient domain and by relay; before
the first of them, complaints of the last days, since most come when an edition is long out. Mailbox
providers block senders whose complaints pass 0.3 % (Google and Yahoo, "Email sender guidelines").
Nothing is said about a few copies, or because of one or two. ``editions resume`` overrides it: then
only what happens afterwards is judged. It decides; ``circuit_breaker`` pauses the edition.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Delivery, DeliveryState, Edition, Event, EventKind, Subscriber
from recommender.settings import Settings
from recommender.storage import bulk

LEAST = 3
"""Complaints, bounces or deferrals below which no share says anything."""
RECENT = timedelta(days=7)
INTERVAL = timedelta(seconds=15)
SHARE_OF_TIME = 0.02
"""Of the time of a sender that looking may take: what takes long is done less often."""
_ANSWERS = (EventKind.BOUNCE, EventKind.COMPLAINT)
_TRIED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.DEFERRED)


@dataclass(frozen=True)
class Thresholds:
    """Shares above which an edition is stopped, once ``copies`` were tried; 1: never."""

    complaints: float = 0.003
    bounces: float = 0.05
    deferrals: float = 0.5
    copies: int = 500

    @classmethod
    def of(cls, settings: Settings) -> "Thresholds":
        return cls(
            settings.guard_complaints,
            settings.guard_bounces,
            settings.guard_deferrals,
            settings.guard_copies,
        )


@dataclass
class Tally:
    """Copies that were tried, and what became of some of them. ``bounced``: for good, be it at once
    or by a notification that came later."""

    tried: int = 0
    bounced: int = 0
    deferred: int = 0
    complained: int = 0


Tallies = Mapping[str, Tally]
"""By what they are of: '' for all, ``at gmail.com``, ``by relay.example.net``."""


def verdict(tallies: Tallies, limits: Thresholds) -> str | None:
    """Why an edition with these tallies is to be stopped; None when it may go on."""
    for where, tally in tallies.items():
        shares = [
            ("complaints", tally.complained, limits.complaints),
            ("bounces", tally.bounced, limits.bounces),
        ]
        if not where.startswith("at "):  # a domain that defers is left alone by itself
            shares.append(("deferrals", tally.deferred, limits.deferrals))
        for name, number, most in shares:
            if tally.tried < limits.copies or number < LEAST or number <= most * tally.tried:
                continue
            share = f"{number / tally.tried:.2%}".replace("%", " %")
            of = f"{number} of {tally.tried} copies {where}".rstrip()
            return f"stopped: {share} {name} ({of}), more than {most * 100:g} %"
    return None


@dataclass
class Guard:
    """Looks after one edition for one run."""

    edition_id: int
    limits: Thresholds
    _next: datetime | None = None
    _before: tuple[int, ...] = field(default=())

    def due(self, now: datetime) -> bool:
        """Whether it is time to look."""
        return self._next is None or now >= self._next

    def check(self, session: Session, now: datetime, since: datetime | None) -> str | None:
        """Why the edition is to be stopped, at most every ``INTERVAL``; what was before ``since``,
        when it was last stopped, does not count."""
        if not self.due(now):
            return None
        first, began = self._next is None, time.perf_counter()
        why = None
        if first and since is None:
            why = recent(session, self.limits, now)
        if why is None:
            why = self._sent(session, since)
        took = timedelta(seconds=(time.perf_counter() - began) / SHARE_OF_TIME)
        self._next = now + max(INTERVAL, took)
        return why

    def _sent(self, session: Session, since: datetime | None) -> str | None:
        numbers = _troubles(session, self.edition_id)
        if max(numbers) < LEAST or numbers == self._before:
            return None
        self._before = numbers
        return verdict(tallies(session, self.edition_id, since), self.limits)


def recent(session: Session, limits: Thresholds, now: datetime) -> str | None:
    """Why nothing should be sent now: complaints about what went out in the last days."""
    late = sa.select(sa.func.count(Event.delivery_id.distinct()))
    complained = session.scalar(
        late.join(Delivery, Delivery.id == Event.delivery_id).where(
            Event.kind == EventKind.COMPLAINT,
            Event.at >= now - RECENT,
            Delivery.settled_at >= now - RECENT,
        )
    )
    if (complained or 0) < LEAST:
        return None
    sent = sa.select(sa.func.count()).select_from(Delivery)
    tried = session.scalar(
        sent.where(Delivery.state == DeliveryState.SENT, Delivery.settled_at >= now - RECENT)
    )
    tally = Tally(tried=tried or 0, complained=complained or 0)
    return verdict({f"of the last {RECENT.days} days": tally}, limits)


def tallies(session: Session, edition_id: int, since: datetime | None = None) -> Tallies:
    """What became of the copies of an edition, of all and by domain and relay; what was before
    ``since`` does not count."""
    found: dict[str, Tally] = defaultdict(Tally)
    domain = bulk.after(session, Subscriber.email, "@")
    here = sa.and_(Delivery.edition_id == edition_id, _tried(since))
    states = (
        sa.select(domain, Delivery.relay, Delivery.state, sa.func.count())
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(here)
        .group_by(domain, Delivery.relay, Delivery.state)
    )
    for host, relay, state, number in session.execute(states):
        for tally in _of(found, host, relay):
            tally.tried += number
            tally.bounced += number if state == DeliveryState.FAILED else 0
            tally.deferred += number if state == DeliveryState.DEFERRED else 0
    for (host, relay, kind), number in _answers(session, edition_id, here, domain).items():
        for tally in _of(found, host, relay):
            tally.complained += number if kind == EventKind.COMPLAINT else 0
            tally.bounced += number if kind == EventKind.BOUNCE else 0
    return dict(sorted(found.items()))


def _tried(since: datetime | None) -> sa.ColumnElement[bool]:
    """Copies that somebody was asked to take; one that could not be made says nothing."""
    ours = sa.func.coalesce(Delivery.reason, "") != "copy"
    if since is not None:
        states = (DeliveryState.SENT, DeliveryState.FAILED)
        return sa.and_(Delivery.state.in_(states), Delivery.settled_at > since, ours)
    return sa.and_(Delivery.state.in_(_TRIED), Delivery.attempts > 0, ours)


def _of(found: dict[str, Tally], host: str, relay: str | None) -> Iterator[Tally]:
    yield found[""]
    yield found[f"at {host}"]
    if relay is not None:
        yield found[f"by {relay}"]


def _answers(
    session: Session,
    edition_id: int,
    here: sa.ColumnElement[bool],
    domain: sa.ColumnElement[str],
) -> Counter[tuple[str, str | None, EventKind]]:
    """Copies that were taken and then bounced for good, or were complained about; each once."""
    query = (
        sa.select(Delivery.id, domain, Delivery.relay, Event.kind, Event.data)
        .join(Delivery, Delivery.id == Event.delivery_id)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(
            here,
            Delivery.state == DeliveryState.SENT,
            Event.kind.in_(_ANSWERS),
            Event.at >= _planned(edition_id),
        )
    )
    copies = {
        (number, host, relay, kind)
        for number, host, relay, kind, data in session.execute(query)
        if kind == EventKind.COMPLAINT or data.get("kind") == "hard"
    }
    return Counter((host, relay, kind) for _, host, relay, kind in copies)


def _planned(edition_id: int) -> sa.ScalarSelect[datetime]:
    """When the edition was planned: no answer to it is older."""
    return sa.select(Edition.planned_at).where(Edition.id == edition_id).scalar_subquery()


def _troubles(session: Session, edition_id: int) -> tuple[int, ...]:
    """How many copies failed, are deferred, and events came: cheap to ask, so that nothing else is
    asked while they are few or the same."""
    here = Delivery.edition_id == edition_id
    number = sa.select(sa.func.count()).select_from(Delivery)
    states = [
        session.scalar(number.where(here, Delivery.state == state)) or 0
        for state in (DeliveryState.FAILED, DeliveryState.DEFERRED)
    ]
    answers = (
        sa.select(sa.func.count())
        .select_from(Event)
        .where(Event.at >= _planned(edition_id), Event.kind.in_(_ANSWERS))
    )
    return (*states, session.scalar(answers) or 0)
