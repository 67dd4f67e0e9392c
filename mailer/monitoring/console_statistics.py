"""The numbers on the operators' first page, counted now and then and kept, so that the page is as
fast with a million readers as with none: readers by status, what became of the latest edition by
recipient domain, readers who came and went by week.

A process of the service counts them (``mailer.service.counting``). The caller commits.
"""

from datetime import UTC, datetime, timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition.schedule import WELCOME
from mailer.ledger import counts, editions
from mailer.throttling import guard
from recommender.models import (
    ConsentEvent,
    Delivery,
    Edition,
    Property,
    Status,
    Subscriber,
)
from recommender.storage import bulk

NAME = "console_statistics"
DOMAINS = 12
"""Recipient domains that are kept: those with most copies."""
WEEKS = 52
_WEEK_SECONDS = 7 * 24 * 3600
OLD = timedelta(minutes=10)
QUICK_SECONDS = 0.2
"""Numbers that are ``OLD`` are counted anew by whoever asks, where that took no longer last time:
nobody looks after the store."""
LATE_ANSWERS = timedelta(days=3)
"""For how long bounces and complaints about an edition that has ended are counted again."""


class DomainNumbers(msgspec.Struct, frozen=True):
    """What became of the copies to one recipient domain."""

    domain: str
    tried: int
    bounced: int
    deferred: int
    complained: int


class WeekNumbers(msgspec.Struct, frozen=True):
    """Readers who became active in the week that begins on ``monday``, and who ceased to be."""

    monday: str
    came: int
    went: int


class Numbers(msgspec.Struct, frozen=True):
    """All of it, as of ``at``. ``domains_of`` is the edition (its id) that ``domains`` are about,
    0 without any; ``domains_final`` when they change no more; ``seconds`` how long counting
    took."""

    at: datetime
    seconds: float = 0.0
    readers: dict[str, int] = {}
    domains_of: int = 0
    domains_final: bool = False
    domains: tuple[DomainNumbers, ...] = ()
    weeks: tuple[WeekNumbers, ...] = ()


def latest(session: Session) -> Numbers | None:
    """The numbers that are kept; None when there are none, or another version kept them."""
    kept = session.get(Property, NAME, populate_existing=True)
    try:
        return None if kept is None else msgspec.json.decode(kept.value, type=Numbers)
    except msgspec.MsgspecError:
        return None


def note(session: Session, numbers: Numbers, seconds: float = 0.0) -> None:
    """Keep them, in place of those before; counting took so many ``seconds``."""
    value = msgspec.json.encode(msgspec.structs.replace(numbers, seconds=seconds)).decode()
    new = bulk.insert(session, Property).values(name=NAME, value=value)
    session.execute(
        new.on_conflict_do_update(index_elements=["name"], set_={"value": new.excluded.value})
    )


def current(session: Session, now: datetime) -> Numbers:
    """Those that are kept while they are fresh, else counted here and now."""
    kept = latest(session)
    if kept is not None and (kept.seconds > QUICK_SECONDS or now - OLD < kept.at <= now + OLD):
        return kept
    return count(session, kept, now)


def count(session: Session, before: Numbers | None, now: datetime) -> Numbers:
    """Count; of an edition that ended long ago the numbers ``before`` are taken over."""
    held = sa.select(Subscriber.status, sa.func.count().label("number"))
    rows = session.execute(held.group_by(Subscriber.status))
    found = {row.status.value: row.number for row in rows}
    about = _latest_sent(session)
    identifier = 0 if about is None else about.id
    if before is not None and before.domains_final and before.domains_of == identifier:
        domains = before.domains
    else:
        domains = () if about is None else _domains(session, identifier)
    return Numbers(
        now,
        0.0,
        {status.value: found.get(status.value, 0) for status in Status},
        identifier,
        about is not None and _final(about, now),
        domains,
        _weeks(session, now),
    )


def _latest_sent(session: Session) -> Edition | None:
    """The edition that was planned last of those with copies that were sent; not one of first
    issues, which are few."""
    sent = sa.exists().where(Delivery.edition_id == Edition.id, counts.SENT)
    latest_first = Edition.planned_at.desc(), Edition.id.desc()
    query = sa.select(Edition).where(sent, ~Edition.period.startswith(WELCOME))
    return session.scalar(query.order_by(*latest_first).limit(1))


def _final(edition: Edition, now: datetime) -> bool:
    ended = edition.finished_at
    return edition.state in editions.ENDED and ended is not None and ended < now - LATE_ANSWERS


def _domains(session: Session, edition_id: int) -> tuple[DomainNumbers, ...]:
    found = [
        DomainNumbers(of[3:], one.tried, one.bounced, one.deferred, one.complained)
        for of, one in guard.tallies(session, edition_id).items()
        if of.startswith("at ")
    ]
    return tuple(sorted(found, key=lambda one: (-one.tried, one.domain))[:DOMAINS])


def _weeks(session: Session, now: datetime) -> tuple[WeekNumbers, ...]:
    monday = now.astimezone(UTC).date() - timedelta(days=now.astimezone(UTC).weekday())
    starts = [monday - timedelta(weeks=back) for back in range(WEEKS)]
    first = datetime(starts[-1].year, starts[-1].month, starts[-1].day, tzinfo=UTC)
    active = ConsentEvent.after == Status.ACTIVE
    was = sa.func.coalesce(ConsentEvent.before == Status.ACTIVE, sa.false())
    seconds = sa.cast(sa.extract("epoch", ConsentEvent.at), sa.BigInteger)
    week = (seconds - int(first.timestamp())) // _WEEK_SECONDS
    query = (
        sa.select(
            week.label("week"),
            sa.func.count().filter(active, ~was).label("came"),
            sa.func.count().filter(~active, was).label("went"),
        )
        .where(ConsentEvent.at >= first)
        .group_by(week)
    )
    found = {WEEKS - 1 - row.week: (row.came, row.went) for row in session.execute(query)}
    return tuple(
        WeekNumbers(f"{start}", *found.get(number, (0, 0))) for number, start in enumerate(starts)
    )
