"""Makes two readers one: interests, history, answers, copies and consent of the second go to the
first, whose address, name and settings stay.

Of two statuses the more careful one holds, suppressions stay, and nobody gets an edition twice.
Links, bounces and complaints of mail that went to the second address go on to work. The caller
commits.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.ledger import merging
from mailer.ledger.merging import Copies
from recommender import corrections
from recommender.corrections import Author
from recommender.errors import ConflictError
from recommender.models import (
    AddressChange,
    ConsentEvent,
    Correction,
    CorrectionKind,
    Event,
    InboundMessage,
    SegmentMember,
    Status,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
    Subscription,
    WebhookEvent,
)
from recommender.storage import bulk
from recommender.subscribers import address_change, consent, fields, records
from recommender.vocabulary import stronger_weight

_CAREFUL = (
    Status.COMPLAINED,
    Status.BOUNCED,
    Status.UNSUBSCRIBED,
    Status.PAUSED,
    Status.PENDING,
    Status.ACTIVE,
)
"""The more careful status first."""
_UNSAID = tuple(field.name for field in fields.STORED if field.default in (None, ""))
"""Fields in which a reader can have said nothing."""


@dataclass(frozen=True)
class Merge:
    """What merging two readers comes to: ``topics``, ``roles`` and ``lists`` that the first did not
    have, ``answers`` (clicks and the like) and consent ``events`` that move, ``copies``, and the
    ``status`` that holds, with why it is not as it ``was``."""

    kept: str
    gone: str
    was: Status
    status: Status
    suppressed: str | None
    topics: int
    roles: int
    lists: int
    answers: int
    events: int
    copies: Copies

    def document(self) -> dict[str, Any]:
        """For a machine."""
        return {"into": self.kept, "merged": self.gone, **self.counts()}

    def counts(self) -> dict[str, Any]:
        """Without addresses."""
        left_out = {"kept", "gone", "copies"}
        named = {name: value for name, value in asdict(self).items() if name not in left_out}
        return {**named, "copies": asdict(self.copies)}


def plan(session: Session, kept: Subscriber, gone: Subscriber) -> Merge:
    """What ``merge`` would do; ConflictError when it cannot be done now."""
    if kept.id == gone.id:
        raise ConflictError(f"{kept.email} and {gone.email} are one reader already")
    for reader in (kept, gone):
        address_change.check_idle(session, reader)
    suppressed = consent.reason_of(session, gone.email)
    return Merge(
        kept=kept.email,
        gone=gone.email,
        was=kept.status,
        status=_status(kept.status, gone.status),
        suppressed=None if suppressed == consent.ERASED else suppressed,
        topics=len(_topics(gone).keys() - _topics(kept).keys()),
        roles=len(_roles(gone) - _roles(kept)),
        lists=len(_lists(session, gone) - _lists(session, kept)),
        answers=_count(session, Event, gone),
        events=_count(session, ConsentEvent, gone),
        copies=merging.counts(session, kept.id, gone.id),
    )


def _status(kept: Status, gone: Status) -> Status:
    """The more careful one; that an address was never confirmed says nothing of another one."""
    return kept if gone == Status.PENDING else min(kept, gone, key=_CAREFUL.index)


def _topics(reader: Subscriber) -> Mapping[int, float]:
    return {row.topic_id: row.weight for row in reader.topics}


def _roles(reader: Subscriber) -> set[int]:
    return {row.role_id for row in reader.roles}


def _lists(session: Session, reader: Subscriber) -> set[int]:
    query = sa.select(SegmentMember.segment_id).where(SegmentMember.subscriber_id == reader.id)
    return set(session.scalars(query))


def _count(session: Session, table: type[Event | ConsentEvent], reader: Subscriber) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(table.subscriber_id == reader.id)
    return session.scalar(query) or 0


def merge(session: Session, kept: Subscriber, gone: Subscriber, *, author: Author) -> Merge:
    """Make the two readers one, and log it; what was done. ConflictError as for ``plan``."""
    planned = plan(session, kept, gone)
    before, merged = records.document(kept), records.document(gone)
    del merged["email"]  # only its hash is kept
    proof = {"command": "subscribers merge", "by": author.name}
    _interests(session, kept, gone, author.at)
    _fields(kept, gone)
    merging.merge(session, kept.id, gone.id, address_hash=gone.address_hash)
    _histories(session, kept, gone)
    _subscriptions(session, kept, gone)
    session.flush()
    consent.merge(session, kept, gone, planned.status, now=author.at, proof=proof)
    if planned.suppressed not in (None, "bounce"):
        why = str(planned.suppressed)
        consent.suppress(session, kept.email, reason=why, now=author.at, proof=proof)
    session.execute(sa.delete(AddressChange).where(AddressChange.subscriber_id == gone.id))
    session.execute(sa.delete(Subscriber).where(Subscriber.id == gone.id))
    session.expire_all()
    after = records.document(kept)
    corrections.of_reader(
        session,
        CorrectionKind.MERGE,
        kept,
        author=author,
        summary=planned.counts(),
        values=corrections.changes(before, after) | {"merged": merged},
    )
    return planned


def _interests(session: Session, kept: Subscriber, gone: Subscriber, now: datetime) -> None:
    """Topics of both, of two weights the stronger word; roles and lists of both."""
    mine = {row.topic_id: row for row in kept.topics}
    for topic, weight in _topics(gone).items():
        if topic in mine:
            mine[topic].weight = stronger_weight(mine[topic].weight, weight)
        else:
            session.add(SubscriberTopic(subscriber_id=kept.id, topic_id=topic, weight=weight))
    for role in sorted(_roles(gone) - _roles(kept)):
        session.add(SubscriberRole(subscriber_id=kept.id, role_id=role))
    rows = [{"segment_id": segment, "subscriber_id": kept.id} for segment in _lists(session, gone)]
    if rows:
        session.execute(bulk.insert(session, SegmentMember).on_conflict_do_nothing(), rows)
    kept.updated_at = now
    session.flush()


def _fields(kept: Subscriber, gone: Subscriber) -> None:
    """What the first lacks is taken from the second; lists in attributes are joined."""
    for name in _UNSAID:
        if getattr(kept, name) in (None, ""):
            setattr(kept, name, getattr(gone, name))
    attributes = {**gone.attributes, **kept.attributes}
    for name, value in gone.attributes.items():
        mine = kept.attributes.get(name)
        if isinstance(mine, list) and isinstance(value, list):
            attributes[name] = [*mine, *(one for one in value if one not in mine)]
    kept.attributes = attributes
    kept.created_at = min(kept.created_at, gone.created_at)
    heard = [at for at in (kept.last_active_at, gone.last_active_at) if at is not None]
    kept.last_active_at = max(heard, default=None)


def _subscriptions(session: Session, kept: Subscriber, gone: Subscriber) -> None:
    """Newsletters that either has left stay left; what only the second said of one is taken."""
    query = sa.select(Subscription).where(Subscription.subscriber_id.in_((kept.id, gone.id)))
    said = {(row.subscriber_id, row.newsletter_id): row for row in session.scalars(query)}
    for (reader, newsletter), row in said.items():
        mine = said.get((kept.id, newsletter))
        if reader == kept.id or (mine is not None and (row.subscribed or not mine.subscribed)):
            continue
        if mine is not None:
            mine.subscribed, mine.at, mine.proof = False, row.at, row.proof
        else:
            row.subscriber_id = kept.id
    session.flush()


def _histories(session: Session, kept: Subscriber, gone: Subscriber) -> None:
    for table in (Event, ConsentEvent, WebhookEvent, InboundMessage, Correction):
        session.execute(
            sa.update(table).where(table.subscriber_id == gone.id).values(subscriber_id=kept.id),
            execution_options={"synchronize_session": False},
        )
