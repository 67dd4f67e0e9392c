"""Looks through the stories that may be chosen now for what keeps them from readers or looks bad.

It changes nothing. What the ranker leaves out altogether is an error; all else is a warning.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import vocabulary
from recommender.articles import catalogue, edits
from recommender.models import Article, Status, Subscriber, SubscriberTopic, Topic
from recommender.models import Story as StoryRow
from recommender.ranking.values import Story
from recommender.vocabulary import Kind

LONGEST_TITLE = 150
"""Characters of a title; a subject or a headline beyond is cut off by mail programs."""
MOST_WANTED = 20
"""Topics without a story that are named, the most wanted first."""
Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One fault: of a story (``article/story``), or of none. ``what`` says what to do, too."""

    rule: str
    severity: Severity
    story: str
    what: str


@dataclass(frozen=True)
class Audit:
    """How many stories were looked at, and what is wrong, errors first."""

    stories: int
    findings: tuple[Finding, ...]


def run(session: Session, *, now: datetime, horizon_days: int) -> Audit:
    """The findings of all stories that may be chosen at ``now``, published in the last
    ``horizon_days``."""
    wanted = _published(session, now, horizon_days)
    found = catalogue.load(session, now=now, horizon_days=horizon_days, frozen=wanted)
    offered = {kind: vocabulary.offered(session, kind) for kind in get_args(Kind)}
    findings = [*_same_title(found.candidates), *_wanted(session, found.candidates, horizon_days)]
    for story in found.candidates:
        findings += _story(story, found.documents[story.id])
    for kind, names in offered.items():
        findings += _unoffered(found.candidates, kind, names)
    findings.sort(key=lambda one: (one.severity, one.rule, one.story))
    return Audit(len(found.candidates), tuple(findings))


def _published(session: Session, now: datetime, days: int) -> set[int]:
    """The rows of stories that are published and not held, whether or not they make a card."""
    said = edits.current(session, now)
    published = sa.func.coalesce(Article.published_at, Article.imported_at)
    query = (
        sa.select(StoryRow.id)
        .join(Article, Article.id == StoryRow.article_id)
        .where(
            StoryRow.retired_at.is_(None),
            Article.withdrawn_at.is_(None),
            published.between(now - timedelta(days=days), now),
        )
    )
    return {row for row in session.scalars(query) if row not in said or said[row].open_at(now)}


def _story(story: Story, document: Mapping[str, Any]) -> Iterator[Finding]:
    def warning(rule: str, what: str) -> Finding:
        return Finding(rule, "warning", name(story), what)

    text = any((story.summary, story.takeaway, story.insights, story.practice, story.body))
    if not text and not document["url"]:
        what = "neither text nor link: it is never chosen; give it a summary, or a link"
        yield Finding("no-text-or-link", "error", name(story), what)
    elif not text:
        yield warning("no-text", "a title alone: readers and the ranker learn nothing more")
    elif not document["url"]:
        yield warning("no-link", "readers cannot go on to the source, and no click is counted")
    if not story.topics and not story.roles:
        yield warning("no-label", "no topics and no roles: it is chosen by its words alone")
    if document["published_at"] is None:
        yield warning("no-date", "no date of publication: it counts as new from its import on")
    if len(story.title) > LONGEST_TITLE:
        yield warning("long-title", f"a title of {len(story.title)} characters is cut off by mail")


def _same_title(stories: Collection[Story]) -> Iterator[Finding]:
    first: dict[str, Story] = {}
    for story in stories:
        other = first.setdefault(" ".join(story.title.casefold().split()), story)
        if other is not story:
            what = f"the title of {name(other)}; hold one of them if they are the same story"
            yield Finding("same-title", "warning", name(story), what)


def _unoffered(stories: Collection[Story], kind: Kind, offered: Collection[str]) -> list[Finding]:
    """Labels that no reader can choose on the pages, with how many stories have each."""
    labels = Counter(
        label for story in stories for label in getattr(story, f"{kind}s") if label not in offered
    )
    return [
        Finding(
            "not-offered", "warning", "",
            f"{kind} {label!r} of {_stories(number)} cannot be chosen on the pages; "
            f"`newsletter {kind}s offer` or `alias` it",
        )
        for label, number in labels.items()
    ]  # fmt: skip


def _wanted(session: Session, stories: Collection[Story], days: int) -> list[Finding]:
    """Topics that active readers ask for and no story has."""
    readers = sa.func.count().label("readers")
    query = (
        sa.select(Topic.name, readers)
        .join(SubscriberTopic, SubscriberTopic.topic_id == Topic.id)
        .join(Subscriber, Subscriber.id == SubscriberTopic.subscriber_id)
        .where(SubscriberTopic.weight > 0, Subscriber.status == Status.ACTIVE)
        .group_by(Topic.id, Topic.name)
        .order_by(readers.desc(), Topic.name)
    )
    there = {topic for story in stories for topic in story.topics}
    missing = [row for row in session.execute(query) if row.name not in there]
    return [
        Finding(
            "no-story", "warning", "",
            f"topic {topic!r}, wanted by {number} reader{'' if number == 1 else 's'}: no story of "
            f"the last {days} days is labelled with it",
        )
        for topic, number in missing[:MOST_WANTED]
    ]  # fmt: skip


def name(story: Story) -> str:
    """How commands name a story."""
    return f"{story.article}/{story.key}"


def _stories(number: int) -> str:
    return f"{number} {'story' if number == 1 else 'stories'}"
