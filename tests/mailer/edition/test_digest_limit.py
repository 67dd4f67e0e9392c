"""The operator's limit on stories of one digest reaches the issue."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from mailer.preview import reader_issues
from recommender.articles import intake as articles
from recommender.articles.values import ArticleDraft, ParsedArticle, StoryDraft
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import fields, intake

TOPICS = ("AI Strategy", "Robotics Automation", "TPU Development", "Cloud Infrastructure")


def draft(key: str, stories: int) -> ParsedArticle:
    """A digest of so many stories on four topics."""
    parts = tuple(
        StoryDraft(
            key=f"s{n}",
            title=f"{TOPICS[n % 4]} number {n} of {key}",
            summary=f"What number {n} of {key} says of {TOPICS[n % 4]}: {'abcd'[n] * 9} and more.",
            url=f"https://news.example.com/{key}/{n}",
            topics={TOPICS[n % 4]: 1.0},
        )
        for n in range(stories)
    )
    return ParsedArticle(
        ArticleDraft(key=key, title=f"Digest {key}", summary="Several stories.", stories=parts),
        "digest.txt",
        1,
    )


@pytest.mark.parametrize("most", [1, 2, 3])
def test_an_issue_holds_no_more_stories_of_a_digest_than_the_operator_wants(
    store: Engine, tmp_path: Path, now: datetime, most: int
) -> None:
    read = [draft(f"d{n}", 4) for n in range(8)]
    articles.import_articles(lambda: database.writing(store), read, now=now)
    row = {"email": "reader@example.com", "topics": dict.fromkeys(TOPICS, 2)}
    intake.import_rows(
        lambda: database.writing(store), [fields.draft(1, row)], file="test", now=now
    )
    settings = Settings(home=tmp_path, stories_per_digest=most, picks=6)
    with database.reading(store) as session:
        picks = reader_issues.next_picks(session, settings, "reader@example.com", now=now)["picks"]
    each = [sum(pick["article"] == f"d{n}" for pick in picks) for n in range(8)]
    assert sum(each) == 6
    assert max(each) <= most
