"""The ledger of deliveries: record and resume. With ``claims`` the only writer of their states.

Every write is a compare-and-set on the state it leaves, so two senders can never take one copy.
A claim belongs to an owner; an owner holds a lock that ends with its process (``locks.hold``),
so when the lock can be had the owner is gone: what it had merely claimed is due again, what it had
on the wire is in doubt. Which transitions there are is said in ``transitions``. The caller commits.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from mailer.ledger import transitions
from mailer.ledger.transitions import HELD, TRANSITIONS, before
from recommender.models import Delivery, DeliveryState, Subscriber
from recommender.storage import database, locks
from recommender.storage.locks import Lock

OPEN = (DeliveryState.PLANNED, DeliveryState.DEFERRED)
UNSETTLED = (*OPEN, *HELD)
OUTCOMES = (
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.DEFERRED,
    DeliveryState.IN_DOUBT,
    DeliveryState.PLANNED,
)
OWNERS = (
    sa.select(Delivery.claimed_by)
    .where(Delivery.claimed_by.is_not(None), Delivery.state.in_(HELD))
    .distinct()
)
"""Senders that hold copies, be they at work or gone."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed copy. ``retry_at`` is given for a deferred one only; ``dead``
    says that the mailbox does not exist, so its address is never mailed again, ``suspect`` that
    it may not (``refusals``); ``tried`` is false when the copy was only put back, without having
    been offered to anybody."""

    delivery_id: int
    state: DeliveryState
    relay: str | None = None
    reply: str | None = None
    reason: str | None = None
    retry_at: datetime | None = None
    expires_at: datetime | None = None
    dead: bool = False
    suspect: Literal["suspected", "unreached"] | None = None
    tried: bool = True


_TABLE = Delivery.table()


def _in_state(*states: DeliveryState) -> sa.ColumnElement[bool]:
    """With the states in the statement itself: as parameters they would be given for each row."""
    return sa.or_(*(_TABLE.c.state == sa.literal_column(f"'{state}'") for state in states))


# Statements of the inner loop are built once: building one costs more than running it.
_PUT_ON_WIRE = (
    sa.update(_TABLE)
    .where(
        _TABLE.c.id.in_(sa.bindparam("keys", expanding=True)),
        _TABLE.c.claimed_by == sa.bindparam("owner"),
        _in_state(*before(DeliveryState.ON_WIRE)),
    )
    .values(state=sa.literal_column(f"'{DeliveryState.ON_WIRE}'"))
    .returning(_TABLE.c.id)
)


def _to_record(state: DeliveryState) -> sa.Update:
    earlier = [one for one in (*HELD, DeliveryState.IN_DOUBT) if state in TRANSITIONS[one]]
    values: dict[str, Any] = {
        "state": sa.literal_column(f"'{state}'"),
        "relay": sa.bindparam("new_relay"),
        "reply": sa.bindparam("new_reply"),
        "reason": sa.bindparam("new_reason"),
        "settled_at": sa.bindparam("new_settled_at"),
        "attempts": _TABLE.c.attempts + sa.bindparam("new_attempts", type_=sa.Integer()),
        "claimed_by": sa.null(),
    }
    if state == DeliveryState.DEFERRED:
        retry_at = sa.bindparam("retry_at", type_=_TABLE.c.due_at.type)
        expires_at = sa.bindparam("new_expires_at", type_=_TABLE.c.expires_at.type)
        values["due_at"] = sa.func.coalesce(retry_at, _TABLE.c.due_at)
        values["expires_at"] = sa.func.coalesce(_TABLE.c.expires_at, expires_at)
    return (
        sa.update(_TABLE)
        .where(
            _TABLE.c.id == sa.bindparam("key"),
            _TABLE.c.claimed_by == sa.bindparam("owner"),
            _in_state(*earlier),
        )
        .values(values)
    )


_RECORD = {state: _to_record(state) for state in OUTCOMES}


def put_on_wire(connection: Connection, ids: Sequence[int], *, owner: str) -> set[int]:
    """Note that the final dot of these copies is about to be written; which were still ours."""
    if not ids:
        return set()
    return set(connection.scalars(_PUT_ON_WIRE, {"keys": list(ids), "owner": owner}))


def record(
    connection: Connection, outcomes: Sequence[Outcome], *, owner: str, now: datetime
) -> None:
    """Settle claimed copies, or defer them, or (planned) give them back.

    An owner that had lost touch with the store, and was taken for gone, may find its copies in
    doubt. If nobody has touched them since, what it knows ends the doubt.
    """
    for state, statement in _RECORD.items():
        these = [_values(outcome, owner, now) for outcome in outcomes if outcome.state == state]
        if these:
            connection.execute(statement, these)


def _values(outcome: Outcome, owner: str, now: datetime) -> dict[str, Any]:
    values = {
        "key": outcome.delivery_id,
        "owner": owner,
        "new_relay": outcome.relay,
        "new_reply": outcome.reply,
        "new_reason": outcome.reason,
        "new_attempts": int(outcome.tried),
        "new_settled_at": None if outcome.state in OPEN else now,
    }
    if outcome.state == DeliveryState.DEFERRED:
        values |= {"retry_at": outcome.retry_at, "new_expires_at": outcome.expires_at}
    return values


def release_all(session: Session, *, owner: str, now: datetime) -> tuple[int, int]:
    """Take back what ``owner`` holds, who is leaving or gone: what it had merely claimed is due
    again, what it had on the wire is in doubt; how many of either."""
    mine = Delivery.claimed_by == owner
    return _take_back(session, mine), _doubt(session, mine, now)


def recover(engine: Engine, *, now: datetime) -> tuple[int, int]:
    """Take back what senders that are gone had claimed.

    Returns how many copies are due again and how many are in doubt.
    """
    with database.reading(engine) as session:
        owners = session.scalars(OWNERS).all()
    released = doubts = 0
    for owner in owners:
        if owner is None:
            continue
        with locks.inheriting(engine, _lock_of(owner)) as heir:
            if heir is not None:
                due, doubtful = release_all(heir, owner=owner, now=now)
                released, doubts = released + due, doubts + doubtful
    return released, doubts


def lock(engine: Engine, owner: str) -> AbstractContextManager[Lock]:
    """The lock that says ``owner`` is alive."""
    return locks.hold(engine, _lock_of(owner), once=True)


def _lock_of(owner: str) -> str:
    return f"sender-{owner}"


def _take_back(session: Session, which: sa.ColumnElement[bool]) -> int:
    which &= Delivery.state == DeliveryState.CLAIMED
    return len(transitions.move(session, which, DeliveryState.PLANNED, claimed_by=None))


def _doubt(session: Session, which: sa.ColumnElement[bool], now: datetime) -> int:
    which &= Delivery.state == DeliveryState.ON_WIRE
    doubts = transitions.move(
        session,
        which,
        DeliveryState.IN_DOUBT,
        reason="unanswered",
        reply="the sender ended before the answer to the final dot was recorded",
        settled_at=now,
    )
    return len(doubts)


def mark_open_in_doubt(session: Session, edition_id: int, why: str, *, now: datetime) -> int:
    """Put every copy that is not settled in doubt; how many. Only for a store that was restored
    from a backup: the one change that is not among the transitions."""
    query = (
        sa.update(Delivery)
        .where(Delivery.edition_id == edition_id, Delivery.state.in_(UNSETTLED))
        .values(
            state=DeliveryState.IN_DOUBT,
            claimed_by=None,
            reason="restored",
            reply=why,
            settled_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    return int(session.connection().execute(query).rowcount)


def resend_doubtful(session: Session, edition_id: int) -> int:
    """Make every copy in doubt due again, as ``in_doubt = "resend"`` asks; how many."""
    which = Delivery.edition_id == edition_id
    which &= Delivery.state == DeliveryState.IN_DOUBT
    nothing: dict[str, None] = dict.fromkeys(("claimed_by", "settled_at", "reason", "reply"))
    return len(transitions.move(session, which, DeliveryState.PLANNED, **nothing))


def add_segment(
    session: Session, edition_id: int, name: str, belongs: sa.ColumnElement[bool]
) -> None:
    """Note in the copies of readers who meet ``belongs`` that they are in the segment ``name``,
    which was not asked for when they were planned. Only for an edition that nobody sends yet."""
    query = (
        sa.select(_TABLE.c.id, _TABLE.c.reader)
        .join(Subscriber, Subscriber.id == _TABLE.c.subscriber_id)
        .where(_TABLE.c.edition_id == edition_id, belongs)
    )
    changed = [
        {"key": key, "new_reader": {**reader, "segments": sorted({*before, name})}}
        for key, reader in session.execute(query)
        if name not in (before := reader.get("segments", ()))
    ]
    if changed:
        update = sa.update(_TABLE).where(_TABLE.c.id == sa.bindparam("key"))
        update = update.values(reader=sa.bindparam("new_reader", type_=_TABLE.c.reader.type))
        session.connection().execute(update, changed)


def cancel(session: Session, edition_id: int, *, now: datetime) -> int:
    """Skip every copy that is not yet in a sender's hands; how many."""
    which = Delivery.edition_id == edition_id
    return len(
        transitions.move(session, which, DeliveryState.SKIPPED, reason="cancelled", settled_at=now)
    )
