"""Which states a delivery may go from and to: the table in docs/ledger.md, as a value.

The ledger builds the condition of every write from it, so any other change finds no row.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Delivery, DeliveryState

_S = DeliveryState
TRANSITIONS: dict[DeliveryState, tuple[DeliveryState, ...]] = {
    _S.PLANNED: (_S.CLAIMED, _S.SKIPPED),
    _S.DEFERRED: (_S.CLAIMED, _S.SKIPPED),
    _S.CLAIMED: (_S.ON_WIRE, _S.FAILED, _S.DEFERRED, _S.PLANNED),
    _S.ON_WIRE: (_S.SENT, _S.FAILED, _S.DEFERRED, _S.IN_DOUBT, _S.PLANNED),
    _S.IN_DOUBT: (_S.PLANNED, _S.SENT, _S.FAILED, _S.DEFERRED),
    _S.SENT: (),
    _S.FAILED: (),
    _S.SKIPPED: (),
}
HELD = (_S.CLAIMED, _S.ON_WIRE)
"""In a sender's hands."""
FIRST = (_S.PLANNED, _S.SKIPPED)
"""How planning writes them."""


def before(state: DeliveryState) -> list[DeliveryState]:
    """The states from which ``state`` can be reached."""
    return [earlier for earlier, later in TRANSITIONS.items() if state in later]


def move(
    session: Session, which: sa.ColumnElement[bool], state: DeliveryState, **values: Any
) -> set[int]:
    """Bring those copies into ``state`` that may come into it; which they were."""
    query = (
        sa.update(Delivery)
        .where(which, Delivery.state.in_(before(state)))
        .values(state=state, **values)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return set(session.scalars(query))
