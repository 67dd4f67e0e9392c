"""The copies of a reader who is merged into another: each edition keeps one copy for both.

A copy that was sent, or may have been, stands for one that was not, so nobody gets an edition
twice. Every number of a copy that somebody may hold goes on to lead to the one that stands for it.
The caller commits, and has made sure that none of the copies is in a sender's hands.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import (
    Delivery,
    DeliveryState,
    Event,
    InboundMessage,
    MergedCopy,
    WebhookEvent,
)

_ORDER = (
    DeliveryState.SENT,
    DeliveryState.IN_DOUBT,
    DeliveryState.DEFERRED,
    DeliveryState.PLANNED,
    DeliveryState.FAILED,
    DeliveryState.SKIPPED,
)
"""Which of two copies stands for both: the one that comes first."""
_GOT = (DeliveryState.SENT, DeliveryState.IN_DOUBT)
_UNSENT = (DeliveryState.DEFERRED, DeliveryState.PLANNED, DeliveryState.SKIPPED)


@dataclass(frozen=True)
class Copies:
    """``moved`` to the reader who stays; ``joined`` with a copy of theirs of the same edition, of
    which ``unsent`` had not been sent and are not sent any more."""

    moved: int = 0
    joined: int = 0
    unsent: int = 0


def counts(session: Session, kept: int, gone: int) -> Copies:
    """What ``merge`` would do; ``kept`` and ``gone`` are row ids of the readers."""
    pairs, single = _pairs(session, kept, gone)
    return _counted(pairs, single)


def merge(session: Session, kept: int, gone: int, *, address_hash: str) -> Copies:
    """Give the copies of ``gone``, that went to the address with this hash, to ``kept``."""
    pairs, moved = _pairs(session, kept, gone)
    done = _counted(pairs, moved)
    for copy in [*moved, *(other for _, other in pairs)]:
        if copy.state not in _UNSENT and copy.address_hash is None:
            copy.address_hash = address_hash
    for mine, other in pairs:
        if _stands_for_both(mine, other):
            _join(session, mine, other)
        else:
            _join(session, other, mine)
            moved = [*moved, other]
    for copy in moved:
        copy.subscriber_id = kept
    session.flush()
    return done


_Pairs = Sequence[tuple[Delivery, Delivery]]


def _pairs(session: Session, kept: int, gone: int) -> tuple[_Pairs, list[Delivery]]:
    """Copies of one edition that both have, and the others of ``gone``."""
    query = sa.select(Delivery).order_by(Delivery.id)
    mine = {
        copy.edition_id: copy
        for copy in session.scalars(query.where(Delivery.subscriber_id == kept))
    }
    others = session.scalars(query.where(Delivery.subscriber_id == gone)).all()
    pairs = [(mine[copy.edition_id], copy) for copy in others if copy.edition_id in mine]
    return pairs, [copy for copy in others if copy.edition_id not in mine]


def _stands_for_both(mine: Delivery, other: Delivery) -> bool:
    return _ORDER.index(mine.state) <= _ORDER.index(other.state)


def _counted(pairs: _Pairs, single: Sequence[Delivery]) -> Copies:
    going = [other if _stands_for_both(mine, other) else mine for mine, other in pairs]
    unsent = sum(copy.state in (DeliveryState.PLANNED, DeliveryState.DEFERRED) for copy in going)
    return Copies(len(single), len(pairs), unsent)


def _join(session: Session, stays: Delivery, goes: Delivery) -> None:
    """Let ``stays`` stand for ``goes``, for whoever holds its number, too."""
    if goes.state in _GOT:
        more = [story for story in goes.story_ids if story not in stays.story_ids]
        stays.story_ids = [*stays.story_ids, *more]  # the reader was sent these, too
    for table in (Event, WebhookEvent, InboundMessage, MergedCopy):
        session.execute(
            sa.update(table).where(table.delivery_id == goes.id).values(delivery_id=stays.id),
            execution_options={"synchronize_session": False},
        )
    number, held, former = goes.id, goes.state not in _UNSENT, goes.address_hash
    session.delete(goes)
    session.flush()
    if held:
        session.add(MergedCopy(id=number, delivery_id=stays.id, address_hash=former))
        session.flush()
