"""Finds the copy that a number stands for: links, bounces and reports name a copy by its number for
ever, also after its reader has moved or was merged into another."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Delivery, MergedCopy


@dataclass(frozen=True, slots=True)
class Copy:
    """``number`` as it was asked for, the ``delivery`` that stands for it, and the salted hash of
    the address it went to where that is not the reader's present one (``former``)."""

    number: int
    delivery: Delivery
    former: str | None


def find(session: Session, number: int) -> Copy | None:
    """The copy with this number; None when there is none (any more)."""
    found = session.get(Delivery, number)
    if found is not None:
        return Copy(number, found, found.address_hash)
    merged = session.get(MergedCopy, number)
    if merged is None:
        return None
    return Copy(number, session.get_one(Delivery, merged.delivery_id), merged.address_hash)


def edition_of(session: Session, number: int) -> int | None:
    """The edition of the copy with this number."""
    found = session.scalar(sa.select(Delivery.edition_id).where(Delivery.id == number))
    if found is None and (copy := find(session, number)) is not None:
        return copy.delivery.edition_id
    return found


def latest_to(session: Session, address_hash: str) -> Copy | None:
    """The latest copy that went to an address which is no reader's any more."""
    own = sa.select(Delivery.id).where(Delivery.address_hash == address_hash)
    merged = sa.select(MergedCopy.id).where(MergedCopy.address_hash == address_hash)
    numbers = list(session.scalars(sa.union_all(own, merged)))
    return find(session, max(numbers)) if numbers else None


def standing_for(session: Session, numbers: Collection[int]) -> dict[int, int]:
    """The deliveries that stand for those of ``numbers`` which were merged."""
    query = sa.select(MergedCopy.id, MergedCopy.delivery_id).where(MergedCopy.id.in_(numbers))
    return {number: delivery for number, delivery in session.execute(query)}  # noqa: C416  (typed)
