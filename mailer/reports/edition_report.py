"""What became of one edition: its funnel, its stories, and the same by groups of readers.

A copy counts once in each step, however often its reader clicked. Only answers that are taken for a
person's count (``Event.verified``). A reader of two roles is counted under both.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.ledger import counts
from recommender import segments
from recommender.evaluation import intervals
from recommender.models import (
    Delivery,
    Edition,
    EditionStory,
    Event,
    EventKind,
    Role,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
    Topic,
)
from recommender.storage import bulk

STEPS = ("due", "sent", "delivered", "clicked", "unsubscribed", "complained", "bounced")
MOST_DOMAINS = 20
ANSWERS = {
    "clicked": EventKind.CLICK,
    "more": EventKind.MORE,
    "less": EventKind.LESS,
    "unsubscribed": EventKind.UNSUBSCRIBE,
    "complained": EventKind.COMPLAINT,
    "bounced": EventKind.BOUNCE,
}
TO_A_STORY = ("clicked", "more", "less")

Row = dict[str, Any]


def report(session: Session, edition: Edition, *, now: datetime) -> Row:
    """``funnel``, ``stories``, ``positions``, and the readers by ``segments``, ``topics`` (those
    they asked for), ``roles``, ``relays`` and ``domains``: lists of rows, the largest first.

    A row of readers has the steps of the funnel, ``more``, ``less`` and ``click_rate``; a row of
    stories or positions has ``readers``, ``clicked``, ``more``, ``less`` and ``click_rate``.
    Segments, topics and roles are those of now.
    """
    copies = _copies(edition.id)
    whole = next(iter(_by(session, copies, copies, sa.literal("all"))), {})
    return {
        "funnel": {step: whole.get(step, 0) for step in STEPS},
        "click_rate": whole.get("click_rate"),
        "stories": _stories(session, edition.id),
        "positions": _positions(session, edition.id),
        "segments": [
            row
            for segment in segments.listing(session)
            for row in _by_segment(session, copies, segment.name, now)
        ],
        "topics": _by(session, copies, *_topics(copies)),
        "roles": _by(session, copies, *_roles(copies)),
        "relays": _by(session, copies, copies, sa.func.coalesce(copies.c.relay, "none yet")),
        "domains": _by(session, copies, *_domains(session, copies))[:MOST_DOMAINS],
    }


def _copies(edition_id: int) -> sa.CTE:
    """The edition's copies, with a column for each kind of answer: 1 or 0."""
    answers = (
        sa.select(
            Event.delivery_id,
            *(
                sa.func.max(sa.case((Event.kind == kind, 1), else_=0)).label(name)
                for name, kind in ANSWERS.items()
            ),
        )
        .join(Delivery, Delivery.id == Event.delivery_id)
        .where(Delivery.edition_id == edition_id, Event.verified)
        .group_by(Event.delivery_id)
        .subquery()
    )
    return (
        sa.select(
            Delivery.subscriber_id,
            Delivery.relay,
            sa.case((counts.SENT, 1), else_=0).label("sent"),
            *(sa.func.coalesce(answers.c[name], 0).label(name) for name in ANSWERS),
        )
        .select_from(sa.outerjoin(Delivery, answers, answers.c.delivery_id == Delivery.id))
        .where(Delivery.edition_id == edition_id)
        .cte("copies")
    )


def _by(
    session: Session,
    copies: sa.CTE,
    joined: sa.FromClause,
    name: sa.ColumnElement[str],
    where: sa.ColumnElement[bool] | None = None,
) -> list[Row]:
    """The funnel of the copies of each ``name``, the largest group first."""
    total = {column: sa.func.sum(copies.c[column]) for column in ("sent", *ANSWERS)}
    returned = sa.func.sum(copies.c.sent * copies.c.bounced)
    due = sa.func.count()
    query = (
        sa.select(
            name.label("name"),
            due.label("due"),
            *(value.label(column) for column, value in total.items()),
            (total["sent"] - returned).label("delivered"),
        )
        .select_from(joined)
        .group_by(name)
        .order_by(due.desc(), name)
    )
    if where is not None:
        query = query.where(where)
    rows = []
    for found in session.execute(query).mappings():
        row: Row = {"name": found["name"]}
        row |= {step: int(found[step] or 0) for step in (*STEPS, "more", "less")}
        rows.append(row | {"click_rate": _rate(row["clicked"], row["delivered"])})
    return rows


