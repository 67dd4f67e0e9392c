"""Brings articles and their stories into the store: an upsert on the article's key, in batches.

An article whose content, and the splitter's version, are as before is not touched. A story that a
new version of its article no longer has is retired and stays, since readers may have been sent it.
Unknown topics and roles are added to the vocabulary. The only writer of articles and stories, but
for the mark that withdraws an article.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import vocabulary
from recommender.articles import renaming, splitting
from recommender.articles.renaming import KnownStory
from recommender.articles.values import ArticleDraft, ParsedArticle, StoryDraft
from recommender.errors import LeftOut, Rejected, Rejections
from recommender.models import Article, Story, StoryRole, StoryTopic
from recommender.story_text import LISTS, PROSE, texts

BATCH = 250
"""Articles written in one transaction."""

_OF_ARTICLES = (
    *("topics", "roles", "body", "source", "curator", "language", "published_at", "must_read"),
)
"""Columns of an article beside its texts."""


@dataclass
class Report:
    """What an import did. ``read`` counts everything met; the others add up to it. ``warnings``
    name what of an article was not taken. ``left_out`` are drafts, ``scheduled`` were taken and are
    dated in the future: neither is chosen yet."""

    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: Rejections = field(default_factory=Rejections)
    warnings: Rejections = field(default_factory=Rejections)
    left_out: Rejections = field(default_factory=Rejections)
    scheduled: Rejections = field(default_factory=Rejections)

    def add(self, other: "Report") -> None:
        """Count what another import did, too."""
        self.read += other.read
        self.added += other.added
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.rejected += other.rejected
        self.warnings += other.warnings
        self.left_out += other.left_out
        self.scheduled += other.scheduled


def import_articles(
    transaction: Callable[[], AbstractContextManager[Session]],
    found: Iterable[ParsedArticle | Rejected],
    *,
    now: datetime,
    feed_id: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Take every article; ``transaction`` opens one for a batch, and keeps it when it ends well.

    Articles not yet split are split here. An id that came before is rejected. ``progress`` is told
    how many articles have been read. ``feed_id`` is the watched feed that brings them, if any.
    """
    report = Report()
    first: dict[str, str] = {}
    for batch in _batches(found):
        drafts: dict[str, ArticleDraft] = {}
        for item in _untangled(batch, transaction):
            report.read += 1
            if isinstance(item, LeftOut):
                report.left_out.append(item)
            elif isinstance(item, Rejected):
                report.rejected.append(item)
            elif item.draft.key in first:
                why = f"the id {item.draft.key!r} is used before, in {first[item.draft.key]}"
                report.rejected.append(Rejected(item.file, item.line, why))
            else:
                first[item.draft.key] = f"{item.file}:{item.line}"
                few = item.limited()
                report.warnings.extend(Rejected(few.file, few.line, why) for why in few.warnings)
                drafts[few.draft.key] = _split(few.draft)
                _note_schedule(few, now, report)
        gone = [item.key for item in batch if isinstance(item, LeftOut) and item.key]
        if drafts or gone:
            with transaction() as session:
                _unpublish(session, gone, now)
                _take(session, drafts, now, report, feed_id)
        progress(report.read)
    return report


def _batches(found: Iterable[ParsedArticle | Rejected]) -> Iterator[list[ParsedArticle | Rejected]]:
    items = iter(found)
    while batch := list(islice(items, BATCH)):
        yield batch


def _note_schedule(found: ParsedArticle, now: datetime, report: Report) -> None:
    published = found.draft.published_at
    if published is not None and published > now:
        why = f"dated {published.date()}; it can be chosen from then on"
        report.scheduled.append(Rejected(found.file, found.line, why))


def _unpublish(session: Session, keys: list[str], now: datetime) -> None:
    """Retire the stories of articles that have become drafts again; publishing them brings them
    back, since their content counts as unknown."""
    if not keys:
        return
    articles = sa.select(Article.id).where(Article.key.in_(keys))
    current = Story.article_id.in_(articles), Story.retired_at.is_(None)
    session.execute(sa.update(Story).where(*current).values(retired_at=now))
    session.execute(sa.update(Article).where(Article.key.in_(keys)).values(content_hash=""))


def _untangled(
    batch: list[ParsedArticle | Rejected],
    transaction: Callable[[], AbstractContextManager[Session]],
) -> list[ParsedArticle | Rejected]:
    """The batch with every entry of a feed whose id is another article's under its other key."""
    doubtful = [
        item.draft.key for item in batch if isinstance(item, ParsedArticle) and item.other_key
    ]
    if not doubtful:
        return batch
    query = sa.select(Article.key, Article.title, Article.url, Article.summary)
    with transaction() as session:
        rows = session.execute(query.where(Article.key.in_(doubtful)))
        known = {key: (title, url, summary) for key, title, url, summary in rows}
    return [
        (item.under_other_key(*known[item.draft.key]) or item)
        if isinstance(item, ParsedArticle) and item.draft.key in known
        else item
        for item in batch
    ]


def _split(draft: ArticleDraft) -> ArticleDraft:
    return draft if draft.stories else replace(draft, stories=splitting.split(draft))


