"""What nobody could read is kept for a person, and never grows without bound."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recommender.safety import quarantine

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def put(folder: Path, data: bytes) -> Path | None:
    return quarantine.set_aside(
        folder, data, kind="feed", source="https://x.example/\x1b[2J", why="broke\nit", now=NOW
    )


def test_it_keeps_bytes_and_cause_for_the_owner_alone(tmp_path: Path) -> None:
    path = put(tmp_path / "quarantine", b"<rss")
    assert path is not None
    note = json.loads(path.with_name(path.name + ".json").read_text())
    assert path.read_bytes() == b"<rss"
    assert (note["kind"], note["source"], note["why"]) == (
        "feed", "https://x.example/\\x1b[2J", "broke it",
    )  # fmt: skip
    assert {oct(one.stat().st_mode & 0o777) for one in path.parent.iterdir()} == {"0o600"}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert put(tmp_path / "quarantine", b"<rss") == path
    assert quarantine.count(path.parent) == 1


def test_the_oldest_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MOST_FILES", 3)
    monkeypatch.setattr(quarantine, "MOST_BYTES", 100)
    for number in range(6):
        path = put(tmp_path, b"%d" % number * 10)
        assert path is not None
        os.utime(path, (number, number))
    assert sorted(one.read_bytes()[:1] for one in tmp_path.glob("feed-*[!n]")) == [b"3", b"4", b"5"]
    put(tmp_path, b"x" * 90)
    assert quarantine.count(tmp_path) == 2
    assert len(list(tmp_path.iterdir())) == 4


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert put(tmp_path / "file" / "quarantine", b"x") is None
