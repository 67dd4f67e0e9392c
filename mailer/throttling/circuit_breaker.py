"""Stops an edition by itself when its first copies are turned away: a bad list or a bad setting
should cost a thousand messages, not a million.

The first thousand copies that were tried are judged while they go out; when too many bounced or
were deferred, the edition is paused with the reason. ``editions resume`` overrides that: it is then
judged once more, after the next full thousand. It sends nothing and settles nothing.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.ledger import editions
from mailer.throttling.guard import Guard
from recommender.errors import ConflictError
from recommender.models import Delivery, DeliveryState, Edition, Stop
from recommender.safety import logs
from recommender.storage import database

log = logs.get("throttling")

BLOCK = 1_000
SAMPLE = 50
"""Copies that must have been tried before anything is said about an edition for the first time."""


@dataclass(frozen=True)
class Tally:
    """Copies that were tried, and those of them that bounced or wait for another attempt."""

    tried: int
    turned_away: int

    def since(self, before: "Tally") -> "Tally":
        away = max(0, self.turned_away - before.turned_away)
        return Tally(self.tried - before.tried, away)


def verdict(tally: Tally, share: float, *, at_least: int = SAMPLE) -> str | None:
    """Why an edition with these numbers is to be stopped; None when it may go on."""
    if tally.tried < at_least or tally.turned_away <= share * tally.tried:
        return None
    return (
        f"stopped: {tally.turned_away} of {tally.tried} copies bounced or were deferred, "
        f"more than {share:.0%}"
    )


class CircuitBreaker:
    """Looks after one edition for one run. When all is well after a block, only the ``guard`` looks
    on, which judges bounces, deferrals and complaints at leisure."""

    def __init__(self, edition_id: int, share: float, guard: Guard | None = None) -> None:
        self._edition_id = edition_id
        self._share = share
        self._guard = guard
        self._passed = share >= 1

    def look(self, engine: Engine, now: datetime) -> str | None:
        """Pause the edition if it is to be stopped, and say why. Meant to be called every second;
        one short query, and after the first block only what the guard asks."""
        if self._passed and (self._guard is None or not self._guard.due(now)):
            return None
        with database.reading(engine) as session:
            why = None if self._passed else self.check(session)
            if why is None and self._guard is not None:
                last = latest(session, self._edition_id)
                why = self._guard.check(session, now, None if last is None else last.at)
        if why is None:
            return None
        with database.writing(engine) as session:
            if not stop(session, self._edition_id, why, now=now):
                return None
            name = session.get_one(Edition, self._edition_id).name
        log.warning("paused", edition=name, why=why)
        return why

    def check(self, session: Session) -> str | None:
        """Why the edition is to be stopped."""
        last = latest(session, self._edition_id)
        before = Tally(last.tried, last.turned_away) if last else Tally(0, 0)
        tally = count(session, self._edition_id).since(before)
        self._passed = tally.tried >= BLOCK
        return verdict(tally, self._share, at_least=BLOCK if last else SAMPLE)


def count(session: Session, edition_id: int) -> Tally:
    """What has become of an edition so far; reads no row of a copy that was sent."""
    here = Delivery.edition_id == edition_id
    tried_again = (Delivery.state == DeliveryState.DEFERRED) & (Delivery.attempts > 0)
    # A copy that could not be made says nothing about the readers' servers.
    bounced = (Delivery.state == DeliveryState.FAILED) & (Delivery.reason != "copy")
    number = sa.select(sa.func.count())
    sent = session.scalar(number.where(here, Delivery.state == DeliveryState.SENT)) or 0
    away = sum(session.scalar(number.where(here, one)) or 0 for one in (bounced, tried_again))
    return Tally(sent + away, away)


def stop(session: Session, edition_id: int, why: str, *, now: datetime) -> bool:
    """Pause the edition, and keep the numbers; False when it is not being sent any more."""
    tally = count(session, edition_id)
    edition = session.get_one(Edition, edition_id, with_for_update=True)
    try:
        editions.pause(session, edition, why=why)
    except ConflictError:
        return False
    stop = Stop(
        edition_id=edition_id,
        at=now,
        tried=tally.tried,
        turned_away=tally.turned_away,
        why=why,
    )
    session.add(stop)
    session.flush()
    return True


def latest(session: Session, edition_id: int) -> Stop | None:
    """The last time the edition was stopped."""
    query = sa.select(Stop).where(Stop.edition_id == edition_id).order_by(Stop.id.desc()).limit(1)
    return session.scalar(query)


def in_force(session: Session, edition: Edition) -> str | None:
    """Why the edition stands still, if it stopped by itself."""
    stopped = latest(session, edition.id)
    return stopped.why if stopped is not None and stopped.why == edition.why else None
