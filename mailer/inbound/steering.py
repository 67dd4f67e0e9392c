"""Changes what a reader chose as their reply asks, and takes that back.

What was so before is kept as a document, ``{"topics": {name: weight or null}, "day", "frequency",
"pause"}`` with what was changed only; undoing restores each value that is still as it was set. The
caller commits.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.inbound.reply_grammar import Change, Vocabulary
from recommender import vocabulary
from recommender.models import Frequency, Status, Subscriber, SubscriberTopic, Topic, TopicAlias
from recommender.subscribers import consent, self_service

LOVE, LIKE, DISLIKE, NEVER = 3.0, 2.0, -1.0, -2.0
Document = dict[str, Any]


def words(session: Session, reader: Subscriber) -> Vocabulary:
    """The topics a reply may name: those that are offered, and those the reader has chosen."""
    chosen = sa.select(SubscriberTopic.topic_id).where(SubscriberTopic.subscriber_id == reader.id)
    known = Topic.offered | Topic.id.in_(chosen)
    names = dict(session.execute(sa.select(Topic.id, Topic.name).where(known)).all())
    called: dict[str, list[str]] = {name: [name] for name in names.values()}
    aliases = sa.select(TopicAlias.topic_id, TopicAlias.key)
    for topic, key in session.execute(aliases.order_by(TopicAlias.key)):
        if topic in names:
            called[names[topic]].append(key)
    return Vocabulary.of(called)


def apply(
    session: Session, reader: Subscriber, changes: Sequence[Change], *, now: datetime
) -> Document:
    """Do what is asked; what was so before, and what it is now, for ``undo``."""
    before: Document = {}
    for change in changes:
        if change.what in ("more", "less", "mute"):
            _weigh(session, reader, change, before)
        elif change.what == "day":
            before["day"] = [reader.day, change.value]
            reader.day = change.value
        elif change.what == "frequency":
            before["frequency"] = [reader.frequency.value, change.value]
            reader.frequency = Frequency(change.value)
        else:
            until = now + timedelta(weeks=int(change.value))
            proof = {"by": "reply"}
            self_service.pause(session, reader, until, now=now, proof=proof)
            before["pause"] = [None, until.isoformat()]
    reader.updated_at = reader.last_active_at = now
    session.flush()
    return before


def undo(session: Session, reader: Subscriber, before: Document, *, now: datetime) -> bool:
    """Take it back, as far as nothing else was said since; whether anything was."""
    done = False
    for name, (old, new) in before.get("topics", {}).items():
        done |= _restore(session, reader, name, old, new)
    if "day" in before and reader.day == before["day"][1]:
        reader.day, done = before["day"][0], True
    if "frequency" in before and reader.frequency == before["frequency"][1]:
        reader.frequency, done = Frequency(before["frequency"][0]), True
    if "pause" in before and reader.status == Status.PAUSED:
        reader.paused_until = None
        proof = {"by": "undo"}
        done |= consent.change(
            session, reader, Status.ACTIVE, source="preferences", now=now, proof=proof
        )
    if done:
        reader.updated_at = reader.last_active_at = now
    session.flush()
    return done


def _weigh(session: Session, reader: Subscriber, change: Change, before: Document) -> None:
    (topic,) = vocabulary.find(session, "topic", [vocabulary.fold(change.value)]).values()
    stated = session.get(SubscriberTopic, (reader.id, topic))
    old = None if stated is None else stated.weight
    new = _weight(old, change)
    first = before.setdefault("topics", {}).get(change.value, [old])[0]
    before["topics"][change.value] = [first, new]
    if stated is None:
        session.add(SubscriberTopic(subscriber_id=reader.id, topic_id=topic, weight=new))
    else:
        stated.weight = new
    session.flush()
    session.expire(reader, ["topics"])


def _weight(old: float | None, change: Change) -> float:
    if change.what == "mute":
        return NEVER
    if change.what == "more":
        return LIKE if old is None or old < LIKE - 1 else min(LOVE, old + 1)
    return DISLIKE if old is None or old > 0 else max(NEVER, old - 1)


def _restore(
    session: Session, reader: Subscriber, name: str, old: float | None, new: float
) -> bool:
    found = vocabulary.find(session, "topic", [vocabulary.fold(name)])
    stated = session.get(SubscriberTopic, (reader.id, *found.values())) if found else None
    if stated is None or stated.weight != new:
        return False
    if old is None:
        session.delete(stated)
    else:
        stated.weight = old
    session.flush()
    session.expire(reader, ["topics"])
    return True
