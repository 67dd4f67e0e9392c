"""What became of one edition: its funnel, its stories, and the same by groups of readers.

A copy counts once in each step, however often its reader clicked. Only answers that are taken for a
person's count (``Event.verified``). A reader of two roles is counted under both.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.ledger import counts
from mailer.reports import gain
from recommender import segments
from recommender.evaluation import intervals
from recommender.models import (
    Delivery,
    Edition,
    EditionStory,
    Event,
    EventKind,
    Role,
    Sponsor,
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
Grouping = Callable[[sa.Subquery], tuple[sa.FromClause, sa.ColumnElement[Any]]]
"""Joins copies to what they are grouped by; the name of a group, or its id."""


def report(session: Session, edition: Edition, *, now: datetime) -> Row:
    """``funnel``, ``stories``, ``positions``, and the readers by ``segments``, ``topics`` (those
    they asked for), ``roles``, ``relays`` and ``domains``: lists of rows, the largest first.
    ``gain`` is what personal issues are worth (``mailer.reports.gain``); None without a holdout.

    ``sponsors`` are those in copies that were sent, with ``readers``, ``clicked`` (copies) and
    ``click_rate``.

    A row of readers has the steps of the funnel, ``more``, ``less`` and ``click_rate``; a row of
    stories or positions has ``readers``, ``clicked``, ``more``, ``less`` and ``click_rate``.
    Segments, topics and roles are those of now.
    """
    copies, answers = _copies(edition.id), _answered(edition.id)

    def by(group: Grouping, names: Mapping[int | None, str] | None = None) -> list[Row]:
        return _by(session, copies, answers, group, names)

    def names(table: type[Topic | Role]) -> dict[int | None, str]:
        return {row.id: row.name for row in session.execute(sa.select(table.id, table.name))}

    relays = by(lambda copies: (copies, sa.func.coalesce(copies.c.relay, "none yet")))
    funnel = {step: sum(row[step] for row in relays) for step in STEPS}  # each copy has one relay
    return {
        "funnel": funnel,
        "click_rate": _rate(funnel["clicked"], funnel["delivered"]),
        "gain": gain.gain(session, edition),
        **_picks(session, edition.id),
        "sponsors": _sponsors(session, edition.id),
        "segments": [
            row
            for segment in segments.listing(session)
            for row in by(_members(session, segment.name, now))
        ],
        "topics": by(_topics, names(Topic)),
        "roles": by(_roles, {**names(Role), None: "none stated"}),
        "relays": relays,
        "domains": by(_domains(session))[:MOST_DOMAINS],
    }


def stories(session: Session, edition_id: int) -> list[Row]:
    """The stories alone."""
    return _picks(session, edition_id)["stories"]


def _copies(edition_id: int) -> sa.Subquery:
    """The edition's copies."""
    sent = sa.case((counts.SENT, 1), else_=0).label("sent")
    query = sa.select(Delivery.subscriber_id, Delivery.relay, sent)
    return query.where(Delivery.edition_id == edition_id).subquery("copies")


def _answered(edition_id: int) -> sa.Subquery:
    """The copies that were answered, with a column for each kind of answer: 1 or 0. They are few
    beside all copies."""
    kinds = (
        sa.func.max(sa.case((Event.kind == kind, 1), else_=0)).label(name)
        for name, kind in ANSWERS.items()
    )
    sent = sa.func.max(sa.case((counts.SENT, 1), else_=0)).label("sent")
    return (
        sa.select(Delivery.subscriber_id, Delivery.relay, sent, *kinds)
        .join(Event, Event.delivery_id == Delivery.id)
        .where(Delivery.edition_id == edition_id, Event.verified)
        .group_by(Delivery.id, Delivery.subscriber_id, Delivery.relay)
        .subquery("answered")
    )


def _by(
    session: Session,
    copies: sa.Subquery,
    answered: sa.Subquery,
    group: Grouping,
    names: Mapping[int | None, str] | None,
) -> list[Row]:
    """The funnel of each group of readers, the largest first; ``names`` are those of groups that
    are told apart by id, which sorts fewer bytes."""
    joined, name = group(copies)
    due, sent = sa.func.count(), sa.func.sum(copies.c.sent)
    query = sa.select(name, due, sent).select_from(joined).group_by(name)
    sizes = session.execute(query).all()
    joined, name = group(answered)
    lost = sa.func.sum(answered.c.sent * answered.c.bounced)
    given = (sa.func.sum(answered.c[kind]) for kind in ANSWERS)
    told = session.execute(sa.select(name, lost, *given).select_from(joined).group_by(name))
    answers = {row[0]: [int(value or 0) for value in row[1:]] for row in told}
    rows = []
    for key, due_, sent_ in sizes:
        returned, *numbers = answers.get(key, [0] * (1 + len(ANSWERS)))
        label = key if names is None else names[key]
        row: Row = {"name": label, "due": due_, "sent": int(sent_), "delivered": sent_ - returned}
        row |= dict(zip(ANSWERS, numbers, strict=True))
        rows.append(row | {"click_rate": _rate(row["clicked"], row["delivered"])})
    return sorted(rows, key=lambda row: (-row["due"], row["name"]))


def _members(session: Session, segment: str, now: datetime) -> Grouping:
    members = sa.select(Subscriber.id).where(segments.condition(session, segment, now)).subquery()
    return lambda copies: (
        sa.join(copies, members, members.c.id == copies.c.subscriber_id),
        sa.literal(segment),
    )


