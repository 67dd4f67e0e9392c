"""Which newsletters a reader has left, where the store has several. The caller commits.

A reader who may be mailed and belongs to a newsletter's audience gets it, unless they left it. Only
what a reader said of one newsletter is kept; who left all of them has unsubscribed.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    Newsletter,
    Status,
    Subscriber,
    Subscription,
)
from recommender.storage.bulk import insert
from recommender.subscribers import consent


def left(newsletter_id: int | sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """The condition under which a subscriber has left a newsletter."""
    return sa.exists().where(
        Subscription.newsletter_id == newsletter_id,
        Subscription.subscriber_id == Subscriber.id,
        ~Subscription.subscribed,
    )


def of(session: Session, reader: Subscriber, audiences: Collection[str] = ()) -> dict[str, bool]:
    """The published newsletters that are the reader's, the oldest first, and whether they have not
    left each.

    A newsletter for everybody is; one for a segment is when it is among ``audiences``
    (``segments.audiences``: those whose segments they belong to), and once the reader was sent an
    issue, or said that they want it: nobody is told that they get what its segment keeps from them.
    """
    sent = sa.exists().where(
        Delivery.edition_id == Edition.id,
        Edition.newsletter_id == Newsletter.id,
        Delivery.subscriber_id == reader.id,
        Delivery.state == DeliveryState.SENT,
    )
    theirs = sa.or_(
        Newsletter.segment_id.is_(None),
        Newsletter.name.in_(audiences),
        Subscription.subscribed.is_not(None),
        sent,
    )
    query = (
        sa.select(Newsletter.name, sa.func.coalesce(Subscription.subscribed, sa.true()))
        .outerjoin(
            Subscription,
            (Subscription.newsletter_id == Newsletter.id)
            & (Subscription.subscriber_id == reader.id),
        )
        .where(Newsletter.retired_at.is_(None), theirs)
        .order_by(Newsletter.id)
    )
    return {row[0]: bool(row[1]) for row in session.execute(query)}


def leave(
    session: Session,
    reader: Subscriber,
    newsletter: str,
    *,
    audiences: Collection[str],
    source: str,
    now: datetime,
    proof: dict[str, Any],
) -> list[str]:
    """The reader gets ``newsletter`` no more; the names of those they still get (``audiences`` as
    for ``of``). Who gets none any more has unsubscribed, with a consent event that says ``source``
    and ``proof``."""
    got = of(session, reader, audiences)
    others = [name for name, subscribed in got.items() if subscribed and name != newsletter]
    if others:
        _note(session, reader, newsletter, subscribed=False, now=now, proof=proof)
    else:
        consent.change(session, reader, Status.UNSUBSCRIBED, source=source, now=now, proof=proof)
    return others


def choose(
    session: Session,
    reader: Subscriber,
    names: Collection[str],
    *,
    audiences: Collection[str] = (),
    now: datetime,
    proof: dict[str, Any],
) -> None:
    """The reader gets those of the published newsletters that are among ``names``; ValueError when
    none is, since who wants none unsubscribes."""
    known = of(session, reader, audiences)
    if not any(name in names for name in known):
        raise ValueError("at least one newsletter, or unsubscribe")
    for name, subscribed in known.items():
        if subscribed != (name in names):
            _note(session, reader, name, subscribed=name in names, now=now, proof=proof)


def rejoin(
    session: Session, reader: Subscriber, newsletter: str, *, now: datetime, proof: dict[str, Any]
) -> None:
    """The reader gets ``newsletter`` again."""
    _note(session, reader, newsletter, subscribed=True, now=now, proof=proof)


def restore(session: Session, reader: Subscriber) -> None:
    """The reader has subscribed anew, and gets everything: what they left is forgotten."""
    session.execute(sa.delete(Subscription).where(Subscription.subscriber_id == reader.id))


def _note(
    session: Session,
    reader: Subscriber,
    newsletter: str,
    *,
    subscribed: bool,
    now: datetime,
    proof: dict[str, Any],
) -> None:
    key = session.scalars(sa.select(Newsletter.id).where(Newsletter.name == newsletter)).one()
    values = {"subscribed": subscribed, "at": now, "proof": proof}
    row = {"newsletter_id": key, "subscriber_id": reader.id} | values
    statement = insert(session, Subscription).values(**row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["newsletter_id", "subscriber_id"], set_=values
        )
    )
