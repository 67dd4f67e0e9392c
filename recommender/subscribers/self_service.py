"""What readers do themselves: ask to subscribe, confirm, choose, pause, come back.

Each change of status has its consent event. The caller commits, and sends what has to be sent.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import vocabulary
from recommender.errors import UnknownName
from recommender.models import (
    ADDED_LATER,
    ConsentEvent,
    Event,
    EventKind,
    Status,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
)
from recommender.storage.bulk import insert
from recommender.subscribers import consent, subscriptions
from recommender.subscribers.addresses import address_hash
from recommender.subscribers.fields import SubscriberDraft
from recommender.vocabulary import Kind

MUTED = -2.0
"""The weight of a topic of which the reader wants nothing."""
MAILED = (Status.ACTIVE, Status.PAUSED, Status.PENDING)
"""Whoever may be mailed, now or later."""
MAY_RETURN = (Status.PENDING, Status.UNSUBSCRIBED)


def request(
    session: Session, draft: SubscriberDraft, *, now: datetime, proof: dict[str, Any]
) -> Subscriber | None:
    """Somebody asks to subscribe ``draft.email``: the reader, pending where they are new.

    Nothing is changed of a reader who is known: it may be a stranger who asks. None when the
    address must not be mailed; one that was erased may be, since only its owner can confirm. Of two
    who ask at the same moment one is new, and the other known.
    """
    key = address_hash(session, draft.email)
    known_as = sa.select(Subscriber).where(Subscriber.address_hash == key)
    found = session.scalar(known_as)
    gone = found is not None and found.status in (Status.BOUNCED, Status.COMPLAINED)
    if gone or consent.barred(session, draft.email):
        return None
    if found is not None:
        return found
    new = insert(session, Subscriber).values(
        **draft.row()
        | {
            "email": draft.email,
            "address_hash": key,
            "status": Status.PENDING,
            "created_at": now,
            "updated_at": now,
        }
    )
    made = session.scalar(new.on_conflict_do_nothing().returning(Subscriber.id))
    reader = session.scalars(known_as).one()
    if made is None:
        return reader
    session.add(
        ConsentEvent(
            subscriber_id=reader.id, at=now, after=Status.PENDING, source="subscribe", proof=proof
        )
    )
    choose(session, reader, roles=draft.roles or (), topics=draft.topics or {}, now=now)
    return reader


def confirm(
    session: Session,
    reader: Subscriber,
    *,
    now: datetime,
    proof: dict[str, Any],
    asked_at: datetime | None = None,
) -> bool:
    """The reader has shown that the address is theirs; whether they get mail from now on.

    A request made at ``asked_at`` is void once the reader has left after it. Who was erased and
    has come back is on the suppression list no more.
    """
    if asked_at is not None and reader.status == Status.UNSUBSCRIBED:
        left = sa.select(sa.func.max(ConsentEvent.at)).where(
            ConsentEvent.subscriber_id == reader.id, ConsentEvent.after == Status.UNSUBSCRIBED
        )
        if (at := session.scalar(left)) is not None and at >= asked_at:
            return False
    if consent.barred(session, reader.email):
        return False
    consent.readmit(session, reader.email)
    reader.last_active_at = now
    if reader.status in MAY_RETURN:
        consent.change(session, reader, Status.ACTIVE, source="confirm", now=now, proof=proof)
    if asked_at is not None:
        subscriptions.restore(session, reader)
    return reader.status in (Status.ACTIVE, Status.PAUSED)


def choose(
    session: Session,
    reader: Subscriber,
    *,
    roles: Sequence[str],
    topics: Mapping[str, float],
    now: datetime,
) -> None:
    """Replace the reader's roles and topics (name → weight, −2 … +3); topics that the reader had
    keep their order, and new ones follow in the order given.

    Raises UnknownName for a name that is not in the vocabulary, before anything is changed: what
    strangers type must not become a topic that is offered to everybody.
    """
    role_ids = sorted(set(known(session, "role", roles).values()))
    weights = {key: topics[name] for name, key in known(session, "topic", topics).items()}
    before = {row.topic_id: row.position for row in reader.topics}
    order = sorted(weights, key=lambda one: before.get(one, ADDED_LATER))
    for table in (SubscriberRole, SubscriberTopic):
        session.execute(sa.delete(table).where(table.subscriber_id == reader.id))
    session.expire(reader, ["roles", "topics"])
    session.add_all(SubscriberRole(subscriber_id=reader.id, role_id=one) for one in role_ids)
    session.add_all(
        SubscriberTopic(
            subscriber_id=reader.id, topic_id=one, weight=weights[one], position=position
        )
        for position, one in enumerate(order)
    )
    reader.updated_at = reader.last_active_at = now
    session.flush()


def known(session: Session, kind: Kind, names: Iterable[str]) -> dict[str, int]:
    """Row ids of these names or aliases; UnknownName for one that is not in the vocabulary."""
    keys = {name: vocabulary.fold(name) for name in names}
    found = vocabulary.find(session, kind, keys.values())
    for name, key in keys.items():
        if key not in found:
            raise UnknownName(kind, name)
    return {name: found[key] for name, key in keys.items()}


def mute(session: Session, reader: Subscriber, topic: str, *, now: datetime) -> None:
    """The reader wants nothing of ``topic`` any more; what they said of it before is noted."""
    (identifier,) = known(session, "topic", [topic]).values()
    stated = session.get(SubscriberTopic, (reader.id, identifier))
    if stated is not None and stated.weight == MUTED:
        return
    before = None if stated is None else stated.weight
    session.add(
        Event(
            at=now,
            kind=EventKind.MUTE,
            subscriber_id=reader.id,
            data={"topic": topic, "before": before},
        )
    )
    session.merge(SubscriberTopic(subscriber_id=reader.id, topic_id=identifier, weight=MUTED))
    reader.updated_at = reader.last_active_at = now
    session.flush()


def unmute(session: Session, reader: Subscriber, topic: str, *, now: datetime) -> bool:
    """Take the latest ``mute`` of ``topic`` back: the weight is what it was, and nothing was
    learned. False when there is none, or the reader has said something else since."""
    (identifier,) = known(session, "topic", [topic]).values()
    stated = session.get(SubscriberTopic, (reader.id, identifier))
    mutes = sa.select(Event).where(Event.subscriber_id == reader.id, Event.kind == EventKind.MUTE)
    latest = [
        event
        for event in session.scalars(mutes.order_by(Event.at.desc(), Event.id.desc()))
        if event.data.get("topic") == topic
    ]
    if stated is None or stated.weight != MUTED or not latest:
        return False
    before = latest[0].data.get("before")
    if before is None:
        session.delete(stated)
    else:
        stated.weight = float(before)
    session.delete(latest[0])
    reader.updated_at = reader.last_active_at = now
    session.flush()
    return True


def leave(
    session: Session,
    reader: Subscriber,
    *,
    newsletter: str | None,
    delivery: int | None,
    audiences: Collection[str],
    source: str,
    now: datetime,
    proof: dict[str, Any],
) -> bool:
    """Unsubscribe from a newsletter, or with None from all; False when the reader does not get it
    anyway. ``source`` is the way they left; ``audiences`` is as for ``subscriptions.leave``."""
    if reader.status not in MAILED:
        return False
    if newsletter is None:
        consent.change(session, reader, Status.UNSUBSCRIBED, source=source, now=now, proof=proof)
    elif subscriptions.of(session, reader).get(newsletter, True):
        subscriptions.leave(
            session, reader, newsletter,
            audiences=audiences, source=source, now=now, proof=proof,
        )  # fmt: skip
    else:
        return False
    session.add(
        Event(at=now, kind=EventKind.UNSUBSCRIBE, subscriber_id=reader.id, delivery_id=delivery)
    )
    session.flush()
    return True


def pause(
    session: Session, reader: Subscriber, until: datetime, *, now: datetime, proof: dict[str, Any]
) -> None:
    """No mail until ``until``; then it goes on by itself."""
    if reader.status in (Status.ACTIVE, Status.PAUSED):
        reader.paused_until = until
        proof = {**proof, "until": until.isoformat()}
        consent.change(session, reader, Status.PAUSED, source="preferences", now=now, proof=proof)


def resume_paused(session: Session, *, now: datetime) -> int:
    """Readers whose pause is over are active again; how many."""
    over = sa.select(Subscriber).where(
        Subscriber.status == Status.PAUSED, Subscriber.paused_until <= now
    )
    readers = session.scalars(over.order_by(Subscriber.id)).all()
    for reader in readers:
        until = reader.paused_until.isoformat() if reader.paused_until else None
        proof = {"until": until}
        reader.paused_until = None
        consent.change(session, reader, Status.ACTIVE, source="pause over", now=now, proof=proof)
    return len(readers)
