"""Recipient domains that asked for less mail and are left alone for a while, kept in the store.

A pause begins with a minute and doubles each time the domain complains again, up to an hour; when
the domain has taken mail for as long as its last pause was, the next one would be half as long. It
decides nothing about copies. The caller commits.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Pause
from recommender.safety import logs, scrubbing
from recommender.safety.hosts import ascii_host
from recommender.storage import bulk, database

log = logs.get("throttling")
FIRST = 60
LONGEST = 3_600
"""Seconds."""
_WORDS = 300


def domain_of(address: str) -> str:
    """The domain of an address, as it is compared: in A-labels."""
    domain = address.rpartition("@")[2]
    try:
        return ascii_host(domain).rstrip(".")
    except ValueError:  # an address literal
        return domain.lower().rstrip(".")


def by_domain(session: Session) -> dict[str, Pause]:
    """Every domain that has complained and not yet been forgiven."""
    return {pause.domain: pause for pause in session.scalars(sa.select(Pause))}


def in_force(until: datetime, now: datetime) -> bool:
    """Whether a pause that ends at ``until`` holds. None is longer than ``LONGEST``: one that seems
    to be was begun by a clock that was ahead, and means nothing."""
    return now < until <= now + timedelta(seconds=LONGEST) + database.LARGEST_SKEW


def paused(session: Session, now: datetime) -> list[Pause]:
    """The domains that are being left alone, the one that comes back first at the top."""
    query = sa.select(Pause).where(Pause.until > now).order_by(Pause.until, Pause.domain)
    return [pause for pause in session.scalars(query) if in_force(pause.until, now)]


def until(session: Session, domain: str, now: datetime) -> datetime | None:
    """Until when ``domain`` is left alone; None when it is not."""
    until = session.scalar(sa.select(Pause.until).where(Pause.domain == domain))
    return until if until is not None and in_force(until, now) else None


def slow_down(session: Session, domain: str, words: str, now: datetime) -> Pause:
    """Pause a domain that asked for less with these ``words``, for longer than the last time."""
    pause = session.scalar(_locked(domain))
    if pause is None:
        new = bulk.insert(session, Pause).values(
            domain=domain, until=now, seconds=0, changed_at=now, why=""
        )
        session.execute(new.on_conflict_do_nothing())
        pause = session.scalars(_locked(domain)).one()
    if not in_force(pause.until, now):  # else the message was on the wire when the pause began
        pause.seconds = min(max(FIRST, pause.seconds * 2), LONGEST)
        pause.until = now + timedelta(seconds=pause.seconds)
        pause.changed_at, pause.why = now, scrubbing.text(words)[:_WORDS]
        session.flush()
        log.info("domain paused", domain=domain, until=pause.until.isoformat(), why=pause.why)
    return pause


def forgive(session: Session, domain: str, now: datetime) -> Pause | None:
    """Halve the next pause of a domain that took a message; None when it is forgiven wholly."""
    pause = session.scalar(_locked(domain))
    if pause is None or not may_forgive(pause, now):
        return pause
    if pause.seconds <= FIRST:
        session.delete(pause)
        return None
    pause.seconds, pause.changed_at = pause.seconds // 2, now
    session.flush()
    return pause


def may_forgive(pause: Pause, now: datetime) -> bool:
    """Whether a domain has taken mail for as long as its last pause was."""
    if pause.until > now:
        return not in_force(pause.until, now)
    return now >= max(pause.until, pause.changed_at) + timedelta(seconds=pause.seconds)


def _locked(domain: str) -> sa.Select[Pause]:
    return sa.select(Pause).where(Pause.domain == domain).with_for_update()
