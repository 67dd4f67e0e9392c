"""What became of one edition: its funnel, its stories, and the same by groups of readers.

A copy counts once in each step, however often its reader clicked. Only answers that are taken for a
person's count (``Event.verified``). A reader of two roles is counted under both.
"""

import functools
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.ledger import counts
from mailer.reports import gain, reader_groups, story_numbers
from mailer.reports.rates import rate
from mailer.reports.reader_groups import ANSWERS, Group, Numbers
from recommender.models import Delivery, Edition, Event, EventKind, Sponsor

STEPS = ("due", "sent", "delivered", "clicked", "unsubscribed", "complained", "bounced")
MOST_DOMAINS = 20

Row = dict[str, Any]


def report(
    session: Session, edition: Edition, *, now: datetime, beside: Session | None = None
) -> Row:
    """``funnel``, ``stories``, ``positions``, and the readers by ``segments``, ``topics`` (those
    they asked for), ``roles``, ``relays`` and ``domains``: lists of rows, the largest first.
    ``gain`` is what personal issues are worth (``mailer.reports.gain``); None without a holdout.

    ``sponsors`` are those in copies that were sent, with ``readers``, ``clicked`` (copies) and
    ``click_rate``.

    A row of readers has the steps of the funnel, ``more``, ``less`` and ``click_rate``; a row of
    stories or positions has ``readers``, ``clicked``, ``more``, ``less`` and ``click_rate``.
    Segments, topics and roles are those of now.

    ``beside`` is another session on the same store: in it answers are counted, in a thread, while
    copies are in ``session``.
    """
    groups, ids = reader_groups.groups(session, now), counts.ids(session, edition.id)
    answered = functools.partial(_answered, edition_id=edition.id, groups=groups, ids=ids)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(answered, beside) if beside else None
        found = counts.count(session, edition.id)
        sizes = reader_groups.sizes(session, edition.id, groups, found)
        sizes["relays"] = reader_groups.relays(session, edition.id, ids)
        answers, by_story = answered(session) if other is None else other.result()
    names = {group.name: group.names for group in groups}
    rows = {name: _rows(sizes[name], answers[name], names.get(name)) for name in sizes}
    relays = rows["relays"]
    funnel = {step: sum(row[step] for row in relays) for step in STEPS}  # each copy has one relay
    return {
        "funnel": funnel,
        "click_rate": rate(funnel["clicked"], funnel["delivered"]),
        "gain": gain.gain(session, edition),
        **by_story,
        "sponsors": _sponsors(session, edition.id),
        "segments": [row for group in groups if _is_segment(group) for row in rows[group.name]],
        "topics": rows["topics"],
        "roles": rows["roles"],
        "relays": relays,
        "domains": rows["domains"][:MOST_DOMAINS],
    }


def _answered(
    session: Session, edition_id: int, groups: list[Group], ids: tuple[int, int]
) -> tuple[dict[str, Numbers], dict[str, list[Row]]]:
    """What counts answers: those of groups of readers, and stories and positions."""
    answers = reader_groups.answers(session, edition_id, groups, ids)
    return answers, story_numbers.of_edition(session, edition_id, ids)


def stories(session: Session, edition_id: int) -> list[Row]:
    """The stories alone."""
    return story_numbers.of_edition(session, edition_id, counts.ids(session, edition_id))["stories"]


def _is_segment(group: Group) -> bool:
    return group.name.startswith("segments/")


def _rows(sizes: Numbers, answers: Numbers, names: dict[str | None, str] | None) -> list[Row]:
    """The funnel of each group of readers, the largest first."""
    rows = []
    for key, (due, sent) in sizes.items():
        returned, *numbers = answers.get(key, [0] * (1 + len(ANSWERS)))
        label = key if names is None else names[key]
        row: Row = {"name": label, "due": due, "sent": sent, "delivered": sent - returned}
        row |= dict(zip(ANSWERS, numbers, strict=True))
        rows.append(row | {"click_rate": rate(row["clicked"], row["delivered"])})
    return sorted(rows, key=lambda row: (-row["due"], row["name"]))


def _sponsors(session: Session, edition_id: int) -> list[Row]:
    """What became of the sponsors in copies of the edition, the most shown first."""
    if session.scalar(sa.select(Sponsor.id).limit(1)) is None:
        return []
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
        row["click_rate"] = rate(row["clicked"], row["readers"])
    return sorted(rows, key=lambda row: (-row["readers"], row["id"]))
