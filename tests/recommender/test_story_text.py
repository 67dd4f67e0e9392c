"""The texts of a story are listed once; whoever has them hands on all of them."""

from dataclasses import fields

from mailer.issue.content import StoryContent
from recommender.articles.values import ArticleDraft, StoryDraft
from recommender.models import Article
from recommender.models import Story as StoryRow
from recommender.ranking.values import Story
from recommender.story_text import LISTS, PROSE, Image, StoryText, texts

NAMES = {field.name for field in fields(StoryText)}


def test_every_text_is_one_text_or_a_list_but_title_address_and_picture() -> None:
    assert {"title", "url", "image", *PROSE, *LISTS} == NAMES


def test_the_tables_have_a_column_for_every_text() -> None:
    for table in (Article, StoryRow):
        assert set(table.table().columns.keys()) >= NAMES


def test_a_story_keeps_its_texts_from_the_brief_to_the_copy() -> None:
    written = ArticleDraft(
        "a",
        title="Tides",
        summary="Water rises.",
        takeaway="Look at the moon.",
        insights=("Twice a day.",),
        principles=("Measure.",),
        practice=("Buy boots.", "Wear them."),
        code_references=("tide.height",),
        url="https://example.com/tides",
        image=Image("https://example.com/tides.jpg", "A beach", 640, 480),
    )
    row = StoryRow(**texts(StoryDraft("a", **texts(written))))
    ranked = Story("1", "a", "a", **texts(row))
    assert texts(StoryContent(**texts(ranked))) == texts(written)
    assert set(texts(written)) == NAMES