def _take(
    session: Session,
    drafts: Mapping[str, ArticleDraft],
    now: datetime,
    report: Report,
    feed_id: int | None,
) -> None:
    known = {
        key: (identifier, content)
        for identifier, key, content in session.execute(
            sa.select(Article.id, Article.key, Article.content_hash).where(Article.key.in_(drafts))
        )
    }
    added, updated = [], []
    for key, draft in drafts.items():
        row = _article_row(draft, now)
        if key not in known:
            added.append(row | {"imported_at": now, "feed_id": feed_id})
        elif known[key][1] != row["content_hash"]:
            updated.append(row | {"id": known[key][0]})
        else:
            report.unchanged += 1
    identifiers = {row["key"]: row["id"] for row in updated}
    if added:
        inserted = session.execute(sa.insert(Article).returning(Article.key, Article.id), added)
        identifiers |= dict(inserted.all())
    if updated:
        session.execute(sa.update(Article), updated)
    changed = {identifiers[key]: draft for key, draft in drafts.items() if key in identifiers}
    _write_stories(session, changed, now)
    report.added += len(added)
    report.updated += len(updated)


def _article_row(draft: ArticleDraft, now: datetime) -> dict[str, Any]:
    row = texts(draft) | {name: getattr(draft, name) for name in _OF_ARTICLES}
    return row | {"key": draft.key, "content_hash": _content_hash(draft), "updated_at": now}


def _content_hash(draft: ArticleDraft) -> str:
    text = f"{splitting.VERSION}:{draft.content_hash()}"
    return hashlib.sha256(text.encode()).hexdigest()


def _write_stories(session: Session, drafts: Mapping[int, ArticleDraft], now: datetime) -> None:
    """Make the stories of these articles (by row id) what their drafts say."""
    known = _known(session, drafts)
    added, updated = [], []
    wanted: dict[tuple[int, str], StoryDraft] = {}
    for article, draft in drafts.items():
        for position, story in enumerate(draft.stories):
            row = _story_row(story, article, position)
            wanted[article, story.key] = story
            if (article, story.key) in known:
                updated.append(row | {"id": known[article, story.key][0]})
            else:
                added.append(row)
    identifiers = {place: identifier for place, (identifier, _) in known.items()}
    if added:
        columns = (Story.article_id, Story.key, Story.id)
        inserted = session.execute(sa.insert(Story).returning(*columns), added)
        identifiers |= {(article, key): story for article, key, story in inserted}
    if updated:
        session.execute(sa.update(Story), updated)
    gone = [
        {"id": identifier, "retired_at": now}
        for place, (identifier, retired) in known.items()
        if place not in wanted and retired is None
    ]
    if gone:
        session.execute(sa.update(Story), gone)
    _write_names(session, {identifiers[place]: story for place, story in wanted.items()}, drafts)


def _known(
    session: Session, drafts: Mapping[int, ArticleDraft]
) -> dict[tuple[int, str], tuple[int, datetime | None]]:
    """Row id and retirement of each story of these articles (by row id), by article and key: the
    new key, where the same story comes back under another."""
    columns = (Story.article_id, Story.key, Story.id, Story.retired_at, Story.url)
    said = [getattr(Story, name) for name in (*PROSE, *LISTS)]
    known: dict[tuple[int, str], tuple[int, datetime | None]] = {}
    current: dict[int, dict[str, KnownStory]] = {}
    for row in session.execute(sa.select(*columns, *said).where(Story.article_id.in_(drafts))):
        known[row.article_id, row.key] = row.id, row.retired_at
        if row.retired_at is None:
            story = KnownStory(row.url or "", renaming.text_of(row))
            current.setdefault(row.article_id, {})[row.key] = story
    for article, theirs in current.items():
        stories = drafts[article].stories
        keys = {story.key for story in stories}
        gone = {key: story for key, story in theirs.items() if key not in keys}
        new = [story for story in stories if (article, story.key) not in known]
        for before, after in renaming.renamed(gone, new):
            known[article, after] = known.pop((article, before))
    return known


def _story_row(story: StoryDraft, article: int, position: int) -> dict[str, Any]:
    place = {"article_id": article, "key": story.key, "position": position, "retired_at": None}
    return texts(story) | place


def _write_names(
    session: Session, stories: Mapping[int, StoryDraft], drafts: Mapping[int, ArticleDraft]
) -> None:
    """Topics and roles of these stories (by row id); what no story has is still made known."""
    topics = vocabulary.topic_ids(
        session,
        _names([draft.topics for draft in drafts.values()], [s.topics for s in stories.values()]),
    )
    roles = vocabulary.role_ids(
        session,
        _names([draft.roles for draft in drafts.values()], [s.roles for s in stories.values()]),
    )
    for table, column, ids, weights in (
        (StoryTopic, "topic_id", topics, {key: story.topics for key, story in stories.items()}),
        (StoryRole, "role_id", roles, {key: story.roles for key, story in stories.items()}),
    ):
        session.execute(sa.delete(table).where(table.story_id.in_(stories)))
        rows = [
            {"story_id": story, column: identifier, "weight": weight}
            for story, named in weights.items()
            for identifier, weight in _by_id(named, ids).items()
        ]
        if rows:
            session.execute(sa.insert(table), rows)


def _names(*groups: Iterable[Iterable[str]]) -> set[str]:
    return {name for group in groups for names in group for name in names}


def _by_id(weights: Mapping[str, float], ids: Mapping[str, int]) -> dict[int, float]:
    """Weights by row id; of two names for one thing the greater weight counts."""
    found: dict[int, float] = {}
    for name, weight in weights.items():
        if name in ids:
            found[ids[name]] = max(weight, found.get(ids[name], 0.0))
    return dict(sorted(found.items()))
