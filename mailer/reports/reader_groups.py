"""The readers of an edition in groups: by topic, role, domain, segment and relay, how many there
are, how many were sent their copy, and what they answered.

An edition mostly goes to all readers but a few. Then everybody is counted by group, which indices
answer, and those few are taken off. Answers are gathered once, by copy, and all groups are
counted from that. Topics, roles, domains and segments are those of now.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.ledger import counts
from recommender import segments
from recommender.models import (
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Role,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
    Topic,
)
from recommender.storage import bulk

ANSWERS = {
    "clicked": EventKind.CLICK,
    "more": EventKind.MORE,
    "less": EventKind.LESS,
    "unsubscribed": EventKind.UNSUBSCRIBE,
    "complained": EventKind.COMPLAINT,
    "bounced": EventKind.BOUNCE,
}
RETURNED = "returned"
"""Copies that were sent and then bounced: sent less these were delivered."""
STATEMENT = 50
"""Groups that are counted by one statement."""
UNSENT = [state for state in DeliveryState if state is not DeliveryState.SENT]

Key = str | None
Ids = tuple[int, int]
Numbers = dict[Key, tuple[int, ...]]
Joined = tuple[sa.FromClause, sa.ColumnElement[str]]


@dataclass(frozen=True)
class Group:
    """A way to group readers. ``of`` joins readers (a table with ``subscriber_id``) to what they
    are grouped by, and gives the key of a group as text; ``everybody`` counts all the readers of
    the store by it; ``names`` are what keys are called, where they are no names themselves."""

    name: str
    of: Callable[[sa.FromClause], Joined]
    everybody: Callable[[], Counter[Key]]
    names: dict[Key, str] | None = None


def groups(session: Session, now: datetime) -> list[Group]:
    """``topics`` (those that readers asked for), ``roles``, ``domains`` and ``segments/`` with the
    name of each. A reader of two roles is in both."""
    return [
        *(_segment(session, one.name, now) for one in segments.listing(session)),
        _topics(session),
        _roles(session),
        _domains(session),
    ]


def sizes(
    session: Session, edition_id: int, wanted: Sequence[Group], found: counts.Count
) -> dict[str, Numbers]:
    """By group and key, how many copies there are and how many of them were sent; ``found`` are
    those of the whole edition."""
    readers = session.scalar(sa.select(sa.func.count()).select_from(Subscriber)) or 0
    states = found.states
    copies, sent = sum(states.values()), states.get(DeliveryState.SENT, 0)
    everybody = readers - sent < sent
    if everybody:
        counted, base = _others(edition_id, all_readers=copies == readers), 1
    else:
        here = Delivery.edition_id == edition_id
        sent_ = sa.case((counts.SENT, 1), else_=0)
        query = sa.select(Delivery.subscriber_id, sa.literal(1).label("due"), sent_.label("sent"))
        counted, base = query.where(here).cte("counted"), 0
    changes = _by_group(session, counted, ("due", "sent"), wanted)
    numbers: dict[str, Numbers] = {}
    for group in wanted:
        whole = group.everybody() if base else Counter()
        change = changes[group.name]
        added = {
            key: (whole[key] + change.get(key, (0, 0))[0], whole[key] + change.get(key, (0, 0))[1])
            for key in {*whole, *change}
        }
        numbers[group.name] = {key: both for key, both in added.items() if both[0] > 0}
    return numbers


def _others(edition_id: int, *, all_readers: bool) -> sa.CTE:
    """The readers who were sent no copy, with what they take off the numbers of everybody."""
    here = Delivery.edition_id == edition_id
    unsent = sa.select(
        Delivery.subscriber_id, sa.literal(0).label("due"), sa.literal(-1).label("sent")
    ).where(here, Delivery.state.in_(UNSENT))
    if all_readers:
        return unsent.cte("counted")
    has_copy = sa.exists().where(here, Delivery.subscriber_id == Subscriber.id)
    absent = sa.select(Subscriber.id, sa.literal(-1), sa.literal(-1)).where(~has_copy)
    return unsent.union_all(absent).cte("counted")


def relays(session: Session, edition_id: int, between: Ids) -> Numbers:
    """Copies, and those that were sent, by relay. One that took all of them, as in most editions,
    is told without sorting the copies by it. ``between`` are the edition's ``counts.ids``."""
    relay = sa.func.coalesce(Delivery.relay, "none yet")
    sent = sa.func.sum(sa.case((counts.SENT, 1), else_=0))
    first, last = sa.func.min(relay), sa.func.max(relay)
    here = sa.select(first, sa.func.count(), sent, last).where(
        Delivery.id.between(*between),
        Delivery.edition_id + 0 == edition_id,  # in their own order
    )
    rows = session.execute(here).all()
    if rows[0][0] != rows[0][3]:
        rows = session.execute(here.group_by(relay)).all()
    return {row[0]: (row[1], int(row[2])) for row in rows if row[1]}


