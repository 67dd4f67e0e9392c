"""The picture of a story goes from the file through the store into the copy, and out again."""

import json
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.issue.content import StoryContent
from recommender.articles import catalogue, intake, jsonl
from recommender.articles.values import ArticleDraft
from recommender.datasets import store_export
from recommender.models import Article
from recommender.storage import database
from recommender.story_text import Image

WEIR = {"url": "https://example.com/weir.jpg", "alt": "A weir", "width": 640, "height": 480}
BRIDGE = {"url": "https://example.com/bridge.png"}
LINES = (
    {"id": "dams", "title": "Dams", "summary": "What holds.", "image": WEIR},
    {
        "id": "w45",
        "title": "Week 45",
        "stories": [
            {"id": "a", "title": "Ice on the canal", "summary": "It froze."},
            {"id": "b", "title": "A new bridge", "summary": "It opened.", "image": BRIDGE["url"]},
        ],
    },
)


def test_a_picture_survives_import_edition_and_export(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_text("\n".join(map(json.dumps, LINES)), "utf-8")
    report = intake.import_articles(lambda: database.writing(store), jsonl.read(file, now), now=now)
    assert (report.added, report.rejected) == (2, [])

    with database.reading(store) as session:
        documents = catalogue.load(session, now=now, horizon_days=30).documents
        shown = {d["story"]: StoryContent.from_document(d).image for d in documents.values()}
        exported = list(store_export.articles(session, now))
    assert shown == {
        "dams": Image("https://example.com/weir.jpg", "A weir", 640, 480),
        "a": None,
        "b": Image("https://example.com/bridge.png"),
    }
    assert exported[0]["image"] == exported[0]["stories"][0]["image"] == WEIR
    assert "image" not in exported[1]["stories"][0]
    assert exported[1]["stories"][1]["image"] == BRIDGE


def test_an_article_without_a_picture_has_null_in_the_store(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        session.add(Article(key="a", title="A", content_hash="", imported_at=now, updated_at=now))
    with database.reading(store) as session:
        assert session.scalar(sa.select(Article.id).where(Article.image.is_(None))) is not None


def test_articles_that_were_imported_before_there_were_pictures_count_as_unchanged() -> None:
    before = "404187dad6f6"
    draft = ArticleDraft("a", title="A")
    pictured = ArticleDraft("a", title="A", image=Image("https://example.com/a.jpg"))
    assert draft.content_hash() != pictured.content_hash()
    assert draft.content_hash().startswith(before)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"url": "javascript:alert(1)"}, "image: url: 'javascript:alert(1)' is not an http"),
        ({"alt": "A weir"}, "image: url: is missing"),
        ({"url": "https://example.com/a.jpg", "width": 0}, "image: width: expected a whole"),
        ({"url": "https://example.com/a.jpg", "height": True}, "image: height: expected a whole"),
        (7, "image: expected an object with url, not a number"),
    ],
)
def test_what_is_no_picture_is_named(
    tmp_path: Path, now: datetime, written: object, why: str
) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_text(json.dumps({"id": "a", "title": "A", "image": written}), "utf-8")
    (found,) = jsonl.read(file, now)
    assert why in getattr(found, "why", "")


def test_a_copy_shows_no_picture_that_has_no_public_looking_address() -> None:
    for url in ("ftp://example.com/a.jpg", "https://user:pw@example.com/a.jpg", "https://host/a"):
        assert StoryContent(title="A", image=Image(url)).image is None
