"""The stories of an edition that most readers got: they stand for it in the archive.

To find them a thousand of its copies are read, and a search of the archive asks for the editions of
five years. Those of an edition that has finished are therefore kept, by a process of the service
(``mailer.service.counting``); whoever asks before reads the copies. The caller commits.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import chain

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.ledger import counts
from recommender.models import Delivery, Edition, EditionState, Property
from recommender.storage import bulk

PREFIX = "most_sent/"
MOST = 12
"""Stories of an edition."""
SAMPLE = 1_000
"""Copies that are read, the first that were sent."""
AT_ONCE = 20
"""Editions whose stories are found in one round: a second's work."""


class KeptStories(msgspec.Struct, frozen=True):
    """The stories (ids), the most sent first, of the edition that ended ``finished_at``: when it
    goes on they are found again."""

    finished_at: datetime | None
    stories: list[int]


def of_edition(session: Session, edition: Edition) -> list[int]:
    """The ids of the stories, the most sent first."""
    if edition.state == EditionState.FINISHED:
        kept = session.get(Property, f"{PREFIX}{edition.id}")
        found = None if kept is None else _read(kept.value)
        if found is not None and found.finished_at == edition.finished_at:
            return found.stories
    return _sampled(session, edition.id)


def due(session: Session) -> Sequence[Edition]:
    """Editions that have finished and whose stories are not kept, the latest first."""
    rows = sa.select(Property.name, Property.value).where(Property.name.startswith(PREFIX))
    kept = {row.name: _read(row.value) for row in session.execute(rows)}
    finished = sa.select(Edition).where(Edition.state == EditionState.FINISHED)
    missing = []
    for edition in session.scalars(finished.order_by(Edition.id.desc())):
        found = kept.get(f"{PREFIX}{edition.id}")
        if found is None or found.finished_at != edition.finished_at:
            missing.append(edition)
    return missing[:AT_ONCE]


def note(session: Session, edition: Edition, stories: list[int]) -> None:
    """Keep the stories of an edition that has finished, in place of those before."""
    value = msgspec.json.encode(KeptStories(edition.finished_at, stories)).decode()
    new = bulk.insert(session, Property).values(name=f"{PREFIX}{edition.id}", value=value)
    session.execute(
        new.on_conflict_do_update(index_elements=["name"], set_={"value": new.excluded.value})
    )


def _read(value: str) -> KeptStories | None:
    """None when another version kept them."""
    try:
        return msgspec.json.decode(value, type=KeptStories)
    except msgspec.MsgspecError:
        return None


def _sampled(session: Session, edition_id: int) -> list[int]:
    sample = session.scalars(
        sa.select(Delivery.story_ids)
        .where(Delivery.edition_id == edition_id, counts.SENT)
        .order_by(Delivery.settled_at, Delivery.id)
        .limit(SAMPLE)
    )
    counted = Counter(chain.from_iterable(sample))
    return sorted(counted, key=lambda story: (-counted[story], story))[:MOST]
