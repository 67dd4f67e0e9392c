"""A change of address: asked for by the reader, done once it is confirmed from the new address.

One reader an address, and no mail to one that is suppressed, hold for the new one as for any. The
old address is not kept, only its salted hash, with the consent log. The caller commits, and sends
what has to be sent.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import AddressChange, ConsentEvent, Status, Subscriber
from recommender.subscribers import addresses, consent

SOURCE = "address change"
MAY_MOVE = (Status.ACTIVE, Status.PAUSED)
LARGEST_KEY = 2**31
SAME = "email: this is the address you have"


@dataclass(frozen=True)
class ChangeRequest:
    """What is to be mailed to ``email``: a link with ``key``; that the address is ``taken`` and
    nothing was changed; or nothing, since it must not be mailed."""

    email: str
    mail: Literal["link", "taken", "nothing"]
    key: int = 0


def ask(session: Session, reader: Subscriber, address: str, *, now: datetime) -> ChangeRequest:
    """Keep ``address`` as the one the reader wants. What is answered does not differ by who else
    has it. ValueError as for ``possible``."""
    email = possible(reader, address)
    key = addresses.address_hash(session, email)
    if consent.barred(session, email):
        return ChangeRequest(email, "nothing")
    if _taken(session, reader, key):
        return ChangeRequest(email, "taken")
    wanted = AddressChange(
        subscriber_id=reader.id, email=email, key=secrets.randbelow(LARGEST_KEY), at=now
    )
    session.merge(wanted)
    session.flush()
    return ChangeRequest(email, "link", wanted.key)


def possible(reader: Subscriber, address: str) -> str:
    """``address`` as it would be kept. ValueError when it is no address, is theirs already, or they
    get no mail at all."""
    try:
        email = addresses.normalise(address)
    except ValueError as error:
        raise ValueError(f"email: {error}") from error
    if email == reader.email:
        raise ValueError(SAME)
    if reader.status not in MAY_MOVE:
        raise ValueError("email: only readers who get issues can change it")
    return email


def wanted(session: Session, subscriber_id: int, key: int) -> AddressChange | None:
    """The change that a link with ``key`` is for, if it is still wanted."""
    found = session.get(AddressChange, subscriber_id)
    return found if found is not None and found.key == key else None


def move(
    session: Session, change: AddressChange, *, now: datetime, proof: dict[str, Any]
) -> str | None:
    """Mail the reader at the new address from now on; the old one. None when that is not possible
    any more: the address was suppressed or taken meanwhile, or the reader has left.

    All personal links made before are void.
    """
    reader = session.get_one(Subscriber, change.subscriber_id)
    key = addresses.address_hash(session, change.email)
    held = consent.is_suppressed(session, reader.email) or consent.barred(session, change.email)
    if reader.status not in MAY_MOVE or held or _taken(session, reader, key):
        return None
    consent.readmit(session, change.email)
    before = reader.email
    session.add(
        ConsentEvent(
            subscriber_id=reader.id,
            at=now,
            before=reader.status,
            after=reader.status,
            source=SOURCE,
            proof={**proof, "old_address_hash": reader.address_hash},
        )
    )
    reader.email, reader.address_hash, reader.updated_at = change.email, key, now
    session.delete(change)
    revoke(reader)
    session.flush()
    return before


def revoke(reader: Subscriber) -> None:
    """Void every personal link of the reader; the links of issues stay."""
    before = reader.link_key
    while reader.link_key == before:
        reader.link_key = secrets.randbelow(LARGEST_KEY)


def former_hashes(session: Session, reader: Subscriber) -> set[str]:
    """Salted hashes of the addresses the reader had before."""
    events = sa.select(ConsentEvent.proof).where(
        ConsentEvent.subscriber_id == reader.id, ConsentEvent.source == SOURCE
    )
    return {str(proof["old_address_hash"]) for proof in session.scalars(events)}


def _taken(session: Session, reader: Subscriber, key: str) -> bool:
    other = sa.select(Subscriber.id).where(
        Subscriber.address_hash == key, Subscriber.id != reader.id
    )
    return session.scalar(other) is not None
