"""The numbers on the operators' page of an edition, counted now and then and kept, so that the page
is as fast with a million copies as with none: copies by state, what readers answered, and the
stories that most of them got.

A process of the service counts them (``mailer.service.counting``): often while an edition is being
sent, ever more seldom once it has ended. The caller commits.
"""

from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.ledger import counts, editions
from mailer.reports import edition_report
from recommender.models import Delivery, Edition, Property
from recommender.storage import bulk

NAME = "edition_statistics/{}"
STORIES = 20
"""Stories that are kept: those that most readers got."""
SMALL = 20_000
"""Copies that are counted by whoever asks; of more, those that are kept are shown."""
FRESH = timedelta(minutes=1)
NEW = 2
"""Editions that were never counted of which numbers are counted at once; the others come later."""
AGES = 10
"""Of an edition that ended long ago, numbers are fresh for the tenth part of the time since."""


class StoryNumbers(msgspec.Struct, frozen=True):
    """A story: how many readers got it, and what they made of it."""

    title: str
    readers: int
    clicked: int
    more: int
    less: int


class EditionNumbers(msgspec.Struct, frozen=True):
    """All of it, as of ``at``: copies by state, skipped ones by reason, readers by kind of
    answer."""

    at: datetime
    states: dict[str, int] = {}
    skipped: dict[str, int] = {}
    answers: dict[str, int] = {}
    stories: tuple[StoryNumbers, ...] = ()


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
    columns = StoryNumbers.__struct_fields__
    return EditionNumbers(
        now,
        {state.value: number for state, number in found.states.items()},
        found.skipped,
        {kind.value: number for kind, number in counts.answers(session, edition.id).items()},
        tuple(StoryNumbers(*(row[name] for name in columns)) for row in stories[:STORIES]),
    )
