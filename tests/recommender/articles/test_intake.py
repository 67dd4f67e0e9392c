"""What an import leaves in the store: an upsert that touches only what changed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from recommender import vocabulary
from recommender.articles import intake, values
from recommender.articles.values import ArticleDraft, ParsedArticle, StoryDraft
from recommender.errors import Rejected
from recommender.models import Article, Story, StoryRole, StoryTopic, Topic
from recommender.storage import database

Import = Callable[..., intake.Report]


@pytest.fixture
def bring_in(store: Engine, now: datetime) -> Import:
    """Imports drafts, an hour after the last time."""
    clock = iter(now + timedelta(hours=hour) for hour in range(100))

    def transaction() -> AbstractContextManager[Session]:
        return database.writing(store)

    def run(*drafts: ArticleDraft | Rejected) -> intake.Report:
        found = (
            item if isinstance(item, Rejected) else ParsedArticle(item, "a.jsonl", line)
            for line, item in enumerate(drafts, start=1)
        )
        return intake.import_articles(transaction, found, now=next(clock))

    return run


def counts(report: intake.Report) -> tuple[int, int, int, int, int]:
    rejected = len(report.rejected)
    return report.read, report.added, report.updated, report.unchanged, rejected


def everything(store: Engine) -> list[list[tuple[object, ...]]]:
    tables = (Article, Story, StoryTopic, StoryRole, Topic)
    with store.connect() as connection:
        rows = [connection.execute(sa.select(table.__table__)) for table in tables]
        return [sorted(tuple(row) for row in found) for found in rows]


def story_rows(store: Engine) -> dict[str, Story]:
    with database.reading(store) as session:
        return {story.key: story for story in session.scalars(sa.select(Story).order_by(Story.id))}


def two_stories(*keys: str) -> tuple[StoryDraft, ...]:
    return tuple(StoryDraft(key=key, title=key.upper(), summary=f"{key} text") for key in keys)


def test_a_second_import_of_the_same_changes_nothing(
    bring_in: Import, store: Engine, digest: ArticleDraft
) -> None:
    other = ArticleDraft(key="b", title="B", topics=("AI",))
    assert counts(bring_in(digest, other)) == (2, 2, 0, 0, 0)
    before = everything(store)
    assert counts(bring_in(digest, other)) == (2, 0, 0, 2, 0)
    assert everything(store) == before


def test_everything_of_an_article_is_kept(
    bring_in: Import, store: Engine, digest: ArticleDraft, now: datetime
) -> None:
    bring_in(replace(digest, published_at=now, must_read=True, language="en", body="B"))
    with database.reading(store) as session:
        row = session.scalars(sa.select(Article)).one()
        assert (row.key, row.title, row.body, row.language) == ("646", digest.title, "B", "en")
        assert (row.published_at, row.imported_at, row.must_read) == (now, now, True)
        assert (tuple(row.topics), tuple(row.practice)) == (digest.topics, digest.practice)
        assert [story.position for story in row.stories] == list(range(6))


def test_weights_of_topics_and_roles_reach_the_stories(
    bring_in: Import, store: Engine, digest: ArticleDraft
) -> None:
    bring_in(digest)
    with database.reading(store) as session:
        story = session.scalars(sa.select(Story).where(Story.key == "why-evals-rot")).one()
        assert max(row.weight for row in story.topics) == 1.0
        assert {row.role.name for row in story.roles} == set(digest.roles)


def test_a_changed_article_is_updated_and_the_others_are_not(
    bring_in: Import, store: Engine, now: datetime
) -> None:
    first, second = ArticleDraft(key="a", title="A"), ArticleDraft(key="b", title="B")
    bring_in(first, second)
    assert counts(bring_in(replace(first, title="A2"), second)) == (2, 0, 1, 1, 0)
    with database.reading(store) as session:
        rows = {row.key: row for row in session.scalars(sa.select(Article))}
        assert (rows["a"].title, rows["a"].stories[0].title) == ("A2", "A2")
        assert rows["a"].imported_at == now
        assert rows["a"].updated_at > now
        assert rows["b"].updated_at == now


def test_a_story_that_is_gone_is_retired_and_comes_back(bring_in: Import, store: Engine) -> None:
    draft = ArticleDraft(key="a", title="A", stories=two_stories("x", "y"))
    bring_in(draft)
    before = story_rows(store)
    bring_in(replace(draft, stories=two_stories("y", "z")))
    after = story_rows(store)
    assert after["x"].retired_at is not None
    assert after["y"].retired_at is None
    assert after["y"].id == before["y"].id
    assert after["y"].position == 0
    assert set(after) == {"x", "y", "z"}
    bring_in(draft)
    again = story_rows(store)
    assert again["x"].retired_at is None
    assert again["x"].id == before["x"].id
    assert again["z"].retired_at is not None


def test_a_withdrawn_article_stays_withdrawn(
    bring_in: Import, store: Engine, now: datetime
) -> None:
    bring_in(ArticleDraft(key="a", title="A"))
    with database.writing(store) as session:
        session.execute(sa.update(Article).values(withdrawn_at=now))
    bring_in(ArticleDraft(key="a", title="A2"))
    with database.reading(store) as session:
        assert session.scalar(sa.select(Article.withdrawn_at)) == now


def test_unknown_topics_are_added_even_when_no_story_has_them(
    bring_in: Import, store: Engine
) -> None:
    stated = two_stories("x", "y")
    stated = tuple(replace(story, topics={"Weaving": 1.0}) for story in stated)
    bring_in(ArticleDraft(key="a", title="A", topics=("Basketry",), stories=stated))
    with database.reading(store) as session:
        names = set(session.scalars(sa.select(Topic.name)))
    assert {"Weaving", "Basketry"} <= names


def test_two_names_for_one_topic_are_one_topic_of_the_story(
    bring_in: Import, store: Engine
) -> None:
    with database.writing(store) as session:
        vocabulary.add(session, "topic", "Basketry", aliases=["Basket weaving"])
    bring_in(ArticleDraft(key="a", title="A", topics=("basketry", "BASKET  Weaving")))
    with database.reading(store) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(StoryTopic)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(StoryRole)) == 0


def test_what_is_rejected_is_counted_and_an_id_used_twice_is_rejected(bring_in: Import) -> None:
    refused = Rejected("a.txt", 3, "why")
    report = bring_in(refused, ArticleDraft(key="a", title="A"), ArticleDraft(key="a", title="B"))
    assert counts(report) == (3, 1, 0, 0, 2)
    assert report.rejected[1].why == "the id 'a' is used before, in a.jsonl:2"


def test_many_articles_are_taken_in_batches(
    store: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BATCH", 7)
    told: list[int] = []
    found = [ParsedArticle(ArticleDraft(key=str(n), title=f"T{n}"), "a", n) for n in range(20)]
    report = intake.import_articles(
        lambda: database.writing(store), found, now=now, progress=told.append
    )
    assert (report.added, told) == (20, [7, 14, 20])
    assert len(story_rows(store)) == 20


def test_an_article_has_so_many_topics_and_roles_and_no_more(store: Engine, now: datetime) -> None:
    many = tuple(f"topic {number}" for number in range(5_000))
    stories = tuple(
        StoryDraft(
            f"s{n}", title=f"S {n}", summary="Text.", topics=dict.fromkeys(many[n * 40 :][:60], 1.0)
        )
        for n in range(30)
    )
    drafts = [
        ArticleDraft("a", title="A", summary="Text.", topics=many, roles=many),
        ArticleDraft("b", title="B", summary="Text.", topics=many[:3], stories=stories),
    ]
    found = [ParsedArticle(draft, "feed.xml", line) for line, draft in enumerate(drafts, 1)]
    report = intake.import_articles(lambda: database.writing(store), found, now=now)
    assert report.added == 2
    assert [(one.file, one.line, one.why.partition(":")[0]) for one in report.warnings] == [
        ("feed.xml", 1, "topics"), ("feed.xml", 1, "roles"), ("feed.xml", 2, "topics"),
    ]  # fmt: skip
    with database.reading(store) as session:
        new = sa.select(sa.func.count()).where(Topic.key.startswith("topic "))
        assert (session.scalar(new) or 0) in range(50, 50 + values.MAX_NAMES_IN_ALL + 1)


def test_rejections_are_counted_all_and_kept_up_to_a_number(store: Engine, now: datetime) -> None:
    found = (Rejected("a.jsonl", line, "why") for line in range(1, 5_001))
    report = intake.import_articles(lambda: database.writing(store), found, now=now)
    assert (report.read, report.rejected.number, len(report.rejected)) == (5_000, 5_000, 1_000)
