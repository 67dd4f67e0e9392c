"""Every example of docs/formats.md is read as the page says; archives and foreign files, too."""

import json
import re
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recommender.articles import archives, exports, import_files, recognition
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.errors import LeftOut, Rejected

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PAGE = Path(__file__).resolve().parents[3] / "docs" / "formats.md"
ARTICLES = PAGE.read_text("utf-8").partition("## Articles")[2].partition("\n## Readers")[0]
EXAMPLES = dict(re.findall(r"<!-- example: (\S+) -->\n```\n(.*?)```", ARTICLES, re.DOTALL))
TITLES = {
    "lock.txt": ["How a canal lock saves water"],
    "schleuse.txt": ["Wie eine Schleuse Wasser spart"],
    "2026-11-02-pumps.md": ["Pumps: a primer"],
    "weirs.md": ["Weirs"],
    "articles.jsonl": ["Dams", "Week 45"],
    "feed.xml": ["On <T> joints"],
    "feed.json": ["Use <b> for bold."],
    "wordpress.xml": ["Cranes"],
    "posts.json": ["Sheds & roofs"],
    "ghost.json": ["Tolls"],
}


def read(*paths: Path) -> list[ParsedArticle | Rejected]:
    return list(import_files.drafts(paths, NOW))


def drafts(found: list[ParsedArticle | Rejected]) -> list[ArticleDraft]:
    return [item.draft for item in found if isinstance(item, ParsedArticle)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_the_page_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(EXAMPLES[name], "utf-8")
    found = read(path)
    assert [draft.title for draft in drafts(found)] == TITLES[name]
    assert all(isinstance(item, (ParsedArticle, LeftOut)) for item in found)
    assert all(draft.summary or draft.stories for draft in drafts(found))
    assert "b.lane@example.org" not in repr(drafts(found))


def test_examples_say_what_the_page_says(tmp_path: Path) -> None:
    assert sorted(EXAMPLES) == sorted(TITLES)
    for name, text in EXAMPLES.items():
        (tmp_path / name).write_text(text, "utf-8")
    found = read(tmp_path)
    by_title = {draft.title: draft for draft in drafts(found)}
    pumps, sheds, tolls = by_title["Pumps: a primer"], by_title["Sheds & roofs"], by_title["Tolls"]
    assert (pumps.curator, pumps.topics, pumps.language) == (
        "B. Lane",
        ("Hydraulics", "Energy"),
        "en-GB",
    )
    assert (sheds.curator, sheds.topics) == ("B. Lane", ("Buildings",))
    assert (tolls.topics, tolls.summary) == (("Money",), "A toll pays the keeper.")
    assert by_title["On <T> joints"].url == "https://boats.example.org/joints"
    assert [item.why for item in found if isinstance(item, LeftOut)] == [
        "not published yet (status: draft)"
    ] * 2


def test_a_zip_is_read_like_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in EXAMPLES.items():
            archive.writestr(f"folder/{name}", text)
        archive.writestr("__MACOSX/x.md", "no")
        archive.writestr("posts/my-post/index.md", "---\ntitle: Mine\n---\nText.")
    assert len(drafts(read(path))) == len(EXAMPLES) + 2
    assert "my-post" in {draft.key for draft in drafts(read(path))}


@pytest.mark.parametrize(
    "name", ["../a.md", "/etc/a.md", "a/../../b.md", "C:\\a.md", "x" * 3 + "/a" * 40 + ".md"]
)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "T\nSummary\nText.")
        archive.writestr("good.md", "T\nSummary\nText.")
    found = read(path)
    assert [draft.key for draft in drafts(found)] == ["good"]
    assert len(found) == 2


def test_a_zip_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    link = zipfile.ZipInfo("link.md")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", b"\0" * (archives.MAX_ENTRY + 1))
        archive.writestr(link, "/etc/passwd")
        archive.writestr("inner.zip", b"PK")
        archive.writestr("lzma.md", "T\nSummary\nx", zipfile.ZIP_LZMA)
    whys = " ".join(item.why for item in read(path) if isinstance(item, Rejected))
    for word in ("larger than", "symbolic link", "zip within a zip", "compressed in a way"):
        assert word in whys
    monkeypatch.setattr(archives, "MAX_FILES", 3)
    [refused] = read(path)
    assert isinstance(refused, Rejected)
    assert "more than 3 files" in refused.why


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 400))
@example(b"\x00@", 62)  # "needs version 6.4 of the format"
def test_a_damaged_zip_is_read_or_named(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int
) -> None:
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.md", "T\nSummary\n" + "Text. " * 30)
    data = path.read_bytes()
    path.write_bytes(data[:at] + junk + data[at + len(junk) :])
    for item in read(path):
        assert isinstance(item, ParsedArticle) or item.why


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("a.pdf", b"%PDF-1.7", "PDF"),
        ("a.docx", b"PK\x03\x04x", "Office document"),
        ("a.opml", b"<?xml version='1.0'?><opml version='2.0'>", "OPML"),
        ("a.xml", b"<?xml version='1.0'?><opml version='2.0'><body/></opml>", "OPML"),
        ("a.xml", b"<!DOCTYPE html><html>", "a web page"),
        ("a.html", b"<html><body>", "a web page"),
        ("a.csv", b"email,name\n", "subscribers import"),
        ("a.dat", b'{"id": "a"}\n', ".jsonl"),
        ("a.dat", b"\x00\x01", "none of the kinds"),
    ],
)
def test_a_file_that_is_not_read_is_named_with_the_nearest_format(
    tmp_path: Path, name: str, data: bytes, what: str
) -> None:
    (tmp_path / name).write_bytes(data)
    [refused] = read(tmp_path / name)
    assert isinstance(refused, Rejected)
    assert what in refused.why


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=100))
def test_there_is_a_hint_for_any_bytes(data: bytes) -> None:
    assert recognition.hint(data, Path("a.bin"))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=10)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
POST = st.dictionaries(
    st.sampled_from(
        [
            "id",
            "slug",
            "status",
            "html",
            "content",
            "excerpt",
            "url",
            "link",
            "tags",
            "categories",
            "published_at",
            "date",
            "authors",
            "author",
            "_embedded",
            "type",
            "lang",
            "ID",
        ]
    ),
    JSON,
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(POST, min_size=1, max_size=4), st.text(min_size=1, max_size=20))
def test_no_post_of_an_export_is_lost_for_an_optional_field(
    posts: list[dict[str, object]], title: str
) -> None:
    for post in posts:
        post |= {"html": "<p>Text.</p>", "title": title, "status": "published", "type": "post"}
    data = json.dumps({"posts": posts}).encode()
    found = exports.read(data, file="a.json", now=NOW)
    assert found is not None
    assert [type(item) for item in found] == [ParsedArticle] * len(posts)
