"""Bad input of every kind: one clear line, exit 1, nothing lost, nothing half-written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailer import cli

GOOD = {"id": "good", "title": "A good story", "summary": "It is about storage engines."}
Newsletter = Callable[..., tuple[int, str, str]]


@pytest.fixture
def newsletter(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Newsletter:
    """Run a command in a fresh home; exit status, standard output, standard error."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("NEWSLETTER_HOME", str(home))

    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli.run(arguments)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run


def last(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return found


BRIEFS = {
    "empty.txt": (b"", "empty"),
    "binary.txt": (b"\x7fELF\x00\x00\x01\x02", ""),
    "encoding.txt": ("Größe der Datei\nSummary\nÄpfel".encode("latin-1"), "UTF-8"),
    "endless.txt": (b"x" * 5_000_000, ""),
    "old.txt": (b"Title\nPublished: 1900-01-01\nSummary\nText.\n", "1900"),
    "future.txt": (b"Title\nPublished: 2100-01-01\nSummary\nText.\n", "2100"),
    "bare.txt": (b"Only a title\n", ""),
}


@pytest.mark.parametrize("name", BRIEFS)
def test_a_bad_brief_is_named_and_its_neighbours_go_in(
    newsletter: Newsletter, home: Path, name: str
) -> None:
    content, why = BRIEFS[name]
    folder = home / "briefs"
    folder.mkdir()
    (folder / name).write_bytes(content)
    (folder / "good.txt").write_text("A good brief\nSummary\nIt says something.\nTopics\n- Data\n")
    status, out, err = newsletter("articles", "import", "briefs", "--json")
    report = last(out)
    assert (status, report["added"]) == (1, 1)
    [rejected] = report["rejected"]
    assert rejected["file"].endswith(name)
    assert why in rejected["why"]
    assert err.startswith("error: ")
    assert len(err.strip().splitlines()) == 1


LINES: dict[str, tuple[object, str]] = {
    "no id": ({"title": "T"}, "id"),
    "no title": ({"id": "x"}, "title"),
    "wrong type": ({"id": "x", "title": "T", "topics": "Data"}, "topics"),
    "year 1900": ({"id": "x", "title": "T", "summary": "S", "published_at": "1900-01-01"}, "1900"),
    "year 2100": ({"id": "x", "title": "T", "summary": "S", "published_at": "2100-01-01"}, "2100"),
    "no date": ({"id": "x", "title": "T", "summary": "S", "published_at": "soon"}, "soon"),
    "duplicate": (GOOD, "good"),
    "a list": ([1, 2], ""),
    "bad address": ({"id": "x", "title": "T", "url": "javascript:alert(1)"}, "url"),
}


@pytest.mark.parametrize("case", LINES)
def test_a_bad_line_is_named_and_the_rest_go_in(
    newsletter: Newsletter, home: Path, case: str
) -> None:
    bad, why = LINES[case]
    last_one = {**GOOD, "id": "also-good", "title": "Another"}
    lines = [json.dumps(line) for line in (GOOD, bad, last_one)]
    (home / "a.jsonl").write_text("\n".join(lines) + "\n")
    status, out, err = newsletter("articles", "import", "a.jsonl", "--json")
    report = last(out)
    assert (status, report["added"]) == (1, 2)
    assert [item["line"] for item in report["rejected"]] == [2]
    assert why in report["rejected"][0]["why"]
    assert err.startswith("error: ")


def test_a_second_import_of_what_was_partly_bad_changes_nothing(
    newsletter: Newsletter, home: Path
) -> None:
    (home / "a.jsonl").write_text(json.dumps(GOOD) + "\n{broken\n")
    newsletter("articles", "import", "a.jsonl")
    status, out, _ = newsletter("articles", "import", "a.jsonl", "--json")
    report = last(out)
    assert (status, report["added"], report["updated"], report["unchanged"]) == (1, 0, 0, 1)


def test_markup_and_template_code_in_titles_and_names_stay_text(
    newsletter: Newsletter, home: Path
) -> None:
    title = 'Use <script>alert("x")</script> & {{ 7 * 7 }} {% raw %} --> safely'
    story = {**GOOD, "title": title, "topics": ["Data"]}
    (home / "a.jsonl").write_text(json.dumps(story) + "\n")
    reader = {"email": "r@example.com", "name": "<b>{{ name }}</b>", "topics": ["Data"]}
    (home / "r.jsonl").write_text(json.dumps(reader) + "\n")
    assert newsletter("articles", "import", "a.jsonl")[0] == 0
    assert newsletter("subscribers", "import", "r.jsonl")[0] == 0
    assert newsletter("preview", "r@example.com", "--html", "issue.html")[0] == 0
    html = (home / "issue.html").read_text()
    assert "<script>alert" not in html
    assert "<b>{{" not in html
    assert "{{ 7 * 7 }}" in html


@pytest.mark.parametrize(
    "arguments",
    [
        ("articles", "import", "nowhere"),
        ("subscribers", "import", "nowhere.csv"),
        ("subscribers", "show", "nobody@example.com"),
        ("picks", "nobody@example.com"),
        ("editions", "show"),
        ("editions", "plan", "--period", "2026-W99"),
        ("editions", "plan", "--segment", "nobody"),
        ("segments", "create", "x", "role = "),
        ("articles", "show", "nothing"),
    ],
)
def test_a_wrong_request_is_one_line_and_exit_1(
    newsletter: Newsletter, arguments: tuple[str, ...]
) -> None:
    status, _, err = newsletter(*arguments)
    assert status == 1
    assert err.startswith("error: ")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("articles", "import"), ("editions", "send", "--nonsense")]
)
def test_wrong_usage_is_one_line_and_exit_2(
    newsletter: Newsletter, arguments: tuple[str, ...]
) -> None:
    status, _, err = newsletter(*arguments)
    assert status == 2
    assert err.startswith("error: ")
    assert len(err.strip().splitlines()) == 1


def test_a_wrong_setting_is_one_line_that_names_it(
    newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_PICKS", "many")
    status, _, err = newsletter("articles", "list")
    assert status == 1
    assert err.startswith("error: NEWSLETTER_PICKS: ")