def answers(
    session: Session, edition_id: int, wanted: Sequence[Group], between: Ids
) -> dict[str, Numbers]:
    """By group and key, and for ``relays``, how many copies were ``RETURNED``, and how many were
    answered in each of the ways of ``ANSWERS``, in their order."""
    copies = _answered(session, edition_id, between)
    relay = Group("relays", lambda readers: (readers, readers.c.relay), Counter)
    return _by_group(session, copies, (RETURNED, *ANSWERS), [relay, *wanted])


def _answered(session: Session, edition_id: int, between: Ids) -> sa.CTE:
    """The copies that were answered, with a column for each kind of answer: 1 or 0."""
    given = {
        name: sa.func.max(sa.case((Event.kind == sa.literal_column(f"'{kind.value}'"), 1), else_=0))
        for name, kind in ANSWERS.items()
    }
    sent = sa.func.max(sa.case((counts.SENT, 1), else_=0))
    columns: list[Any] = [
        sa.func.min(Delivery.subscriber_id).label("subscriber_id"),
        sa.func.min(sa.func.coalesce(Delivery.relay, "none yet")).label("relay"),
        (sent * given["bounced"]).label(RETURNED),
        *(number.label(name) for name, number in given.items()),
    ]
    query = counts.answered(session, edition_id, columns, between)
    return query.group_by(Event.delivery_id).cte("answered")  # in the order of their index


def _by_group(
    session: Session, readers: sa.CTE, columns: Iterable[str], wanted: Sequence[Group]
) -> dict[str, Numbers]:
    """The sums of ``columns`` of ``readers`` by each group, ``readers`` being made once for a
    statement."""
    sums = [sa.func.sum(readers.c[name]) for name in columns]
    found: dict[str, Numbers] = {group.name: {} for group in wanted}
    for start in range(0, len(wanted), STATEMENT):
        parts = []
        for group in wanted[start : start + STATEMENT]:
            joined, key = group.of(readers)
            name = sa.literal(group.name).label("name")
            parts.append(sa.select(name, key.label("key"), *sums).select_from(joined).group_by(key))
        for name, key, *numbers in session.execute(sa.union_all(*parts)):
            found[name][key] = tuple(int(number) for number in numbers)
    return found


def _segment(session: Session, name: str, now: datetime) -> Group:
    belongs = segments.condition(session, name, now)

    def of(readers: sa.FromClause) -> Joined:
        members = sa.select(Subscriber.id).where(belongs).subquery()
        return readers.join(members, members.c.id == readers.c.subscriber_id), sa.literal(name)

    def everybody() -> Counter[Key]:
        number = sa.select(sa.func.count()).select_from(Subscriber).where(belongs)
        return Counter({name: session.scalar(number) or 0})

    return Group(f"segments/{name}", of, everybody)


def _topics(session: Session) -> Group:
    key, wanted = sa.cast(SubscriberTopic.topic_id, sa.String), SubscriberTopic.weight > 0

    def of(readers: sa.FromClause) -> Joined:
        theirs = SubscriberTopic.subscriber_id == readers.c.subscriber_id
        return sa.join(readers, SubscriberTopic, theirs & wanted), key

    def everybody() -> Counter[Key]:
        topic = SubscriberTopic.topic_id
        query = sa.select(topic, sa.func.count()).where(wanted).group_by(topic)
        return Counter({str(row[0]): row[1] for row in session.execute(query)})

    return Group("topics", of, everybody, _names(session, Topic))


def _roles(session: Session) -> Group:
    key = sa.cast(SubscriberRole.role_id, sa.String)

    def of(readers: sa.FromClause) -> Joined:
        theirs = SubscriberRole.subscriber_id == readers.c.subscriber_id
        return sa.outerjoin(readers, SubscriberRole, theirs), key

    def everybody() -> Counter[Key]:
        query = sa.select(SubscriberRole.role_id, sa.func.count()).group_by(SubscriberRole.role_id)
        found: Counter[Key] = Counter({str(row[0]): row[1] for row in session.execute(query)})
        all_readers = sa.select(sa.func.count()).select_from(Subscriber).scalar_subquery()
        stated = sa.select(SubscriberRole.subscriber_id).distinct().subquery()
        with_role = sa.select(sa.func.count()).select_from(stated).scalar_subquery()
        found[None] = session.scalar(sa.select(all_readers - with_role)) or 0
        return found

    return Group("roles", of, everybody, {**_names(session, Role), None: "none stated"})


def _domains(session: Session) -> Group:
    domain = bulk.after(session, Subscriber.email, "@")

    def of(readers: sa.FromClause) -> Joined:
        theirs = Subscriber.id == readers.c.subscriber_id
        return sa.join(readers, Subscriber, theirs), domain

    def everybody() -> Counter[Key]:
        text = session.scalar(sa.select(bulk.joined(session, domain, " ")))
        return Counter(text.split(" ") if text else ())

    return Group("domains", of, everybody)


def _names(session: Session, table: type[Topic | Role]) -> dict[Key, str]:
    return {str(row.id): row.name for row in session.execute(sa.select(table.id, table.name))}