def _topics(copies: sa.Subquery) -> tuple[sa.FromClause, sa.ColumnElement[Any]]:
    theirs = SubscriberTopic.subscriber_id == copies.c.subscriber_id
    wanted = sa.join(copies, SubscriberTopic, theirs & (SubscriberTopic.weight > 0))
    return wanted, SubscriberTopic.__table__.c.topic_id


def _roles(copies: sa.Subquery) -> tuple[sa.FromClause, sa.ColumnElement[Any]]:
    theirs = SubscriberRole.subscriber_id == copies.c.subscriber_id
    return sa.outerjoin(copies, SubscriberRole, theirs), SubscriberRole.__table__.c.role_id


def _domains(session: Session) -> Grouping:
    domain = bulk.after(session, Subscriber.email, "@")
    return lambda copies: (
        sa.join(copies, Subscriber, Subscriber.id == copies.c.subscriber_id),
        domain,
    )


def _picks(session: Session, edition_id: int) -> dict[str, list[Row]]:
    """``stories``: every candidate of the edition, also those that nobody got, the most chosen
    first; ``positions``: the places of an issue, from the first."""
    chosen, answers = _chosen(session, edition_id), _answers(session, edition_id)
    stories = []
    query = sa.select(EditionStory.story_id, EditionStory.content)
    for story, content in session.execute(query.where(EditionStory.edition_id == edition_id)):
        named = {"id": f"{content['article']}/{content['story']}", "title": content["title"]}
        stories.append(named | _row(story, 0, chosen, answers))
    positions = sorted({position for _, position in chosen})
    return {
        "stories": sorted(stories, key=lambda row: (-row["readers"], row["id"])),
        "positions": [{"name": number} | _row(number, 1, chosen, answers) for number in positions],
    }


def _sponsors(session: Session, edition_id: int) -> list[Row]:
    """What became of the sponsors in copies of the edition, the most shown first."""
    shown = Delivery.reader["sponsor"].as_integer()
    clicked = Event.data["sponsor"].as_integer()
    sent = (
        sa.select(shown, sa.func.count())
        .where(Delivery.edition_id == edition_id, counts.SENT, shown.is_not(None))
        .group_by(shown)
    )
    clicks = (
        sa.select(clicked, sa.func.count(sa.distinct(Event.delivery_id)))
        .join(Delivery, Delivery.id == Event.delivery_id)
        .where(Delivery.edition_id == edition_id, Event.kind == EventKind.CLICK, Event.verified)
        .where(Event.story_id.is_(None), clicked.is_not(None))
        .group_by(clicked)
    )
    readers: dict[int, int] = {row[0]: row[1] for row in session.execute(sent)}
    answered: dict[int, int] = {row[0]: row[1] for row in session.execute(clicks)}
    names = session.execute(sa.select(Sponsor.id, Sponsor.name).where(Sponsor.id.in_(readers)))
    rows: list[Row] = [
        {"id": key, "name": name, "readers": readers[key], "clicked": answered.get(key, 0)}
        for key, name in names
    ]
    for row in rows:
        row["click_rate"] = _rate(row["clicked"], row["readers"])
    return sorted(rows, key=lambda row: (-row["readers"], row["id"]))


Picked = Counter[tuple[int, int]]
"""Copies by story (id) and position (from 1)."""


def _row(value: int, part: int, chosen: Picked, answers: dict[str, Picked]) -> Row:
    """The numbers of one story (``part`` 0) or of one position (``part`` 1)."""

    def of(counted: Picked) -> int:
        return sum(number for where, number in counted.items() if where[part] == value)

    row: Row = {"readers": of(chosen)} | {name: of(answers[name]) for name in TO_A_STORY}
    return row | {"click_rate": _rate(row["clicked"], row["readers"])}


def _chosen(session: Session, edition_id: int) -> Picked:
    """How many copies that were sent hold which story where."""
    stories = Delivery.story_ids
    query = (
        sa.select(stories, sa.func.count())
        .where(Delivery.edition_id == edition_id, counts.SENT)
        .group_by(stories)
        .execution_options(yield_per=10_000)
    )
    chosen: Picked = Counter()
    for lists in session.execute(query).partitions():
        for ids, number in lists:
            for position, story in enumerate(ids, 1):
                chosen[story, position] += number
    return chosen


def _answers(session: Session, edition_id: int) -> dict[str, Picked]:
    """How many copies answered to which story where, by the kind of answer."""
    query = (
        sa.select(Event.kind, Event.story_id, Delivery.story_ids)
        .join(Delivery, Delivery.id == Event.delivery_id)
        .where(Delivery.edition_id == edition_id, Event.verified)
        .where(Event.kind.in_([ANSWERS[name] for name in TO_A_STORY]))
        .group_by(Event.kind, Event.story_id, Delivery.id, Delivery.story_ids)
        .execution_options(yield_per=10_000)
    )
    names = {kind: name for name, kind in ANSWERS.items()}
    answers: dict[str, Picked] = {name: Counter() for name in TO_A_STORY}
    for kind, story, ids in session.execute(query):
        if story in ids:
            answers[names[kind]][story, ids.index(story) + 1] += 1
    return answers


def _rate(successes: int, trials: int) -> Row | None:
    """A share with its 95 % interval; None of nothing."""
    if not trials:
        return None
    share = intervals.wilson(successes, trials)
    return {"mean": round(share.mean, 4), "low": round(share.low, 4), "high": round(share.high, 4)}
