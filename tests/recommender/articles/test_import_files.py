"""Folders are walked in order, every kind of file is read, every fault is reported."""

import json
from datetime import UTC, datetime
from pathlib import Path

from recommender.articles import import_files
from recommender.articles.values import ParsedArticle
from recommender.errors import Rejected

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BRIEF = "{}\nSummary\nText.\n"


def drafts(*paths: Path) -> list[ParsedArticle | Rejected]:
    return list(import_files.drafts(paths, NOW))


def keys(found: list[ParsedArticle | Rejected]) -> list[str]:
    return [item.draft.key for item in found if isinstance(item, ParsedArticle)]


def reasons(found: list[ParsedArticle | Rejected]) -> list[str]:
    return [item.why for item in found if isinstance(item, Rejected)]


def test_a_folder_is_walked_in_the_order_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.txt", "a.md", "sub/c.TXT", ".hidden.txt", "README.md", "photo.png", "x.csv"):
        (tmp_path / name).write_text(BRIEF.format(name))
    (tmp_path / "list.json").write_text(json.dumps([{"id": "j", "title": "J"}]))
    (tmp_path / "list.jsonl").write_text(json.dumps({"id": "l", "title": "L"}))
    found = drafts(tmp_path)
    assert keys(found) == ["a", "b", "j", "l", "c"]
    assert reasons(found) == []


def test_a_named_file_of_another_kind_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b")
    found = drafts(tmp_path / "x.csv", tmp_path / "none.txt")
    assert "not a kind of file that is read" in reasons(found)[0]
    assert reasons(found)[1] == "no such file or folder"


def test_one_bad_file_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\x00\x01")
    (tmp_path / "b.txt").write_text(BRIEF.format("B"))
    (tmp_path / "c.xml").write_text("<html/>")
    found = drafts(tmp_path)
    assert keys(found) == ["b"]
    assert [item.file for item in found if isinstance(item, Rejected)] == [
        str(tmp_path / "a.txt"),
        str(tmp_path / "c.xml"),
    ]


def test_an_id_used_in_two_files_is_rejected_the_second_time(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(BRIEF.format("A"))
    (tmp_path / "a.txt").write_text(BRIEF.format("A too"))
    found = drafts(tmp_path)
    assert keys(found) == ["a"]
    assert reasons(found) == [f"the id 'a' is used before, in {tmp_path / 'a.md'}:1"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(BRIEF.format("A"))
    assert len(drafts(tmp_path, tmp_path / "a.md", tmp_path)) == 1


def test_a_link_that_leads_to_itself_is_named(tmp_path: Path) -> None:
    link = tmp_path / "loop.txt"
    link.symlink_to(link)
    [found] = import_files.drafts([link], NOW)
    assert isinstance(found, Rejected)
    assert "no such file" in found.why


def test_a_folder_that_links_to_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "a.md").write_text(BRIEF.format("A"))
    assert keys(drafts(tmp_path)) == ["a"]


def test_json_feeds_are_told_from_lists_of_articles(tmp_path: Path) -> None:
    feed = {"version": "https://jsonfeed.org/version/1", "items": [{"id": "f", "title": "F"}]}
    (tmp_path / "feed.json").write_text(
        json.dumps(feed | {"home_page_url": "https://h.example.com"})
    )
    assert keys(drafts(tmp_path)) == ["h.example.com:f"]


def test_articles_come_split(tmp_path: Path, digest_text: str) -> None:
    (tmp_path / "646.txt").write_text(digest_text)
    (found,) = drafts(tmp_path)
    assert isinstance(found, ParsedArticle)
    assert len(found.draft.stories) == 6


def test_a_link_out_of_the_folder_is_named_and_not_followed(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    (tmp_path / "newsletter.toml").write_text('secret_key = "x"')
    (tmp_path / "other").mkdir()
    (drop / "a.txt").write_text("A brief\nSummary\nWords.\n")
    (drop / "b.txt").symlink_to(tmp_path / "newsletter.toml")
    (drop / "c").symlink_to(tmp_path / "other", target_is_directory=True)
    (drop / "d.txt").symlink_to("d.txt")
    found = list(import_files.drafts([drop], NOW))
    assert [type(one) for one in found] == [ParsedArticle, Rejected, Rejected, Rejected]
    assert all("leads out" in one.why for one in found if isinstance(one, Rejected))
