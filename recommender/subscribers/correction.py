"""Corrects what is known of one reader: field by field, each change logged. The caller commits.

Unlike an import, a correction may take away: a role, a topic, an attribute, or what a field says.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import corrections, vocabulary
from recommender.corrections import Author
from recommender.errors import ConflictError, NewsletterError, NotFoundError
from recommender.models import (
    CorrectionKind,
    Status,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
)
from recommender.subscribers import address_change, consent, field_kinds, records
from recommender.subscribers.fields import STORED
from recommender.vocabulary import Kind

COMMAND = "subscribers update"
_SEPARATE = ("roles", "topics", "attributes", "status")
"""Fields that have their own place in ``Changes``."""


@dataclass(frozen=True)
class Changes:
    """What is to become of a reader.

    ``values``: JSON values by field, as a file has them; an empty text takes away what the field
    says. ``roles`` replaces all there are; ``topics`` are weights of some, and others stay.
    """

    email: str | None = None
    status: Status | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    roles: Sequence[str] | None = None
    add_roles: Sequence[str] = ()
    remove_roles: Sequence[str] = ()
    topics: Mapping[str, float] = field(default_factory=dict)
    remove_topics: Sequence[str] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    remove_attributes: Sequence[str] = ()


def update(
    session: Session, reader: Subscriber, wanted: Changes, *, author: Author
) -> dict[str, Any]:
    """Make the changes and log them; what is other than before, by field.

    NewsletterError or ValueError names what cannot be done; then nothing has been done that the
    caller may commit.
    """
    before = records.document(reader)
    proof = {"command": COMMAND, "by": author.name}
    if wanted.email is not None:
        address_change.correct(session, reader, wanted.email, now=author.at, proof=proof)
    _fields(reader, wanted)
    _roles(session, reader, wanted)
    _topics(session, reader, wanted)
    if wanted.status is not None:
        if wanted.status == Status.ACTIVE and consent.is_suppressed(session, reader.email):
            raise ConflictError(f"{reader.email} is suppressed and cannot be made active")
        reader.paused_until = None
        if wanted.status == Status.ACTIVE:
            reader.sunset_asked_at = None  # silence is held against them after another question
        consent.change(session, reader, wanted.status, source="admin", now=author.at, proof=proof)
    session.flush()
    session.expire(reader, ["roles", "topics"])
    found = corrections.changes(before, records.document(reader))
    if found:
        reader.updated_at = author.at
        corrections.of_reader(
            session,
            CorrectionKind.UPDATE,
            reader,
            author=author,
            summary={"fields": sorted(found)},
            values=found,
        )
    return found


def _fields(reader: Subscriber, wanted: Changes) -> None:
    for one in STORED:
        if one.name in _SEPARATE or one.name not in wanted.values:
            continue
        value = wanted.values[one.name]
        checked = one.default if value == "" else one.kind.check(one.name, value)
        setattr(reader, one.name, checked)
    unknown = [name for name in wanted.remove_attributes if name not in reader.attributes]
    if unknown:
        held = ", ".join(sorted(reader.attributes)) or "none"
        raise NotFoundError(f"{reader.email} has no attribute {unknown[0]!r}; they have: {held}")
    if wanted.attributes or wanted.remove_attributes:
        kept = {
            name: value
            for name, value in reader.attributes.items()
            if name not in wanted.remove_attributes
        }
        reader.attributes = field_kinds.ATTRIBUTES.check(
            "attributes", {**kept, **wanted.attributes}
        )


def _roles(session: Session, reader: Subscriber, wanted: Changes) -> None:
    held = {row.role_id for row in reader.roles}
    ids = held
    if wanted.roles is not None:
        ids = set(vocabulary.role_ids(session, _checked("roles", wanted.roles)).values())
    ids = ids | set(vocabulary.role_ids(session, _checked("roles", wanted.add_roles)).values())
    ids = ids - _held(session, reader, "role", wanted.remove_roles, held)
    table = SubscriberRole
    gone = sa.delete(table).where(table.subscriber_id == reader.id, table.role_id.in_(held - ids))
    session.execute(gone, execution_options={"synchronize_session": False})
    rows = [{"subscriber_id": reader.id, "role_id": one} for one in sorted(ids - held)]
    if rows:
        session.execute(sa.insert(table.table()), rows)


def _topics(session: Session, reader: Subscriber, wanted: Changes) -> None:
    held = {row.topic_id: row.weight for row in reader.topics}
    weights = field_kinds.TOPICS.check("topics", dict(wanted.topics)) or {}
    ids = vocabulary.topic_ids(session, weights)
    stated = held | {ids[name]: weight for name, weight in weights.items()}
    gone = _held(session, reader, "topic", wanted.remove_topics, set(held))
    stated = {one: weight for one, weight in stated.items() if one not in gone}
    changed = [one for one, weight in held.items() if stated.get(one) != weight]
    table = SubscriberTopic
    session.execute(
        sa.delete(table).where(table.subscriber_id == reader.id, table.topic_id.in_(changed)),
        execution_options={"synchronize_session": False},
    )
    before = {row.topic_id: row.position for row in reader.topics}
    first = max(before.values(), default=-1) + 1
    rows = [
        {"subscriber_id": reader.id, "topic_id": one, "weight": weight}
        | {"position": before.get(one, first + number)}
        for number, (one, weight) in enumerate(stated.items())
        if held.get(one) != weight
    ]
    if rows:
        session.execute(sa.insert(table.table()), rows)


def _checked(name: str, given: Sequence[str]) -> Sequence[str]:
    checked: Sequence[str] = field_kinds.ROLES.check(name, list(given))
    return checked


def _held(
    session: Session, reader: Subscriber, kind: Kind, names: Sequence[str], held: set[int]
) -> set[int]:
    """Row ids of names that are to be taken from the reader; NotFoundError for one they do not
    have."""
    keys = {name: vocabulary.fold(name) for name in names}
    found = vocabulary.find(session, kind, keys.values())
    for name, key in keys.items():
        if found.get(key) not in held:
            theirs = (
                [row.role.name for row in reader.roles]
                if kind == "role"
                else [row.topic.name for row in reader.topics]
            )
            said = ", ".join(sorted(theirs)) or "none"
            raise NotFoundError(f"{reader.email} has no {kind} {name!r}; they have: {said}")
    return set(found.values())


def attribute(text: str) -> tuple[str, Any]:
    """``plan=pro`` as a name and a value: JSON where it reads as JSON, else the text itself."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise NewsletterError(f"--attribute: {text!r} is not name=value such as plan=pro")
    try:
        return name.strip(), json.loads(value)
    except (ValueError, RecursionError):
        return name.strip(), value.strip()
