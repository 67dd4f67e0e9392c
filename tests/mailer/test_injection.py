"""Whatever articles and readers hold, an issue has the markup of its template and no other."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from mailer.issue.cards import Card, Issue, Part
from mailer.issue.composition import ReaderView
from mailer.issue.content import StoryContent
from mailer.issue.frame import Publication
from recommender.ranking.values import Reason, ReasonKind
from tests.mailer.rendered import Renderer

Make = Callable[..., Issue]
CANARY = "\"'><b>&--> é😀"
HOSTILE = (
    CANARY, "{{ issue.unsubscribe_url }}", "{% for x in y %}", "{# #}", "<!--[if mso]>",
    "<![endif]-->", "</td></tr></table>", "]]>", "J00001X", "</style><script>alert(1)</script>",
    "\u202e\x00\r\n\r\n", "\ud800", "&#60;b&#62;", "x" * 500, "https://example.com/" + "y" * 300,
    "שלום", "\ufeff", "-- \n.\n",
)  # fmt: skip
ANYTHING = st.characters(exclude_categories=())  # half characters too: JSON can hold them
WORDS = st.one_of(st.sampled_from(HOSTILE), st.text(ANYTHING, max_size=40))
LISTS = st.lists(WORDS, max_size=3).map(tuple)
KINDS: tuple[ReasonKind, ...] = (
    "topic", "role", "text", "history", "fresh", "must_read", "explore",
)  # fmt: skip
STORIES = st.builds(
    StoryContent,
    title=WORDS, article=WORDS, story=WORDS, article_title=WORDS, summary=WORDS, takeaway=WORDS,
    insights=LISTS, principles=LISTS, practice=LISTS, code_references=LISTS, topics=LISTS,
    url=st.one_of(st.none(), WORDS, WORDS.map(lambda text: f"https://example.com/{text}")),
    source=st.one_of(st.none(), WORDS), curator=st.one_of(st.none(), WORDS),
    published_at=st.one_of(st.none(), WORDS, st.just("2026-11-19")),
    language=st.one_of(st.none(), WORDS),
)  # fmt: skip
READERS = st.builds(
    ReaderView, name=WORDS, locale=st.one_of(st.none(), st.just("de-AT"), WORDS), roles=LISTS,
    topics=st.dictionaries(WORDS, st.floats(-2, 3), max_size=3),
)  # fmt: skip
PUBLICATIONS = st.builds(
    Publication,
    title=WORDS,
    edition=WORDS,
    day=st.one_of(st.none(), st.dates()),
    language=st.sampled_from(["en", "de", CANARY]),
    postal_address=WORDS,
    tracking=st.booleans(),
)
REASONS = st.lists(st.builds(Reason, st.sampled_from(KINDS), WORDS, st.floats(0, 1)), max_size=3)


def skeleton(markup: str) -> list[tuple[str, tuple[str, ...]]]:
    """Elements and comments in order, each with the names of its attributes."""
    root = LexborHTMLParser(markup).root
    assert root is not None
    nodes = root.traverse(include_text=False)
    return [(str(node.tag), tuple(node.attributes) if node.attributes else ()) for node in nodes]


def harmless(issue: Issue) -> Issue:
    """The same issue with every text in it replaced by a letter, what is empty staying empty."""
    return dataclasses.replace(issue, **{name: tame(value) for name, value in fields(issue)})


def tame(value: Any) -> Any:
    """``value``, of a field of any type, without what was written by others."""
    if isinstance(value, str):
        return "x" if value else ""
    if isinstance(value, tuple):
        return tuple(tame(item) for item in value)
    if isinstance(value, Part):  # its kind is ours, and decides how it looks
        return dataclasses.replace(value, text=tame(value.text), points=tame(value.points))
    if isinstance(value, Card):
        return dataclasses.replace(value, **{name: tame(old) for name, old in fields(value)})
    return value


def fields(value: Issue | Card) -> list[tuple[str, Any]]:
    return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STORIES, STORIES, READERS, PUBLICATIONS, REASONS)
@example(
    StoryContent(title=CANARY, summary=CANARY, takeaway=CANARY, source=CANARY, curator=CANARY),
    StoryContent(title=CANARY, practice=(CANARY, CANARY), code_references=(CANARY,)),
    ReaderView(CANARY, CANARY, (CANARY,), {CANARY: 3}),
    Publication(CANARY, CANARY, None, CANARY, language=CANARY),
    [Reason("history", CANARY, 1.0)],
)
def test_no_text_of_a_story_or_reader_becomes_markup(
    issue_of: Make,
    renderer: Renderer,
    lead: StoryContent,
    other: StoryContent,
    reader: ReaderView,
    publication: Publication,
    reasons: list[Reason],
) -> None:
    stories = {"1": lead, "2": other}
    issue = issue_of(
        ["1", "2"], stories=stories, reader=reader, publication=publication, reasons=reasons,
        also=["2"],
    )  # fmt: skip
    rendered = renderer.render(issue)
    assert skeleton(rendered.html) == skeleton(renderer.render(harmless(issue)).html)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", rendered.text)
    assert (rendered.html + rendered.text + issue.subject + issue.preheader).encode("utf-8")
    assert 0 < len(issue.subject) <= 78
    assert len(issue.preheader) <= 110
    assert "\n" not in issue.subject + issue.preheader


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STORIES, min_size=1, max_size=20), PUBLICATIONS)
def test_any_twenty_stories_stay_below_what_is_clipped(
    issue_of: Make, renderer: Renderer, many: list[StoryContent], publication: Publication
) -> None:
    stories = {str(number): story for number, story in enumerate(many)}
    issue = issue_of(list(stories), stories=stories, publication=publication)
    assert len(renderer.render(issue).html.encode()) < 102_400


def test_a_canary_in_every_field_comes_out_as_text(issue_of: Make, renderer: Renderer) -> None:
    story = StoryContent(
        title=CANARY, summary="A " + CANARY, source=CANARY, url="https://example.com/"
    )
    issue = issue_of(["1", "1"], stories={"1": story}, reader=ReaderView(roles=(CANARY,)))
    html = renderer.render(issue).html
    page = LexborHTMLParser(html)
    assert "<b>&" not in html
    assert [node.text() for node in page.css("h2")] == [CANARY] * 2
    title = page.css_first("title")
    assert title is not None
    assert title.text() == CANARY
    names = [str(node.attributes["aria-label"]) for node in page.css("a[aria-label]")]
    assert f"More like this: {CANARY}" in names


@pytest.mark.parametrize("text", HOSTILE)
def test_template_syntax_in_a_title_stays_as_it_is(
    issue_of: Make, renderer: Renderer, text: str
) -> None:
    issue = issue_of(["1"], stories={"1": StoryContent(title=text)})
    page = LexborHTMLParser(renderer.render(issue).html)
    heading = page.css_first("h2")
    assert heading is not None
    assert heading.text() == issue.lead.face.title
