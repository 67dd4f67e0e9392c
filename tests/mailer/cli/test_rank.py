"""``newsletter rank`` from the outside."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailer.cli import run

from .conftest import RANKED_READERS, last_object, write_lines


def test_rank_writes_a_line_for_each_reader(
    rank_files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "picks.jsonl"
    assert run(["rank", *rank_files, "--top", "2", "--out", str(out), "--json"]) == 0
    summary = last_object(capsys.readouterr().out)
    assert (summary["readers"], summary["articles"], summary["stories"]) == (2, 3, 4)
    first, second = map(json.loads, out.read_text().splitlines())
    assert first["subscriber"] == "g"
    assert {pick["article"] for pick in first["picks"]} == {"a1", "d"}
    assert second["subscriber"] == "chess@example.com"
    assert [(p["article"], p["story"]) for p in second["picks"]][:1] == [("d", "one")]
    assert sum(reason["share"] for reason in first["picks"][0]["reasons"]) == pytest.approx(1)


def test_rank_writes_into_a_pipe_and_through_a_link_and_leaves_both(
    rank_files: list[str], tmp_path: Path
) -> None:
    pipe, link, file = tmp_path / "pipe", tmp_path / "link", tmp_path / "picks.jsonl"
    os.mkfifo(pipe)
    link.symlink_to(file)
    with ThreadPoolExecutor(1) as pool:
        piped = pool.submit(pipe.read_text)
        assert run(["rank", *rank_files, "--out", str(pipe)]) == 0
        assert pipe.is_fifo()
        assert len(piped.result(10).splitlines()) == 2
    assert run(["rank", *rank_files, "--out", str(link)]) == 0
    assert link.is_symlink()
    assert len(file.read_text().splitlines()) == 2


@pytest.mark.slow
def test_what_rank_writes_does_not_depend_on_the_number_of_processes(
    rank_files: list[str], tmp_path: Path
) -> None:
    many = [{**RANKED_READERS[n % 2], "id": f"r{n}"} for n in range(9_000)]
    readers = write_lines(tmp_path / "many.jsonl", many)
    written = []
    for jobs in ("1", "2", "3"):
        out = tmp_path / f"picks-{jobs}.jsonl"
        command = ["rank", *rank_files[:2], "--subscribers", readers, "--jobs", jobs, "--as-issue"]
        assert run([*command, "--out", str(out)]) == 0
        written.append(out.read_bytes())
    assert written[0].count(b"\n") == 9_000
    assert written[0] == written[1] == written[2]


def test_a_reader_that_cannot_be_read_is_named_and_the_others_are_ranked(
    rank_files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "g", "topics": ["Garden"]}\n{"id": 7}\n')
    out = tmp_path / "picks.jsonl"
    command = ["rank", *rank_files[:2], "--subscribers", str(bad), "--out", str(out)]
    assert run(command) == 1
    assert f"error: {bad}:2: id: missing" in capsys.readouterr().err.replace("\n", "")
    assert out.read_bytes().count(b"\n") == 1


def test_missing_files_are_one_clear_line(
    rank_files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "picks.jsonl"
    nowhere = str(tmp_path / "none.jsonl")
    for command in (
        ["rank", "--articles", nowhere, *rank_files[2:], "--out", str(out)],
        ["rank", *rank_files[:2], "--subscribers", nowhere, "--out", str(out)],
        ["evaluate", *rank_files, "--relevant", nowhere],
    ):
        assert run(command) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert "none.jsonl" in error
        assert len(error.splitlines()) == 1
    assert not out.exists()
