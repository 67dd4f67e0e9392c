"""``newsletter evaluate`` from the outside."""

from pathlib import Path

import pytest

from mailer.cli import run

from .conftest import last_object, write_lines


def test_evaluate_gives_metrics_intervals_and_baselines(
    rank_files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [{"subscriber": "g", "relevant": {"a1": 1}},
            {"subscriber": "chess@example.com", "relevant": {"d": 2}}]  # fmt: skip
    relevant = write_lines(tmp_path / "r.jsonl", kept)
    plot = tmp_path / "plot.png"
    command = ["evaluate", *rank_files, "--relevant", relevant, "--plot", str(plot), "--json"]
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
    rank_files: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    judgement: str,
    why: str,
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(f"\n{judgement}\n")
    assert run(["evaluate", *rank_files, "--relevant", str(path)]) == 1
    error = capsys.readouterr().err
    assert f"{path}:2" in error
    assert why in error
