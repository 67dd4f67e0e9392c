"""Front matter as static sites write it, and briefs in German and French."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from recommender.articles import briefs, dates, front_matter, import_files, intake
from recommender.articles.values import ArticleDraft
from recommender.errors import BriefError, LeftOut, UnpublishedError
from recommender.models import Article
from recommender.storage import database

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def parse(text: str) -> ArticleDraft:
    return briefs.parse(text, path="a.md", key="a", now=NOW)


@pytest.mark.parametrize(
    ("written", "summary"),
    [
        (">\n  One\n  two.", "One two."),
        (">-\n  One\n  two.\n\n  Three.", "One two. Three."),
        ("|\n  One\n  two.", "One two."),
        ('"One: two."', "One: two."),
        ("One\n  two.", "One two."),
        ("A: colon in the text", "A: colon in the text"),
    ],
)
def test_a_scalar_of_any_style_is_its_text(written: str, summary: str) -> None:
    draft = parse(f"---\ntitle: T\ndescription: {written}\n---\nBody text.\n")
    assert (draft.summary, draft.body) == (summary, "Body text.")


def test_a_nested_value_gives_its_name_and_nothing_else() -> None:
    draft = parse(
        "---\ntitle: T\nauthor:\n  name: B. Lane\n  email: b@example.org\nimage: {path: /x}\n"
        "categories: [Locks, Rivers]\ntags: Rivers, Boats\nurl: /posts/t/\n"
        "lang: German\n---\nText.\n"
    )
    assert draft.curator == "B. Lane"
    assert draft.topics == ("Locks", "Rivers", "Boats")
    assert (draft.url, draft.language, draft.summary) == (None, "de", "Text.")
    assert "b@example.org" not in repr(draft)


def test_toml_is_read_like_yaml() -> None:
    draft = parse(
        '+++\ntitle = "T"\ndate = 2026-11-02T08:00:00+01:00\n'
        'authors = [{name = "A"}, {name = "B"}]\n'
        '[taxonomies]\ntags = ["Locks"]\n+++\n# T\n\nText.\n'
    )
    assert draft.published_at == datetime(2026, 11, 2, 7, tzinfo=UTC)
    assert (draft.curator, draft.topics, draft.summary) == ("A, B", ("Locks",), "Text.")


@pytest.mark.parametrize(
    "key", ["draft: true", "draft: Yes", "published: false", "status: draft", "status: private"]
)
def test_a_draft_is_no_article(key: str) -> None:
    with pytest.raises(UnpublishedError, match="not published yet"):
        parse(f"---\ntitle: T\n{key}\n---\nText.\n")


@pytest.mark.parametrize("key", ["draft: false", "published: true", "published: 2026-11-02"])
def test_what_is_published_is_one(key: str) -> None:
    assert parse(f"---\ntitle: T\n{key}\n---\nText.\n").title == "T"


def test_an_article_that_becomes_a_draft_is_no_candidate_until_it_is_published(
    sqlite_store: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "a.md"

    def imported(key: str) -> tuple[intake.Report, list[bool]]:
        path.write_text(f"---\ntitle: T\n{key}\n---\nText.\n")
        found = list(import_files.drafts([path], NOW))
        report = intake.import_articles(lambda: database.writing(sqlite_store), found, now=NOW)
        with database.reading(sqlite_store) as session:
            stories = [story for row in session.query(Article) for story in row.stories]
            return report, [story.retired_at is None for story in stories]

    assert imported("draft: false")[1] == [True]
    report, current = imported("draft: true")
    assert (report.left_out.number, report.rejected.number, current) == (1, 0, [False])
    assert isinstance(report.left_out[0], LeftOut)
    assert imported("draft: false")[1] == [True]
    report, _ = imported("date: 2026-12-24")
    assert (report.scheduled.number, report.updated) == (1, 1)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2. November 2026", "2026-11-02"), ("02.11.2026", "2026-11-02"),
        ("Montag, 2. Nov. 2026", "2026-11-02"), ("1er novembre 2026", "2026-11-01"),
        ("lundi 2 novembre 2026", "2026-11-02"), ("le 3 août 2026", "2026-08-03"),
        ("13/10/2026", "2026-10-13"), ("10/13/2026", "2026-10-13"), ("2-Nov-2026", "2026-11-02"),
        ("Monday, November 2nd, 2026", "2026-11-02"), ("2 March 2026, 09:30", "2026-03-02"),
        ("2026-11-02 08:00:00 +0100", "2026-11-02"), ("20261102", "2026-11-02"),
    ],
)  # fmt: skip
def test_dates_as_people_write_them(written: str, day: str) -> None:
    assert dates.moment(written, NOW).date().isoformat() == day


@pytest.mark.parametrize("written", ["03/04/2026", "31. Februar 2026", "next week", "", "2026"])
def test_a_date_nobody_can_tell_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        dates.moment(written, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "Titel\nZusammenfassung\nEs.\nKernaussage\nDas.\nIn der Praxis\n- So.\nThemen\n- Boote\n"
        "Geeignet für: CTO\nVeröffentlicht am: 2. November 2026\n",
        "# Titel\n## Résumé\nEs.\n## À retenir\nDas.\n"
        "## En pratique\n- So.\n## Mots-clés\n- Boote\n"
        "## Idéal pour\n- CTO\n\nPublié le: 2 novembre 2026\n",
    ],
)
def test_headings_may_be_german_or_french(text: str) -> None:
    draft = parse(text)
    assert (draft.summary, draft.takeaway, draft.practice) == ("Es.", "Das.", ("So.",))
    assert (draft.topics, draft.roles) == (("Boote",), ("CTO",))


VALUES = st.recursive(
    st.one_of(st.text(max_size=30), st.booleans(), st.integers(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["date", "tags", "author", "description", "draft", "url", "lang", "image", "extra", "x"]
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=6), st.text("abc xyz", min_size=1, max_size=20))
def test_any_front_matter_is_read_or_refused(matter: dict[str, object], title: str) -> None:
    text = yaml.safe_dump(matter | {"title": f"T {title.strip()}".strip()}, allow_unicode=True)
    try:
        draft = parse(f"---\n{text}---\n\nThe text below.\n")
    except BriefError as error:
        assert error.why
        return
    assert draft.title.startswith("T")
    assert "The text below." in f"{draft.summary} {draft.body}"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "matter",
    [
        "a: " + "[" * 30_000,
        "a: &a [x,x]\n" + "".join(f"k{n}: &k{n} [*a,*a]\n" for n in range(500)),
        "title: " + "x: " * 20_000,
        "- " * 30_000,
        "{" * 60_000,
    ],
)
def test_no_front_matter_takes_long(matter: str) -> None:
    try:
        parse(f"---\n{matter}\n---\nText.\n")
    except BriefError as error:
        assert error.why


def test_what_was_no_yaml_is_named_with_its_line() -> None:
    text = "\n---\ntitle: Fine\ntopics: [open\ndate: 2026-11-20\n---\nBody text.\n"
    found = front_matter.problem(text)
    assert found is not None
    line, why = found
    assert line == 5
    assert "expected ',' or ']'" in why


@pytest.mark.parametrize("title", ["Fine", "A title: with a colon", '"Quoted: fine"'])
def test_a_colon_in_a_text_is_nothing_to_complain_of(title: str) -> None:
    assert front_matter.problem(f"---\ntitle: {title}\n---\nBody text.\n") is None
