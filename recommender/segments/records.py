"""Segments in the store: create, list, find, count, change and delete them. The caller commits."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import vocabulary
from recommender.errors import ConflictError, NewsletterError, NotFoundError
from recommender.models import Newsletter, Segment, SegmentKind, SegmentMember, Subscriber
from recommender.segments.conditions import Condition, compile_rule, of_segment
from recommender.segments.grammar import parse
from recommender.segments.nodes import Node
from recommender.storage.bulk import insert
from recommender.subscribers import addresses, audience
from recommender.vocabulary import new_names
from recommender.vocabulary.new_names import NewName

_NAME = re.compile(r"[\w][\w .-]{0,99}")
BATCH = 5_000


@dataclass(frozen=True)
class Count:
    """Readers in a segment, and how many of them may be mailed."""

    total: int
    mailable: int


def create(session: Session, name: str, rule: str | None, *, now: datetime) -> Segment:
    """A new segment: by ``rule``, or without one a static list that is still empty.

    Raises SegmentError for a wrong rule, ConflictError for a name that is taken.
    """
    if not _NAME.fullmatch(name):
        raise NewsletterError(f"{name!r} is no name for a segment: letters, digits, space - _ .")
    if session.scalar(sa.select(Segment.id).where(Segment.name == name)) is not None:
        raise ConflictError(f"there is a segment {name!r} already; delete it first")
    if rule is not None:
        compile_rule(session, rule, now)
    kind = SegmentKind.STATIC if rule is None else SegmentKind.RULE
    segment = Segment(name=name, kind=kind, rule=rule, created_at=now)
    session.add(segment)
    session.flush()
    return segment


def listing(session: Session) -> list[Segment]:
    """All segments by name."""
    return list(session.scalars(sa.select(Segment).order_by(Segment.name)))


def get(session: Session, name: str) -> Segment:
    """The segment called ``name``; NotFoundError when there is none."""
    found = session.scalar(sa.select(Segment).where(Segment.name == name))
    if found is None:
        raise NotFoundError(
            f"no segment {name!r}; `newsletter segments list` shows those there are"
        )
    return found


def condition(session: Session, name: str, now: datetime) -> Condition:
    """The condition under which a subscriber belongs to the segment called ``name``."""
    return of_segment(session, get(session, name), now)


def count(session: Session, name: str, *, now: datetime) -> Count:
    """How many readers belong to it now."""
    belongs = condition(session, name, now)
    total = session.scalar(sa.select(sa.func.count(Subscriber.id)).where(belongs))
    active = session.scalar(
        sa.select(sa.func.count(Subscriber.id)).where(belongs, audience.mailable())
    )
    return Count(total or 0, active or 0)


def members(
    session: Session, name: str, *, now: datetime, batch: int = BATCH
) -> Iterator[tuple[str, str]]:
    """Address and status of each member, in the order they came, read in batches by key."""
    query = (
        sa.select(Subscriber.id, Subscriber.email, Subscriber.status)
        .where(condition(session, name, now))
        .order_by(Subscriber.id)
        .limit(batch)
    )
    last = 0
    while rows := session.execute(query.where(Subscriber.id > last)).all():
        for _, email, status in rows:
            yield email, str(status)
        last = rows[-1][0]


def naming(session: Session, kind: vocabulary.Kind, name: str) -> list[str]:
    """The segments whose rule asks for the topic or role ``name``, by whatever name of it."""
    identifier = vocabulary.required(session, kind, name)
    found = []
    for segment in listing(session):
        if segment.rule is None:
            continue
        keys = {vocabulary.fold(one) for one in _named(parse(segment.rule), kind)}
        if identifier in vocabulary.find(session, kind, keys).values():
            found.append(segment.name)
    return found


def unknown_names(session: Session, rule: str) -> list[NewName]:
    """The topics and roles that ``rule`` names and nobody knows: nobody is found by them."""
    node = parse(rule)
    return new_names.of(session, {kind: _named(node, kind) for kind in get_args(vocabulary.Kind)})


def _named(node: Node, kind: vocabulary.Kind) -> Iterator[str]:
    """The topics or roles that a rule names."""
    if node.kind == "topic" == kind:
        yield str(node.values[0])
    elif node.kind in ("topic_in", "role") and node.kind.startswith(kind):
        yield from map(str, node.values)
    for part in node.parts:
        yield from _named(part, kind)


def delete(session: Session, name: str) -> None:
    """Delete a segment; ConflictError while a newsletter or another segment uses it."""
    segment = get(session, name)
    used = session.scalar(sa.select(Newsletter.name).where(Newsletter.segment_id == segment.id))
    if used is not None:
        raise ConflictError(f"the newsletter {used!r} goes to the segment {name!r}")
    nested = re.compile(rf"segment\s*\(\s*[\"']{re.escape(name)}[\"']", re.IGNORECASE)
    for other in listing(session):
        if other.rule and nested.search(other.rule):
            raise ConflictError(f"the segment {other.name!r} refers to {name!r}")
    session.delete(segment)
    session.flush()


def add_members(session: Session, name: str, emails: Iterable[str]) -> tuple[int, list[str]]:
    """Put readers on a static list; how many are new on it, and the addresses nobody has."""
    segment, ids, unknown = _found(session, name, emails)
    rows = [{"segment_id": segment.id, "subscriber_id": identifier} for identifier in ids]
    if not rows:
        return 0, unknown
    before = _size(session, segment)
    session.execute(insert(session, SegmentMember).on_conflict_do_nothing(), rows)
    return _size(session, segment) - before, unknown


def remove_members(session: Session, name: str, emails: Iterable[str]) -> tuple[int, list[str]]:
    """Take readers off a static list; how many were on it, and the addresses nobody has."""
    segment, ids, unknown = _found(session, name, emails)
    before = _size(session, segment)
    session.execute(
        sa.delete(SegmentMember).where(
            SegmentMember.segment_id == segment.id, SegmentMember.subscriber_id.in_(ids)
        )
    )
    return before - _size(session, segment), unknown


def _size(session: Session, segment: Segment) -> int:
    query = sa.select(sa.func.count()).where(SegmentMember.segment_id == segment.id)
    return session.scalar(query) or 0


def _found(
    session: Session, name: str, emails: Iterable[str]
) -> tuple[Segment, list[int], list[str]]:
    segment = get(session, name)
    if segment.kind != SegmentKind.STATIC:
        raise ConflictError(f"{name!r} is a rule; members are added to static lists only")
    salt = addresses.salt(session)
    keys = {addresses.hash_of(salt, email.strip()): email for email in emails}
    known = dict(
        session.execute(
            sa.select(Subscriber.address_hash, Subscriber.id).where(
                Subscriber.address_hash.in_(keys)
            )
        ).all()
    )
    unknown = [email for key, email in keys.items() if key not in known]
    return segment, sorted(known.values()), unknown
