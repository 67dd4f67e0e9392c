"""Lines of files to values, and rankings to lines."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import splitting as splitting
from recommender.articles.values import ArticleDraft, StoryDraft
from recommender.datasets import files
from recommender.datasets.export import Export
from recommender.errors import InputError
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import Action, ListRequest, Reader, Story

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OF = {"a": ("a",), "d": ("d/one", "d/two")}


def test_a_single_story_goes_by_its_article_s_id_and_a_digest_s_by_both() -> None:
    digest = ArticleDraft(
        "d", title="Two", stories=(StoryDraft("one", title="One"), StoryDraft("two", title="Two"))
    )
    single = ArticleDraft("a", title="One thing")
    single = ArticleDraft("a", title="One thing", stories=splitting.split(single))
    found = files.catalogue([digest, single])
    assert [story.id for story in found.stories] == ["d/one", "d/two", "a"]
    assert found.of_article == {"d": ("d/one", "d/two"), "a": ("a",)}


def test_a_line_becomes_a_reader() -> None:
    line = {
        "email": "hardware@example.com", "roles": ["CTO"], "topics": ["Chips"],
        "history": [{"article": "a", "action": "click", "at": "2026-11-01"}],
    }  # fmt: skip
    at = datetime(2026, 11, 1, tzinfo=UTC)
    expected = Reader("hardware@example.com", ("CTO",), {"Chips": 1.0}, (Action("a", "click", at),))
    assert files.reader(line, OF) == expected


def test_an_answer_to_a_digest_is_one_to_its_stories_or_to_the_one_it_names() -> None:
    whole = {"id": "r", "history": [{"article": "d", "action": "sent"}]}
    named = {"id": "r", "history": [{"article": "d", "story": "two", "action": "more"}]}
    assert [a.story for a in files.reader(whole, OF).history] == ["d/one", "d/two"]
    assert files.reader(named, OF).history == (Action("d/two", "more"),)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "not JSON"),
        (b"[1]", "expected an object, found list"),
        (b'{"roles": []}', "id: missing"),
        (b'{"id": "r", "roles": "CTO"}', "roles: expected a list"),
        (
            b'{"id": "r", "topics": {"a": 4}}',
            "topics: the weight of 'a' is 4, not between -2 and 3",
        ),
        (b'{"id": "r", "topics": {"a": %d}}' % 10**400, "topics: the weight of 'a' is 1000000000"),
        (b'{"id": "r", "topics": {"a": NaN}}', "topics: the weight of 'a' is nan"),
        (b'{"id": "r", "topics": {"a": true}}', "topics: the weight of 'a' is not a number"),
        (b'{"id": "r", "history": [{}]}', "history: expected objects with article and action"),
        (b'{"id": "r", "history": [{"article": "a", "action": "ate"}]}', "history: 'ate' is none"),
        (b'{"id": "r", "history": [{"article": "a", "at": "x"}]}', "history: 'x' is not a date"),
        (b"\xff{}", "not UTF-8"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_the_others_are_read(line: bytes, why: str) -> None:
    found, wrong = files.readers([b'{"id": "one"}\n', line, b"\n", b'{"id": "two"}'], 7, "s", OF)
    assert [reader.id for reader in found] == ["one", "two"]
    assert [error.line for error in wrong] == [8]
    assert why in str(wrong[0])


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "topics", "roles", "history", "article", "action", "at"]),
            inner, max_size=4,
        ),
        max_leaves=12,
    )
)  # fmt: skip
def test_no_line_of_json_makes_reading_fail(value: object) -> None:
    found, wrong = files.readers([json.dumps(value).encode()], 1, "s", OF)
    assert len(found) + len(wrong) == 1


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        list(files.lines(tmp_path / "none.jsonl", 10))


def test_blocks_know_where_they_begin(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text("1\n2\n3\n4\n5")
    assert [(first, len(block)) for first, block in files.lines(path, 2)] == [
        (1, 2),
        (3, 2),
        (5, 1),
    ]


def test_exported_lines_say_what_rank_says(ranker: Ranker) -> None:
    readers = [
        Reader("one@example.com", ("Baker",), {"Gardening": 3, "Chess": 1}),
        Reader('"quoted" \\ ünï\u2028', (), {"TPU Development": 3}, (Action("s00", "click", NOW),)),
        Reader("nothing", (), {"zzz": 1}),
    ]
    for as_issue in (False, True):
        rankings = ranker.rank(readers, ListRequest(now=NOW, top=6, as_issue=as_issue))
        ranked = ranker.ranked(readers, ListRequest(now=NOW, top=6, as_issue=as_issue))
        lines = Export(ranker).lines(ranked).decode().split("\n")
        assert lines.pop() == ""
        for line, ranking in zip(lines, rankings, strict=True):
            written = json.loads(line)
            assert written["subscriber"] == ranking.reader
            for wrote, pick in zip(written["picks"], ranking.picks, strict=True):
                candidate = ranker.candidates[ranker.column[pick.story]]
                assert (wrote["article"], wrote["story"]) == (candidate.article, candidate.key)
                assert wrote["position"] == pick.position
                assert wrote["score"] == pytest.approx(pick.score, abs=1e-6)
                reasons = [(r["kind"], r["detail"], r["share"]) for r in wrote["reasons"]]
                assert reasons == [(r.kind, r.detail, r.share) for r in pick.reasons]
                assert wrote.get("propensity") == pick.propensity


def test_exported_picks_name_what_they_stand_for() -> None:
    text = "The harbour orders four electric ferries and new piers for charging them at night."
    twins = [Story(key, key, key, title="Electric ferries", summary=text) for key in ("a", "b")]
    ranker = Ranker(twins)
    ranked = ranker.ranked([Reader("r", (), {"ferries": 3})], ListRequest(now=NOW, top=5))
    [line] = Export(ranker).lines(ranked).splitlines()
    assert [pick["also"] for pick in json.loads(line)["picks"]] == [["b"]]


@pytest.mark.parametrize(
    "values",
    [
        {"id": "r", "topics": ["Chips", "AI"], "roles": []},
        {"id": "", "email": "é@x", "topics": {"Chips": 3, "AI": -0.5}, "roles": ["Baker"]},
        {"email": "r", "roles": 0, "history": [], "name": {"first": ["é"]}},
        {
            "id": "r",
            "history": [{"article": "d", "story": "1"}, {"article": "d", "action": "less"}],
        },
        {"id": "r", "history": [{"article": "x", "story": 7, "at": "2026-11-01", "more": None}]},
    ],
)
def test_a_line_of_any_form_is_read_as_with_care(values: dict[str, object]) -> None:
    of_article = {"d": ("d/1", "d/2")}
    for ascii_only in (True, False):
        line = json.dumps(values, ensure_ascii=ascii_only).encode()
        [found], wrong = files.readers([line], 1, "s.jsonl", of_article)
        assert not wrong
        assert found == files.reader(values, of_article)


def test_a_line_that_is_no_text_is_refused_wherever_it_is_broken() -> None:
    found, [wrong] = files.readers([b'{"id": "r", "unread": "\xff"}'], 1, "s.jsonl", {})
    assert not found
    assert "not UTF-8" in str(wrong)
