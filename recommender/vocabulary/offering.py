"""What pages offer first: the topics and roles that the newsletter's own stories carry.

A topic of the vocabulary that no story has is still found by searching; it is not put before a
reader, who would wait for it in vain. Topics stand under the broad field they belong to, the last
of their related ones. Counted every few minutes.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from recommender.models import Article, Role, Story, StoryRole, StoryTopic, Topic
from recommender.storage import database

KEEP = timedelta(minutes=5)
RECENT = timedelta(days=180)
"""Stories of so long ago say what the newsletter carries; the undated count from their import."""
BROAD = 10
"""A topic that so many others belong to is a field."""
IN_GROUP = 8
GROUPS = 8
ROLES = 10


@dataclass(frozen=True, slots=True)
class TopicGroup:
    """Topics of one field, those that most stories have first. ``field`` is empty for topics that
    belong to none."""

    field: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offering:
    """What a page puts before a reader who has not said anything yet. ``languages``: the primary
    tags that sources give for the stories of the last months, the most frequent first."""

    groups: tuple[TopicGroup, ...]
    roles: tuple[str, ...]
    languages: tuple[str, ...] = ()

    def without(self, chosen: Iterable[str]) -> tuple[TopicGroup, ...]:
        """The groups less what is chosen already."""
        known = set(chosen)
        left = [
            TopicGroup(one.field, tuple(name for name in one.topics if name not in known))
            for one in self.groups
        ]
        return tuple(one for one in left if one.topics)


class Offerings:
    """The offering of one store. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._kept: tuple[datetime, Offering] | None = None

    def current(self, now: datetime) -> Offering:
        """Counted anew when it is older than ``KEEP``."""
        with self._lock:
            if self._kept is None or abs(now - self._kept[0]) > KEEP:
                with database.reading(self._engine) as session:
                    self._kept = (now, count(session, now))
            return self._kept[1]


def count(session: Session, now: datetime) -> Offering:
    """What the stories of the last months carry; all stories where they carry nothing."""
    for since in (now - RECENT, None):
        topics = _topics(session, since, now)
        if topics:
            break
    fields = _fields(session)
    groups: dict[str, list[str]] = {}
    weight: Counter[str] = Counter()
    for name, times in topics:
        field = fields.get(name, "")
        groups.setdefault(field, []).append(name)
        weight[field] += times
    if any(field and len(names) > 1 for field, names in groups.items()):
        _merge_single(groups, [name for name, _ in topics])
    ordered = sorted(groups, key=lambda field: (not field, -weight[field], field))
    return Offering(
        tuple(TopicGroup(field, tuple(groups[field][:IN_GROUP])) for field in ordered[:GROUPS]),
        _roles(session),
        _languages(session, now),
    )


def _merge_single(groups: dict[str, list[str]], order: Sequence[str]) -> None:
    """Put fields of one topic with the topics of none: a heading of its own says no more."""
    single = {field for field, names in groups.items() if field and len(names) == 1}
    merged = {*groups.get("", ()), *(name for field in single for name in groups.pop(field))}
    if merged:
        groups[""] = [name for name in order if name in merged]


def _topics(session: Session, since: datetime | None, now: datetime) -> Sequence[tuple[str, int]]:
    times = sa.func.count().label("times")
    query = (
        sa.select(Topic.name, times)
        .join(StoryTopic, StoryTopic.topic_id == Topic.id)
        .join(Story, Story.id == StoryTopic.story_id)
        .join(Article, Article.id == Story.article_id)
        .where(Topic.offered, Story.retired_at.is_(None), Article.withdrawn_at.is_(None))
        .group_by(Topic.id, Topic.name, Topic.key)
        .order_by(times.desc(), Topic.key)
    )
    if since is not None:
        when = sa.func.coalesce(Article.published_at, Article.imported_at)
        query = query.where(when >= since, when <= now)
    return [(name, number) for name, number in session.execute(query)]


def _languages(session: Session, now: datetime) -> tuple[str, ...]:
    when = sa.func.coalesce(Article.published_at, Article.imported_at)
    times = sa.func.count().label("times")
    query = (
        sa.select(Article.language, times)
        .where(Article.language.is_not(None), Article.withdrawn_at.is_(None))
        .where(when >= now - RECENT, when <= now)
        .group_by(Article.language)
    )
    found: Counter[str] = Counter()
    for tag, number in session.execute(query):
        if tag:
            found[tag.partition("-")[0].casefold()] += number
    return tuple(sorted(found, key=lambda tag: (-found[tag], tag)))


def _fields(session: Session) -> dict[str, str]:
    """The field of each offered topic that belongs to one."""
    rows = session.execute(sa.select(Topic.name, Topic.related).where(Topic.offered)).all()
    belonging = Counter(related[-1] for _, related in rows if related)
    broad = {name for name, number in belonging.items() if number >= BROAD}
    fields = {name: name for name in broad}
    for name, related in rows:
        nearest = next((one for one in reversed(related or ()) if one in broad), None)
        if name not in broad and nearest is not None:
            fields[name] = nearest
    return fields


def _roles(session: Session) -> tuple[str, ...]:
    """Roles that stories are best for, then the other offered ones by name."""
    times = sa.func.count(StoryRole.story_id)
    query = (
        sa.select(Role.name)
        .outerjoin(StoryRole, StoryRole.role_id == Role.id)
        .where(Role.offered)
        .group_by(Role.id, Role.name, Role.key)
        .order_by(times.desc(), Role.key)
        .limit(ROLES)
    )
    return tuple(session.scalars(query))
