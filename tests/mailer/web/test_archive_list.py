"""Stories are found by beginnings of words, in any script."""

import pytest

from mailer.issue.content import StoryContent
from mailer.web import archive_list

STORIES = [
    StoryContent(title="Chips für Straßen in São Paulo", summary="A digest. It has two sentences."),
    StoryContent(title="人工智能的未来", summary="Искусственный интеллект"),
]


@pytest.mark.parametrize(
    "query",
    [
        "chip",
        "STRASSE sao",
        "für",
        "fur",
        "two-sentences",
        "智能",
        "Интеллект",
        "paulo 未来",
        "ｃｈｉｐ",
    ],
)
def test_words_are_found_by_their_beginnings_in_any_story(query: str) -> None:
    assert archive_list.has_all(query, STORIES)


@pytest.mark.parametrize("query", ["hips", "chips zebra", "智人", "", "…", "aulo"])
def test_other_words_are_not_found(query: str) -> None:
    assert not archive_list.has_all(query, STORIES)


def test_the_stories_with_a_word_are_named() -> None:
    assert archive_list.with_any("未来 zebra", STORIES) == STORIES[1:]
