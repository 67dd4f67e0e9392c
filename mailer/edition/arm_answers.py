"""What the readers of each arm got and answered, a reader a number: what comparisons rest on.

An answer is a click that counts or "more" on a story. Without tracking there are no clicks, and the
latter alone counts. Only copies that were sent are counted; of very many those of every second,
third … reader.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition.arms import Arm as ArmName
from recommender.evaluation.sequences import Arm
from recommender.models import Delivery, DeliveryState, Event, EventKind
from recommender.storage import json_columns

MOST_COPIES = 200_000
_INTEREST = (
    Event.verified & Event.story_id.is_not(None) & Event.kind.in_((EventKind.CLICK, EventKind.MORE))
)


class _Pick(msgspec.Struct, gc=False):
    story: int
    team: str | None = None
    weight: float = 1.0

    @property
    def credit(self) -> float:
        """What an answer counts for b; less than 0 where it counts for a."""
        return self.weight * {"a": -1, "b": 1}.get(self.team or "", 0)


_read_picks = json_columns.reader(tuple[_Pick, ...])


def by_arm(
    session: Session, editions: Collection[int], groups: Mapping[str, Collection[str]]
) -> dict[str, Arm]:
    """The readers of each group of arms, in the copies of these editions."""
    here = _sampled(session, Delivery.edition_id.in_(editions) & Delivery.arm.is_not(None))
    return _counted(session, here, Delivery.arm, groups)


def by_subject(session: Session, edition_id: int, subjects: Iterable[str]) -> dict[str, Arm]:
    """The readers who got each of several subjects of an edition."""
    here = (Delivery.edition_id == edition_id) & Delivery.subject_arm.is_not(None)
    return _counted(session, here, Delivery.subject_arm, {one: (one,) for one in subjects})


def _counted(
    session: Session,
    here: sa.ColumnElement[bool],
    column: sa.orm.InstrumentedAttribute[str | None],
    groups: Mapping[str, Collection[str]],
) -> dict[str, Arm]:
    here &= Delivery.state == DeliveryState.SENT
    query = sa.select(Delivery.subscriber_id, column, sa.func.count()).where(here)
    got = session.execute(query.group_by(Delivery.subscriber_id, column)).all()
    query = (
        sa.select(Delivery.subscriber_id, column, sa.func.count(Delivery.id.distinct()))
        .join(Event, Event.delivery_id == Delivery.id)
        .where(here, _INTEREST)
        .group_by(Delivery.subscriber_id, column)
    )
    answered = {(reader, arm): number for reader, arm, number in session.execute(query)}
    found = {}
    for group, arms in groups.items():
        rows = [
            (number, answered.get((reader, arm), 0)) for reader, arm, number in got if arm in arms
        ]
        columns = np.array(rows, dtype=np.float64).reshape(-1, 2)
        found[group] = Arm(columns[:, 0], columns[:, 1])
    return found


def by_team(session: Session, editions: Collection[int]) -> Arm:
    """The readers of interleaved issues: their copies, and how many more answers the picks of team
    b had than those of team a, each by its weight (``team_draft``). Of copies that are kept in
    small nothing can be told any more; they are left out."""
    here = Delivery.edition_id.in_(editions) & (Delivery.arm == ArmName.BOTH.value)
    here = _sampled(session, here) & (Delivery.state == DeliveryState.SENT)
    here &= Delivery.picks != sa.literal([], Delivery.picks.type)
    query = sa.select(Delivery.subscriber_id, sa.func.count()).where(here)
    copies = dict(session.execute(query.group_by(Delivery.subscriber_id)).all())
    given = (
        sa.select(
            Delivery.id, Delivery.subscriber_id, sa.cast(Delivery.picks, sa.Text), Event.story_id
        )
        .join(Event, Event.delivery_id == Delivery.id)
        .where(here, _INTEREST)
        .order_by(Delivery.id)
    )
    ahead: dict[int, float] = defaultdict(float)
    counted: set[tuple[int, int]] = set()
    credit_of: dict[int, float] = {}
    latest = None
    for delivery, reader, picks, story in session.execute(given):
        if delivery != latest:
            latest, credit_of = delivery, {one.story: one.credit for one in _read_picks(picks)}
        if story is not None and (delivery, story) not in counted:
            counted.add((delivery, story))
            ahead[reader] += credit_of.get(story, 0.0)
    return Arm(
        np.array(list(copies.values()), dtype=np.float64),
        np.array([ahead[reader] for reader in copies], dtype=np.float64),
    )


def _sampled(session: Session, here: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    number = session.scalar(sa.select(sa.func.count(Delivery.subscriber_id)).where(here)) or 0
    step = -(-number // MOST_COPIES)
    return here & (Delivery.subscriber_id % step == 0) if step > 1 else here
