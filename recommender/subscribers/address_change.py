"""A change of address: asked for by the reader, done once it is confirmed from the new address; or
made by an administrator.

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

from recommender.errors import ConflictError
from recommender.models import (
    AddressChange,
    ConsentEvent,
    Delivery,
    DeliveryState,
    Status,
    Subscriber,
)
from recommender.subscribers import addresses, consent

SOURCE = consent.MOVED
MAY_MOVE = (Status.ACTIVE, Status.PAUSED)
SENT_STATES = (
    DeliveryState.ON_WIRE,
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.IN_DOUBT,
)
"""States in which a copy has an address that it went to."""
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
    session.delete(change)
    _set(session, reader, change.email, now=now, proof=proof)
    return before


def correct(
    session: Session, reader: Subscriber, address: str, *, now: datetime, proof: dict[str, Any]
) -> None:
    """Give the reader another address, since an administrator says so; their status stays.

    Who was suppressed for another reason than a dead mailbox stays so at the new address. Raises
    ValueError for what is no address, ConflictError when it is suppressed or somebody else's, or a
    copy is on its way to the old one.
    """
    try:
        email = addresses.normalise(address)
    except ValueError as error:
        raise ValueError(f"email: {error}") from error
    key = addresses.address_hash(session, email)
    if key == reader.address_hash:  # the same mailbox, written otherwise
        reader.email, reader.updated_at = email, now
        session.flush()
        return
    if (why := consent.reason_of(session, email)) is not None:
        way = "its owner can subscribe on the page" if why == consent.ERASED else "it stays so"
        raise ConflictError(f"{email} is suppressed ({why}); {way}")
    if _taken(session, reader, key):
        raise ConflictError(
            f"{email} is another reader's; "
            f"`newsletter subscribers merge {email} {reader.email}` makes the two one"
        )
    check_idle(session, reader)
    left = consent.reason_of(session, reader.email)
    session.execute(sa.delete(AddressChange).where(AddressChange.subscriber_id == reader.id))
    _set(session, reader, email, now=now, proof=proof)
    if left not in (None, "bounce"):
        consent.suppress(session, email, reason=str(left), now=now, proof=proof)


def check_idle(session: Session, reader: Subscriber) -> None:
    """ConflictError while a copy for the reader is in a sender's hands."""
    busy = sa.select(Delivery.id).where(
        Delivery.subscriber_id == reader.id,
        Delivery.state.in_((DeliveryState.CLAIMED, DeliveryState.ON_WIRE)),
    )
    if session.scalar(busy.limit(1)) is not None:
        raise ConflictError(
            f"a copy for {reader.email} is being sent right now; try again in a minute"
        )


def _set(
    session: Session, reader: Subscriber, email: str, *, now: datetime, proof: dict[str, Any]
) -> None:
    """The reader has this address from now on; what was sent went to the old one."""
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
    note_former(session, reader)
    reader.email, reader.updated_at = email, now
    reader.address_hash = addresses.address_hash(session, email)
    revoke(reader)
    session.flush()


def note_former(session: Session, reader: Subscriber) -> None:
    """Note with all that was sent to the reader that it went to the address they have now."""
    session.execute(
        sa.update(Delivery)
        .where(
            Delivery.subscriber_id == reader.id,
            Delivery.address_hash.is_(None),
            Delivery.state.in_(SENT_STATES),
        )
        .values(address_hash=reader.address_hash),
        execution_options={"synchronize_session": False},
    )


def revoke(reader: Subscriber) -> None:
    """Void every personal link of the reader; the links of issues stay."""
    before = reader.link_key
    while reader.link_key == before:
        reader.link_key = secrets.randbelow(LARGEST_KEY)


def _taken(session: Session, reader: Subscriber, key: str) -> bool:
    other = sa.select(Subscriber.id).where(
        Subscriber.address_hash == key, Subscriber.id != reader.id
    )
    return session.scalar(other) is not None
