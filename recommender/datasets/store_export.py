"""The stories and readers of a store as the files that ``newsletter rank`` and ``evaluate`` take.

What is ranked from these files is what planning chooses: the same texts with the weights of their
topics and roles, the same answers, the same order. Reads only.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from recommender.articles import edits
from recommender.articles.story_edits import UNEDITED, StoryEdits
from recommender.models import Article, Story, StoryRole, StoryTopic
from recommender.ranking.values import Action
from recommender.subscribers import audience
from recommender.subscribers.audience import Member

_LISTS = ("insights", "principles", "practice", "code_references")
_TEXTS = ("title", "summary", "takeaway", "url")


def articles(session: Session, now: datetime) -> Iterator[dict[str, Any]]:
    """Every article imported by ``now`` and not withdrawn, by id: lines of ``articles.jsonl`` with
    its stories as they were split and as editors want them; what they hold is left out. The undated
    carry the date of their import.

    A must-read is a property of an article in the file: a pin of one story among several, or
    for one period, is not written.
    """
    said = edits.current(session, now)
    query = (
        sa.select(Article)
        .where(Article.imported_at <= now, Article.withdrawn_at.is_(None))
        .options(
            selectinload(Article.stories).selectinload(Story.topics).joinedload(StoryTopic.topic),
            selectinload(Article.stories).selectinload(Story.roles).joinedload(StoryRole.role),
        )
        .order_by(Article.id)
        .limit(500)
    )
    last = 0
    while rows := session.scalars(query.where(Article.id > last)).all():
        for row in rows:
            stories = [story for story in row.stories if story.retired_at is None]
            chosen = [story for story in stories if said.get(story.id, UNEDITED).open_at(now)]
            if chosen or not stories:
                yield _article(row, chosen, said)
        last = rows[-1].id
        session.expunge_all()


def _article(
    row: Article, stories: Sequence[Story], said: Mapping[int, StoryEdits]
) -> dict[str, Any]:
    pinned = [
        any(pin.period is None and pin.segment is None for pin in said.get(story.id, UNEDITED).pins)
        for story in stories
    ]
    document = _parts(row) | {
        "topics": row.topics,
        "roles": row.roles,
        "body": row.body,
        "source": row.source,
        "curator": row.curator,
        "language": row.language,
        "published_at": (row.published_at or row.imported_at).isoformat(),
        "must_read": row.must_read or (bool(pinned) and all(pinned)),
        "stories": [_story(story, said.get(story.id, UNEDITED)) for story in stories],
    }
    return {name: value for name, value in document.items() if value}


def _story(row: Story, words: StoryEdits) -> dict[str, Any]:
    labels = {
        "topics": words.labels(words.topics, {one.topic.name: one.weight for one in row.topics}),
        "roles": words.labels(words.roles, {one.role.name: one.weight for one in row.roles}),
    }
    document = _parts(row) | words.replaced_in_document() | labels
    return {name: value for name, value in document.items() if value}


def _parts(row: Article | Story) -> dict[str, Any]:
    texts = {name: getattr(row, name) for name in (*_TEXTS, *_LISTS)}
    image = None if row.image is None else row.image.document()
    return {"id": row.key} | texts | {"image": image}


def readers(session: Session, condition: sa.ColumnElement[bool]) -> Iterator[dict[str, Any]]:
    """The readers that meet ``condition``, in the order they came: lines of ``subscribers.jsonl``
    with what each was sent and answered."""
    names = _story_names(session)
    for batch in audience.batches(session, condition):
        for member in batch:
            yield _reader(member, names)


def _reader(member: Member, names: dict[str, tuple[str, str]]) -> dict[str, Any]:
    reader = member.reader
    return {
        "email": member.email,
        "roles": list(reader.roles),
        "topics": dict(reader.topics),
        **({"languages": list(reader.languages)} if reader.languages else {}),
        "history": [_action(action, names) for action in reader.history if action.story in names],
    }


def _action(action: Action, names: dict[str, tuple[str, str]]) -> dict[str, Any]:
    article, story = names[action.story]
    document = {"article": article, "story": story, "action": action.kind}
    return document | ({} if action.at is None else {"at": action.at.isoformat()})


def _story_names(session: Session) -> dict[str, tuple[str, str]]:
    """The article and the id within it of every story, by row id."""
    query = sa.select(Story.id, Article.key, Story.key).join(Story.article)
    return {str(number): (article, story) for number, article, story in session.execute(query)}


def write(target: TextIO, documents: Iterable[Mapping[str, Any]]) -> int:
    """Write ``documents`` as lines of JSON; how many."""
    number = 0
    for document in documents:
        target.write(json.dumps(document, ensure_ascii=False) + "\n")
        number += 1
    return number
