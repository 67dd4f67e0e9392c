"""Whatever the text, a brief is read or refused with a reason; and what is read keeps its words."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recommender.articles import briefs, splitting
from recommender.articles.values import ArticleDraft
from recommender.errors import BriefError

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

HEADINGS = st.sampled_from(
    [
        "Summary",
        "## Topics",
        "**Key takeaway**",
        "Best for: A, B",
        "Code references",
        "Principles:",
        "Key insights",
        "In practice",
        "Related on X",
        "---",
        "Published: 2026-01-02",
        "URL: x",
        "# T",
        "Editorial summary by A. Original article published by B.",
        "- item",
        "1) item",
        "",
        "* ",
    ]
)
LINES = st.lists(st.one_of(HEADINGS, st.text(max_size=60)), max_size=20).map("\n".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(LINES, st.text(max_size=500)))
def test_any_text_is_an_article_or_a_brief_error(text: str) -> None:
    try:
        draft = briefs.parse(text, path="a.txt", key="a", now=NOW)
    except BriefError as error:
        assert error.why
        return
    assert draft.title.strip()
    assert "\n" not in draft.title
    assert splitting.split(draft)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), LINES.map(lambda text: text.encode("utf-16"))))
def test_any_bytes_are_text_or_a_brief_error(data: bytes) -> None:
    try:
        briefs.parse(briefs.decode(data, "a.txt"), path="a.txt", key="a", now=NOW)
    except BriefError as error:
        assert error.why


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "text",
    [
        "." * 900_000 + "x",
        "a" + " " * 900_000 + "b",
        "# a" + " " * 900_000 + "b",
        "Editorial summary by a" + " " * 900_000 + "b",
        "1" * 900_000,
        "<a" * 450_000,
    ],
    ids=["dots", "spaces", "heading", "attribution", "digits", "tags"],
)
def test_no_text_takes_long(text: str) -> None:
    brief = f"1: Alpha One, Beta Two, Gamma Three\nSummary\n{text}\nAlpha one. Beta two."
    draft = briefs.parse(brief, path="a.txt", key="a", now=NOW)
    assert splitting.split(draft)


WORDS = st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=1, max_size=12)
PROSE = WORDS.map(lambda words: " ".join(words).capitalize() + ".")


@settings(max_examples=150, deadline=None)
@given(
    title=PROSE,
    summary=PROSE,
    takeaway=PROSE,
    items=st.lists(PROSE, min_size=1, max_size=4),
    extra=PROSE,
    order=st.permutations(range(5)),
    bullet=st.sampled_from(["- ", "* ", "• ", "1. "]),
)
def test_sections_in_any_order_keep_every_word(
    title: str,
    summary: str,
    takeaway: str,
    items: list[str],
    extra: str,
    order: list[int],
    bullet: str,
) -> None:
    sections = [
        f"Summary\n{summary}",
        f"Key takeaway\n{takeaway}",
        "Principles\n" + "\n".join(bullet + item for item in items),
        "In practice\n" + "\n".join(items),
        f"## Zzz unknown\n{extra}",
    ]
    text = "\n\n".join([f"Title: {title}", *(sections[index] for index in order)])
    draft = briefs.parse(text, path="a.txt", key="a", now=NOW)
    assert (draft.title, draft.summary, draft.takeaway) == (title, summary, takeaway)
    assert draft.principles == draft.practice == tuple(items)
    assert draft.body == f"Zzz unknown\n{extra}"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(alphabet="abcXYZ .,:;-#*0123()", max_size=40), min_size=1, max_size=12))
@example(["X**X", "0**"])
def test_no_word_of_the_text_is_lost(lines: list[str]) -> None:
    text = "\n".join(["Title", "Summary", *lines])
    draft = briefs.parse(text, path="a.txt", key="a", now=NOW)
    assert _words(text) - {"Summary"} <= _words(_all_text(draft))


def _words(text: str) -> set[str]:
    """Its words; emphasis within a word, ``X**X**``, parts none."""
    return set(re.findall(r"[A-Za-z]+", text.replace("*", "")))


def _all_text(draft: ArticleDraft) -> str:
    return "\n".join([draft.title, draft.summary, draft.body])
