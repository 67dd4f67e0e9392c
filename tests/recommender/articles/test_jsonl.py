"""Articles from JSON: every field checked, every fault named, nothing stops the rest."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import jsonl
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.errors import Rejected

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def read(tmp_path: Path, *lines: object) -> list[ParsedArticle | Rejected]:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines), "utf-8")
    return list(jsonl.read(path, NOW))


def refusal(tmp_path: Path, item: object) -> str:
    (found,) = read(tmp_path, item)
    assert isinstance(found, Rejected)
    assert found.line == 1
    return found.why


def draft(found: ParsedArticle | Rejected) -> ArticleDraft:
    assert isinstance(found, ParsedArticle), found
    return found.draft


def document(text: str) -> list[ParsedArticle | Rejected]:
    return list(jsonl.parse_document(text.encode(), Path("a.json"), NOW))


def test_all_fields_are_taken(tmp_path: Path) -> None:
    item = {
        "id": "a", "title": "A\nB", "url": "https://example.com/", "summary": "S\n\nT",
        "takeaway": "K", "insights": ["i", " "], "principles": ["p"], "practice": ["q"],
        "topics": ["AI", "ai", "Chips"], "roles": ["CTO"], "code_references": ["x.y"],
        "body": "B", "source": "L", "curator": "C", "language": "en", "unknown": {"x": 1},
        "published_at": "2026-01-02", "must_read": True,
    }  # fmt: skip
    (found,) = read(tmp_path, item)
    assert draft(found) == ArticleDraft(
        key="a", title="A B", url="https://example.com/", summary="S\n\nT", takeaway="K",
        insights=("i",), principles=("p",), practice=("q",), topics=("AI", "Chips"),
        roles=("CTO",), code_references=("x.y",), body="B", source="L", curator="C",
        language="en", published_at=datetime(2026, 1, 2, tzinfo=UTC), must_read=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id": None}, "id: is missing"),
        ({"id": ""}, "id: is empty"),
        ({"id": 7}, "id: expected text, not a number"),
        ({"id": "x" * 201}, "id: is 201 characters long"),
        ({"title": " \n"}, "title: is empty"),
        ({"title": "x" * 1001}, "title: is 1001 characters long"),
        ({"summary": ["x"]}, "summary: expected text, not a list"),
        ({"topics": "AI"}, "topics: expected a list of texts, not text"),
        ({"topics": ["x" * 201]}, "topics: a name of 201 characters"),
        ({"roles": [1]}, "roles: expected a list of texts, but it holds a number"),
        ({"insights": {"a": 1}}, "insights: expected a list of texts, not an object"),
        ({"url": "ftp://example.com"}, "url: 'ftp://example.com' is not an http(s) address"),
        ({"url": "http://exa mple.com"}, "url: "),
        ({"published_at": 5}, "published_at: expected text, not a number"),
        ({"published_at": "1900-01-01"}, "published_at: 1900-01-01 is before 1990"),
        ({"published_at": "2100-01-01T00:00:00Z"}, "published_at: 2100-01-01 is more than a year"),
        ({"published_at": "0001-01-01T00:00:00+14:00"}, "published_at: 0001-01-01 is before 1990"),
        ({"must_read": "yes"}, "must_read: expected true or false, not text"),
        ({"language": "English, mostly"}, "language: "),
        ({"title": "half \ud800"}, "title: holds a lone surrogate"),
        ({"stories": {}}, "stories: expected a list of objects, not an object"),
        ({"stories": [1]}, "stories, number 1: expected an object with id and title, not a number"),
        ({"stories": [{"id": "s"}]}, "stories, number 1: title: is missing"),
        ({"stories": [{"id": "s", "title": "S"}] * 2}, "stories, number 2: id: 's' is used before"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    assert refusal(tmp_path, {"id": "a", "title": "A"} | changes).startswith(why)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "not JSON"),
        ('["a"]', "expected an object with id and title, not a list"),
        ("null", "expected an object with id and title, not null"),
        ("[" * 100_000, "not JSON: nested too deeply"),
        ('{"id": ' + "9" * 5000 + "}", "not JSON: a number is too long"),
    ],
)
def test_a_line_that_is_no_object_is_rejected(tmp_path: Path, line: str, why: str) -> None:
    assert refusal(tmp_path, line).startswith(why)


def test_a_bad_line_stops_nothing_and_a_repeated_id_names_the_first(tmp_path: Path) -> None:
    good = {"id": "a", "title": "A"}
    found = read(tmp_path, good, "{", "", good, {"id": "b", "title": "B"})
    assert [type(item) for item in found] == [ParsedArticle, Rejected, Rejected, ParsedArticle]
    assert found[2] == Rejected(str(tmp_path / "a.jsonl"), 4, "id: 'a' is used before, on line 1")
    assert isinstance(found[3], ParsedArticle)
    assert found[3].line == 5


def test_an_endless_line_is_rejected_and_the_next_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as handle:
        handle.write(b'{"id": "x", "title": "' + b"x" * 12_000_000 + b'"}\n')
        handle.write(b'{"id": "\xff"}\n{"id": "b", "title": "B"}')
    first, second, third = jsonl.read(path, NOW)
    assert isinstance(first, Rejected)
    assert first.why == "a line of more than 5 MB"
    assert isinstance(second, Rejected)
    assert second.why == "not UTF-8 text, byte 9 of the line"
    assert isinstance(third, ParsedArticle)
    assert third.line == 3


@pytest.mark.parametrize(
    ("written", "hour"),
    [("2026-03-01T10:00:00", 10), ("2026-03-01T10:00:00Z", 10), ("2026-03-01T10:00:00+02:00", 8)],
)
def test_a_time_without_a_zone_is_utc(tmp_path: Path, written: str, hour: int) -> None:
    (found,) = read(tmp_path, {"id": "a", "title": "A", "published_at": written})
    assert draft(found).published_at == datetime(2026, 3, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": "a", "title": "A"},\n\n {"id": "b", "title": "B"}]',
        '{"made": [1, {}], "articles": [{"id": "a", "title": "A"},\n\n{"id": "b", "title": "B"}]}',
        '\ufeff[{"id": "a", "title": "A"},\n\n{"id": "b", "title": "B"}\n]\n',
    ],
)
def test_documents_yield_their_articles_with_lines(text: str) -> None:
    found = document(text)
    assert [draft(item).key for item in found] == ["a", "b"]
    assert [item.line for item in found] == [1, 3]


def test_one_object_is_one_article() -> None:
    assert [draft(item).key for item in document('{"id": "a", "title": "A"}')] == ["a"]


@pytest.mark.parametrize(
    ("text", "good", "line"),
    [
        ('[{"id": "a", "title": "A"},\n{"id": }]', 1, 2),
        ('[{"id": "a", "title": "A"}\n{"id": "b"}]', 1, 2),
        ('{"articles": 5}', 0, 1),
        ("", 0, 1),
        ("[" * 100_000, 0, 1),
    ],
)
def test_a_broken_document_gives_what_stands_before_the_fault(
    text: str, good: int, line: int
) -> None:
    *before, last = document(text)
    assert len(before) == good
    assert isinstance(last, Rejected)
    assert last.line == line


def test_stories_of_the_file_keep_their_ids(tmp_path: Path) -> None:
    story = {
        "id": "s1",
        "title": "S",
        "summary": "Text.",
        "topics": ["AI"],
        "url": "https://e.org/#s",
    }
    (found,) = read(
        tmp_path, {"id": "a", "title": "A", "stories": [story, {"id": "2", "title": "T"}]}
    )
    first, second = draft(found).stories
    assert (first.key, first.topics, first.url) == ("s1", {"AI": 1.0}, "https://e.org/#s")
    assert (second.key, second.topics) == ("2", {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["id", "title", "url", "topics", "stories", "published_at", "body", "must_read"]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(JSON, st.dictionaries(FIELDS, JSON)))
def test_any_json_is_an_article_or_rejected(value: object) -> None:
    for text in (json.dumps(value), json.dumps([value]), json.dumps({"articles": [value]})):
        for found in document(text):
            assert isinstance(found, ParsedArticle) or found.why


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_articles_or_rejected(data: bytes) -> None:
    list(jsonl.parse_document(data, Path("a.json"), NOW))
    list(jsonl.parse_document(b'[{"id": "a", "title": "A"},' + data, Path("a.json"), NOW))