def _by_segment(session: Session, copies: sa.CTE, segment: str, now: datetime) -> list[Row]:
    members = sa.select(Subscriber.id).where(segments.condition(session, segment, now))
    return _by(session, copies, copies, sa.literal(segment), copies.c.subscriber_id.in_(members))


def _topics(copies: sa.CTE) -> tuple[sa.FromClause, sa.ColumnElement[str]]:
    theirs = SubscriberTopic.subscriber_id == copies.c.subscriber_id
    wanted = sa.join(copies, SubscriberTopic, theirs & (SubscriberTopic.weight > 0))
    return sa.join(wanted, Topic, Topic.id == SubscriberTopic.topic_id), Topic.__table__.c.name


def _roles(copies: sa.CTE) -> tuple[sa.FromClause, sa.ColumnElement[str]]:
    theirs = SubscriberRole.subscriber_id == copies.c.subscriber_id
    held = sa.outerjoin(copies, SubscriberRole, theirs)
    joined = sa.outerjoin(held, Role, Role.id == SubscriberRole.role_id)
    return joined, sa.func.coalesce(Role.name, "none stated")


def _domains(session: Session, copies: sa.CTE) -> tuple[sa.FromClause, sa.ColumnElement[str]]:
    joined = sa.join(copies, Subscriber, Subscriber.id == copies.c.subscriber_id)
    return joined, bulk.after(session, Subscriber.email, "@")


def _stories(session: Session, edition_id: int) -> list[Row]:
    """Every candidate of the edition, also those that nobody got; the most chosen first."""
    readers: dict[int, int] = {}
    for (story, _), number in _chosen(session, edition_id).items():
        readers[story] = readers.get(story, 0) + number
    answers = _answers(session, edition_id)
    rows = []
    query = sa.select(EditionStory.story_id, EditionStory.content)
    for story, content in session.execute(query.where(EditionStory.edition_id == edition_id)):
        named = {"id": f"{content['article']}/{content['story']}", "title": content["title"]}
        rows.append(named | _row(readers.get(story, 0), answers.get(story, {})))
    return sorted(rows, key=lambda row: (-row["readers"], row["id"]))


def _positions(session: Session, edition_id: int) -> list[Row]:
    """The places of an issue, from the first."""
    readers: dict[int, int] = {}
    for (_, position), number in _chosen(session, edition_id).items():
        readers[position] = readers.get(position, 0) + number
    answers = _answers(session, edition_id, by_position=True)
    return [
        {"name": position} | _row(number, answers.get(position, {}))
        for position, number in sorted(readers.items())
    ]


def _row(readers: int, answers: dict[str, int]) -> Row:
    row: Row = {"readers": readers} | {name: answers.get(name, 0) for name in TO_A_STORY}
    return row | {"click_rate": _rate(row["clicked"], readers)}


def _chosen(session: Session, edition_id: int) -> dict[tuple[int, int], int]:
    """How many copies that were sent hold which story (id) at which position (from 1)."""
    pick = bulk.elements(session, Delivery.story_ids)
    query = (
        sa.select(pick.value, pick.position, sa.func.count())
        .select_from(Delivery)
        .join(pick.table, sa.true())
        .where(Delivery.edition_id == edition_id, counts.SENT)
        .group_by(pick.value, pick.position)
    )
    return {(row[0], row[1]): row[2] for row in session.execute(query)}


def _answers(
    session: Session, edition_id: int, *, by_position: bool = False
) -> dict[int, dict[str, int]]:
    """How many copies answered to which story (id), or to the story at which position."""
    pick = bulk.elements(session, Delivery.story_ids)
    key = pick.position if by_position else sa.cast(Event.story_id, sa.BigInteger)
    query = (
        sa.select(key, Event.kind, sa.func.count(Event.delivery_id.distinct()))
        .join(Delivery, Delivery.id == Event.delivery_id)
        .where(Delivery.edition_id == edition_id, Event.verified, Event.story_id.is_not(None))
        .group_by(key, Event.kind)
    )
    if by_position:
        query = query.join(pick.table, pick.value == Event.story_id)
    names = {kind: name for name, kind in ANSWERS.items()}
    found: dict[int, dict[str, int]] = {}
    for where, kind, number in session.execute(query):
        if kind in names:
            found.setdefault(where, {})[names[kind]] = number
    return found


def _rate(successes: int, trials: int) -> Row | None:
    """A share with its 95 % interval; None of nothing."""
    if not trials:
        return None
    share = intervals.wilson(successes, trials)
    return {"mean": round(share.mean, 4), "low": round(share.low, 4), "high": round(share.high, 4)}
