"""The numbers on the operators' page of an edition, counted now and then and kept, so that the page
is as fast with a million copies as with none: copies by state, what readers answered, and the
stories that they read best.

A process of the service counts them (``mailer.service.counting``): often while an edition is being
sent, ever more seldom once it has ended. The caller commits.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.ledger import counts, editions
from mailer.reports import edition_report, reader_groups
from recommender.models import Delivery, DeliveryState, Edition, EventKind, Property
from recommender.storage import bulk

NAME = "edition_statistics/{}"
STORIES = 20
"""Stories that are kept: those that were read best."""
SMALL = 20_000
"""Copies that are counted by whoever asks; of more, those that are kept are shown."""
FRESH = timedelta(minutes=1)
NEW = 2
"""Editions that were never counted of which numbers are counted at once; the others come later."""
AGES = 10
"""Of an edition that ended long ago, numbers are fresh for the tenth part of the time since."""


Kind = TypeVar("Kind", DeliveryState, EventKind)


class StoryNumbers(msgspec.Struct, frozen=True):
    """A story (``article/story``): how many readers got it, and what they made of it."""

    id: str
    title: str
    readers: int
    clicked: int
    more: int
    less: int


class EditionNumbers(msgspec.Struct, frozen=True):
    """All of it, as of ``at``: copies that were sent and came back, copies by state, skipped ones
    by reason, readers by kind of answer, stories, the best read first."""

    at: datetime
    returned: int
    states: dict[str, int] = {}
    skipped: dict[str, int] = {}
    answers: dict[str, int] = {}
    stories: tuple[StoryNumbers, ...] = ()


class Figures(NamedTuple):
    """An edition in a few numbers: its copies, and how many readers did what."""

    copies: int
    sent: int
    delivered: int
    clicked: int = 0
    more: int = 0
    less: int = 0
    unsubscribed: int = 0
    complained: int = 0
    bounced: int = 0


def figures_of(states: Mapping[str, int], answers: Mapping[str, int], returned: int) -> Figures:
    """The figures that follow from copies by state and readers by kind of answer."""
    sent = states.get(DeliveryState.SENT, 0)
    kinds = reader_groups.ANSWERS
    given = {name: answers.get(kind, 0) for name, kind in kinds.items()}
    return Figures(sum(states.values()), sent, sent - returned, **given)


def figures(session: Session, edition_id: int) -> Figures | None:
    """Those of a small edition as of now; of a large one those that are kept, None before they
    were first counted. Stories are not looked at, so that many editions can be listed."""
    kept = latest(session, edition_id)
    if kept is not None:
        return figures_of(kept.states, kept.answers, kept.returned)
    if not small(session, edition_id):
        return None
    states = _by_name(counts.count(session, edition_id).states)
    answers = _by_name(counts.answers(session, edition_id))
    return figures_of(states, answers, counts.returned(session, edition_id))


def _by_name(numbers: Mapping[Kind, int]) -> dict[str, int]:
    return {kind.value: number for kind, number in numbers.items()}


def latest(session: Session, edition_id: int) -> EditionNumbers | None:
    """The numbers that are kept; None when there are none, or another version kept them."""
    kept = session.get(Property, NAME.format(edition_id), populate_existing=True)
    try:
        return None if kept is None else msgspec.json.decode(kept.value, type=EditionNumbers)
    except msgspec.MsgspecError:
        return None


def note(session: Session, edition_id: int, numbers: EditionNumbers) -> None:
    """Keep them, in place of those before."""
    value = msgspec.json.encode(numbers).decode()
    new = bulk.insert(session, Property).values(name=NAME.format(edition_id), value=value)
    session.execute(
        new.on_conflict_do_update(index_elements=["name"], set_={"value": new.excluded.value})
    )


def current(session: Session, edition: Edition, now: datetime) -> EditionNumbers | None:
    """Those of a small edition as of now; of a large one those that are kept, None before they
    were first counted."""
    if small(session, edition.id):
        return count(session, edition, now)
    return latest(session, edition.id)


def due(session: Session, now: datetime) -> list[Edition]:
    """The large editions whose numbers are old, the one planned last first; of those that were
    never counted ``NEW`` at most."""
    found, new = [], 0
    for edition in editions.listing(session):
        kept = latest(session, edition.id)
        if kept is not None and kept.at <= now < kept.at + _fresh(edition, kept.at):
            continue
        if kept is None and (new == NEW or small(session, edition.id)):
            continue
        new += kept is None
        found.append(edition)
    return found


def small(session: Session, edition_id: int) -> bool:
    """Whether it has so few copies that they are counted whenever somebody asks."""
    copies = sa.select(Delivery.id).where(Delivery.edition_id == edition_id)
    return session.scalar(copies.limit(1).offset(SMALL)) is None


def _fresh(edition: Edition, at: datetime) -> timedelta:
    """For how long numbers counted ``at`` a moment are fresh."""
    ended = edition.finished_at
    return FRESH if ended is None else max(FRESH, (at - ended) / AGES)


def count(session: Session, edition: Edition, now: datetime) -> EditionNumbers:
    """Count."""
    found = counts.count(session, edition.id)
    stories = [row for row in edition_report.stories(session, edition.id) if row["readers"]]
    stories.sort(key=_how_well_read)
    columns = StoryNumbers.__struct_fields__
    return EditionNumbers(
        now,
        counts.returned(session, edition.id),
        _by_name(found.states),
        found.skipped,
        _by_name(counts.answers(session, edition.id)),
        tuple(StoryNumbers(*(row[name] for name in columns)) for row in stories[:STORIES]),
    )


def _how_well_read(row: dict[str, Any]) -> tuple[float, int, int, str]:
    """The best read story first: by the lower end of its click rate's interval, so that two clicks
    of three readers are not more than a thousand of two thousand."""
    return -row["click_rate"]["low"], row["less"] - row["more"], -row["readers"], row["id"]
