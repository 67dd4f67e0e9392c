"""``newsletter rank`` and ``newsletter evaluate`` from the outside."""

import json
from pathlib import Path
from typing import Any

import pytest

from mailer.cli import run

ARTICLES = [
    {"id": "a1", "title": "Roses in clay soil", "summary": "Compost helps.", "topics": ["Garden"]},
    {"id": "a2", "title": "Rook endgames", "summary": "Chess for evenings.", "topics": ["Chess"],
     "published_at": "2026-11-20"},
    {"id": "d", "title": "Two things", "stories": [
        {"id": "one", "title": "Chess clocks", "summary": "Time trouble.", "topics": ["Chess"]},
        {"id": "two", "title": "Rain barrels", "summary": "Watering.", "topics": ["Garden"]},
    ]},
]  # fmt: skip
READERS: list[dict[str, Any]] = [
    {"id": "g", "topics": {"Garden": 3}},
    {"email": "chess@example.com", "topics": ["Chess"],
     "history": [{"article": "a2", "action": "click"}]},
]  # fmt: skip


def lines(path: Path, values: list[Any]) -> str:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """The options that name a small file of articles and one of readers."""
    return [
        "--articles", lines(tmp_path / "a.jsonl", ARTICLES),
        "--subscribers", lines(tmp_path / "s.jsonl", READERS),
    ]  # fmt: skip


def last_object(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text.strip().splitlines()[-1])
    return found


def test_rank_writes_a_line_for_each_reader(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "picks.jsonl"
    assert run(["rank", *files, "--top", "2", "--out", str(out), "--json"]) == 0
    summary = last_object(capsys.readouterr().out)
    assert (summary["readers"], summary["articles"], summary["stories"]) == (2, 3, 4)
    first, second = map(json.loads, out.read_text().splitlines())
    assert first["subscriber"] == "g"
    assert {pick["article"] for pick in first["picks"]} == {"a1", "d"}
    assert second["subscriber"] == "chess@example.com"
    assert [(p["article"], p["story"]) for p in second["picks"]][:1] == [("d", "one")]
    assert sum(reason["share"] for reason in first["picks"][0]["reasons"]) == pytest.approx(1)


@pytest.mark.slow
def test_what_rank_writes_does_not_depend_on_the_number_of_processes(
    files: list[str], tmp_path: Path
) -> None:
    many = [{**READERS[n % 2], "id": f"r{n}"} for n in range(9_000)]
    readers = lines(tmp_path / "many.jsonl", many)
    written = []
    for jobs in ("1", "2", "3"):
        out = tmp_path / f"picks-{jobs}.jsonl"
        command = ["rank", *files[:2], "--subscribers", readers, "--jobs", jobs, "--as-issue"]
        assert run([*command, "--out", str(out)]) == 0
        written.append(out.read_bytes())
    assert written[0].count(b"\n") == 9_000
    assert written[0] == written[1] == written[2]


def test_a_reader_that_cannot_be_read_is_named_and_the_others_are_ranked(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "g", "topics": ["Garden"]}\n{"id": 7}\n')
    out = tmp_path / "picks.jsonl"
    command = ["rank", *files[:2], "--subscribers", str(bad), "--out", str(out)]
    assert run(command) == 1
    assert f"error: {bad}:2: id: missing" in capsys.readouterr().err.replace("\n", "")
    assert out.read_bytes().count(b"\n") == 1


def test_missing_files_are_one_clear_line(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "picks.jsonl"
    nowhere = str(tmp_path / "none.jsonl")
    for command in (
        ["rank", "--articles", nowhere, *files[2:], "--out", str(out)],
        ["rank", *files[:2], "--subscribers", nowhere, "--out", str(out)],
        ["evaluate", *files, "--relevant", nowhere],
    ):
        assert run(command) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert "none.jsonl" in error
        assert len(error.splitlines()) == 1
    assert not out.exists()


def test_evaluate_gives_metrics_intervals_and_baselines(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [{"subscriber": "g", "relevant": {"a1": 1}},
            {"subscriber": "chess@example.com", "relevant": {"d": 2}}]  # fmt: skip
    relevant = lines(tmp_path / "r.jsonl", kept)
    plot = tmp_path / "plot.png"
    command = ["evaluate", *files, "--relevant", relevant, "--plot", str(plot), "--json"]
    assert run(command) == 0
    found = last_object(capsys.readouterr().out)
    assert found["readers"] == 2
    assert found["metrics"]["ndcg@10"] == pytest.approx(1, abs=0.4)
    assert found["metrics"]["calibration"] is not None
    assert len(found["intervals"]["mrr"]) == 2
    assert set(found["baselines"]) == {
        "random", "newest", "topic overlap", "mean TF-IDF", "BM25", "linear SVM",
    }  # fmt: skip
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert run(command[:-3]) == 0
    assert "95 % bootstrap intervals" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("judgement", "why"),
    [
        ('{"relevant": {}}', "subscriber: missing"),
        ('{"subscriber": "g", "relevant": ["a1"]}', "relevant: expected an object"),
        ('{"subscriber": "g", "relevant": {"a1": "yes"}}', "the grade of 'a1'"),
        ("{", "not JSON"),
    ],
)
def test_a_bad_judgement_is_named_with_its_line(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], judgement: str, why: str
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(f"\n{judgement}\n")
    assert run(["evaluate", *files, "--relevant", str(path)]) == 1
    error = capsys.readouterr().err
    assert f"{path}:2" in error
    assert why in error
