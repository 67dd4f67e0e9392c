"""What keeps stories from readers, or looks bad, is named before it is sent."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import Engine

from recommender.articles import audit, intake
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.storage import database
from recommender.subscribers import fields
from recommender.subscribers import intake as subscriber_intake

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GOOD = ArticleDraft(
    key="good",
    title="Clay",
    summary="Roses grow in clay.",
    topics=("Garden",),
    url="https://a.example.com/1",
    published_at=NOW - timedelta(days=1),
)


def rules(engine: Engine, *drafts: ArticleDraft) -> set[tuple[str, str, str]]:
    found = [ParsedArticle(draft, "a.jsonl", 1) for draft in drafts]
    intake.import_articles(lambda: database.writing(engine), found, now=NOW)
    with database.reading(engine) as session:
        answer = audit.run(session, now=NOW, horizon_days=14)
    assert answer.stories == len(drafts)
    return {(one.severity, one.rule, one.story) for one in answer.findings}


def test_a_story_without_text_and_link_is_an_error(store: Engine) -> None:
    bare = ArticleDraft(key="bare", title="Nothing", published_at=NOW, roles=("CTO",))
    found = rules(store, bare)
    assert ("error", "no-text-or-link", "bare/bare") in found


def test_what_is_missing_is_named_and_nothing_else(store: Engine) -> None:
    poor = ArticleDraft(key="poor", title="CLAY", summary="Of clay.")
    assert {one for one in rules(store, GOOD, poor) if one[2] == "poor/poor"} == {
        ("warning", "no-date", "poor/poor"),
        ("warning", "no-label", "poor/poor"),
        ("warning", "no-link", "poor/poor"),
        ("warning", "same-title", "poor/poor"),
    }


def test_topics_nobody_can_choose_or_read_of_are_named(store: Engine) -> None:
    rows = [fields.draft(1, {"email": "a@example.com", "topics": {"Chess": 3, "Garden": -2}})]
    subscriber_intake.import_rows(
        lambda: database.writing(store), iter(rows), file="readers", now=NOW
    )
    assert rules(store, GOOD) == {("warning", "not-offered", ""), ("warning", "no-story", "")}
