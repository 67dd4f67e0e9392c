"""The ledger in numbers: it reads deliveries and never writes them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Delivery, DeliveryState


@dataclass(frozen=True)
class Count:
    """How many copies of an edition are in which state, and why the skipped ones were."""

    states: dict[DeliveryState, int]
    skipped: dict[str, int]

    def of(self, *states: DeliveryState) -> int:
        return sum(self.states.get(state, 0) for state in states)


def count(session: Session, edition_id: int) -> Count:
    """The ledger of an edition, summed up."""
    query = (
        sa.select(Delivery.state, Delivery.reason, sa.func.count())
        .where(Delivery.edition_id == edition_id)
        .group_by(Delivery.state, Delivery.reason)
        .order_by(Delivery.state, Delivery.reason)
    )
    states: dict[DeliveryState, int] = {}
    skipped: dict[str, int] = {}
    for state, reason, number in session.execute(query):
        states[state] = states.get(state, 0) + number
        if state == DeliveryState.SKIPPED:
            skipped[reason or "unknown"] = number
    return Count(states, skipped)


def not_yet_due(session: Session, edition_id: int, *, now: datetime) -> int:
    """How many planned copies wait for their reader's own hour."""
    query = sa.select(sa.func.count()).where(
        Delivery.edition_id == edition_id,
        Delivery.state == DeliveryState.PLANNED,
        Delivery.due_at > now,
    )
    return session.scalar(query) or 0
