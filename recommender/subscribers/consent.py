"""Every change of a subscriber's status, each with its consent event; and the suppression list.

The only writer of ``Subscriber.status`` besides the import. The caller commits.

An address is suppressed for a reason. One that was erased may come back, by its owner's own double
opt-in alone; any other is never mailed again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import corrections
from recommender.errors import ConflictError, NotFoundError
from recommender.models import ConsentEvent, Delivery, Event, Status, Subscriber, Suppression
from recommender.storage.bulk import insert
from recommender.subscribers import addresses
from recommender.subscribers.addresses import address_hash

ERASED = "erased"
"""The reason for which an address is suppressed whose reader was erased."""
MOVED, MERGED = "address change", "merge"
"""Sources of events whose proof holds the hash of an address that the reader had before, or that
was of a reader merged into them."""
_SUPPRESSED_AS = {Status.BOUNCED: "bounce", Status.COMPLAINED: "complaint"}


def change(
    session: Session,
    subscriber: Subscriber,
    status: Status,
    *,
    source: str,
    now: datetime,
    proof: dict[str, Any],
) -> bool:
    """Set ``status`` and write down how it came about: ``source`` names the way, ``proof`` holds
    what is known of it. False when it was so already."""
    if subscriber.status == status:
        return False
    session.add(
        ConsentEvent(
            subscriber_id=subscriber.id,
            at=now,
            before=subscriber.status,
            after=status,
            source=source,
            proof=proof,
        )
    )
    subscriber.status = status
    subscriber.updated_at = now
    session.flush()
    return True


def merge(
    session: Session,
    kept: Subscriber,
    gone: Subscriber,
    status: Status,
    *,
    now: datetime,
    proof: dict[str, Any],
) -> None:
    """``gone`` is becoming a part of ``kept``, who has ``status`` from now on; the event keeps the
    hash of the address that goes. A pause lasts as long as the longer one of the two."""
    if status == Status.PAUSED:
        ends = [one.paused_until for one in (kept, gone) if one.status == Status.PAUSED]
        dates = [end for end in ends if end is not None]
        kept.paused_until = max(dates) if len(dates) == len(ends) else None
    session.add(
        ConsentEvent(
            subscriber_id=kept.id,
            at=now,
            before=kept.status,
            after=status,
            source=MERGED,
            proof={**proof, "old_address_hash": gone.address_hash},
        )
    )
    kept.status = status
    session.flush()


def suppress(
    session: Session,
    email: str,
    *,
    reason: str,
    now: datetime,
    proof: dict[str, Any],
    status: Status | None = None,
) -> bool:
    """Never mail ``email`` again; False when it was suppressed already.

    A reader with this address becomes ``status`` (default: unsubscribed), unless they had left.
    """
    key = address_hash(session, email)
    suppressed = barred(session, email)
    added = insert(session, Suppression).values(address_hash=key, reason=reason, at=now)
    stronger = added.on_conflict_do_update(  # the way back of one who was erased ends here
        index_elements=[Suppression.address_hash],
        set_={"reason": reason, "at": now},
        where=Suppression.reason == ERASED,
    )
    session.execute(stronger)
    subscriber = session.scalar(sa.select(Subscriber).where(Subscriber.address_hash == key))
    if subscriber is not None and subscriber.status in {
        Status.ACTIVE,
        Status.PAUSED,
        Status.PENDING,
    }:
        after = status or Status.UNSUBSCRIBED
        change(session, subscriber, after, source=reason, now=now, proof=proof)
    return not suppressed


def suppress_former(session: Session, key: str, *, reason: str, now: datetime) -> None:
    """Never mail the address with this hash again, which no reader has any more."""
    added = insert(session, Suppression).values(address_hash=key, reason=reason, at=now)
    session.execute(added.on_conflict_do_nothing())


def is_suppressed(session: Session, email: str) -> bool:
    """Whether no mail goes to ``email``, and no import takes it."""
    return bool(_reasons(session, email))


def reason_of(session: Session, email: str) -> str | None:
    """Why ``email`` is suppressed; None when it is not. A reason that lasts comes first."""
    return min(_reasons(session, email), key=lambda why: (why == ERASED, why), default=None)


def barred(session: Session, email: str) -> bool:
    """Whether the address must not be mailed even if its owner asks for it."""
    return any(reason != ERASED for reason in _reasons(session, email))


def readmit(session: Session, email: str) -> None:
    """Take an address that was erased off the suppression list: its owner has confirmed it."""
    own = Suppression.address_hash == address_hash(session, email)
    erased = Suppression.reason == ERASED
    session.execute(sa.delete(Suppression).where(own, erased))
    # One that bars two addresses bars the other one from now on.
    session.execute(
        sa.update(Suppression).where(listed(session, [email]), erased).values(casefolded=False)
    )


def listed(session: Session, emails: Collection[str]) -> sa.ColumnElement[bool]:
    """The condition under which a suppression is for one of ``emails``."""
    salt = addresses.salt(session)
    keys = [addresses.hash_of(salt, email) for email in emails]
    former = [addresses.casefolded_hash(salt, email) for email in emails if not email.isascii()]
    old = Suppression.casefolded & Suppression.address_hash.in_([key for key in former if key])
    return sa.or_(Suppression.address_hash.in_(keys), old)


def _reasons(session: Session, email: str) -> Sequence[str]:
    return session.scalars(sa.select(Suppression.reason).where(listed(session, [email]))).all()


def former_hashes(session: Session, reader: Subscriber) -> set[str]:
    """Salted hashes of the addresses the reader had before, those of readers merged into them
    included."""
    events = sa.select(ConsentEvent.proof).where(
        ConsentEvent.subscriber_id == reader.id, ConsentEvent.source.in_((MOVED, MERGED))
    )
    return {str(proof["old_address_hash"]) for proof in session.scalars(events)}


def erase(session: Session, email: str, *, now: datetime) -> None:
    """Delete all that is held of the reader; only salted hashes stay, on the suppression list: of
    their address, and of those they had before unless somebody else has them now.

    Raises NotFoundError when nothing is held, ConflictError while a copy is on the wire.
    """
    key = address_hash(session, email)
    subscriber = session.scalar(sa.select(Subscriber).where(Subscriber.address_hash == key))
    if subscriber is None:
        raise NotFoundError(f"nothing is held of {email}")
    mine = Delivery.subscriber_id == subscriber.id
    corrections.forget(session, [subscriber.id])
    busy = sa.select(Delivery.id).where(mine, Delivery.state.in_(("claimed", "on_wire")))
    if session.scalar(busy.limit(1)) is not None:
        raise ConflictError(f"a copy for {email} is being sent right now; try again in a minute")
    # A dead mailbox, or who complained, stays so: that is no way round it.
    reason = _SUPPRESSED_AS.get(subscriber.status, ERASED)
    former = former_hashes(session, subscriber)
    others = sa.select(Subscriber.address_hash).where(Subscriber.address_hash.in_(former))
    former -= set(session.scalars(others))
    rows = [{"address_hash": key, "reason": reason, "at": now}]
    rows += [{"address_hash": old, "reason": ERASED, "at": now} for old in sorted(former - {key})]
    session.execute(insert(session, Suppression).on_conflict_do_nothing(), rows)
    session.execute(sa.delete(Event).where(Event.subscriber_id == subscriber.id))
    session.execute(sa.delete(Delivery).where(mine))
    session.execute(sa.delete(Subscriber).where(Subscriber.id == subscriber.id))
