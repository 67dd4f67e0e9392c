"""Notes which messages were acted on, each once, in the transaction of what followed from it.

A message is known by the digest of its content, by whatever way it comes: a process that is killed
has done both or neither, and the same message read again changes nothing.
"""

import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import InboundMessage
from recommender.storage.bulk import insert


def key(data: bytes) -> str:
    """What a message is known by."""
    return hashlib.sha256(data).hexdigest()


def begin(
    session: Session, data: bytes, *, way: str, kind: str, about: str | None, now: datetime
) -> int | None:
    """Note a message as taken, its row's number; None when it was taken before."""
    new = insert(session, InboundMessage).values(
        key=key(data), at=now, way=way, kind=kind, about=about
    )
    return session.scalar(new.on_conflict_do_nothing().returning(InboundMessage.id))


def to_answer(session: Session, row: int, answer: str | None) -> None:
    """Note what is to be mailed because of a message; None when nothing is."""
    session.execute(sa.update(InboundMessage).where(InboundMessage.id == row).values(answer=answer))


def may_undo(session: Session, row: int, before: str) -> None:
    """Note what was so before a message changed it."""
    session.execute(sa.update(InboundMessage).where(InboundMessage.id == row).values(undo=before))


def about(session: Session, row: int, *, reader: int, delivery: int | None) -> None:
    """Note whom a message is about."""
    values = {"subscriber_id": reader, "delivery_id": delivery}
    session.execute(sa.update(InboundMessage).where(InboundMessage.id == row).values(values))
