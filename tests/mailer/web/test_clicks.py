"""A click that was answered is in the store in the end, whatever happens in between."""

import json
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mailer.engagement import feedback
from mailer.engagement.feedback import Click
from mailer.web import clicks
from mailer.web.clicks import Clicks
from recommender.errors import ConfigurationError
from recommender.models import Event
from recommender.storage import database

from .conftest import PERSON, SENT_AT, Place

LATER = SENT_AT + timedelta(hours=5)


def visit(story: int, second: int = 0) -> Click:
    return Click(LATER + timedelta(seconds=second), story, "GET", PERSON)


def kept(place: Place) -> list[Event]:
    with database.reading(place.engine) as session:
        return list(session.scalars(sa.select(Event).order_by(Event.id)))


def test_clicks_of_a_killed_process_are_taken_over_and_counted_once(place: Place) -> None:
    copy = place.delivery("hardware@example.com")
    folder = place.settings.home / "clicks"
    program = (
        "import os, sys; from datetime import datetime, UTC; from pathlib import Path\n"
        "from mailer.engagement.feedback import Click; from mailer.web import clicks\n"
        "note = clicks._note(Path(sys.argv[1]))\n"
        f"at = datetime.fromisoformat({LATER.isoformat()!r})\n"
        f"note.add({copy.id}, Click(at, {copy.story_ids[0]}, 'GET', {PERSON!r}))\n"
        "os.write(note._handle, b'[1, \"cut sho')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    (left,) = [path for path in folder.iterdir() if b"cut sho" in path.read_bytes()]
    again = left.read_bytes()
    for _ in range(2):  # the second time as if the first had died before it dropped the file
        left.write_bytes(again)
        writer = Clicks(place.engine, folder)
        writer.put(copy.id, visit(copy.story_ids[1], 60))
        writer.flush()
        writer.close()
        assert not left.exists()
    assert [event.story_id for event in kept(place)] == copy.story_ids[:2]
    assert all(event.verified for event in kept(place))


def test_a_process_that_lives_keeps_its_own_notes(place: Place, tmp_path: Path) -> None:
    copy = place.delivery("hardware@example.com")
    folder = tmp_path / "clicks"
    mine = clicks._note(folder)
    mine.add(copy.id, visit(copy.story_ids[0]))
    other = Clicks(place.engine, folder)
    other.put(copy.id, visit(copy.story_ids[1]))
    other.flush()
    other.close()
    assert [event.story_id for event in kept(place)] == [copy.story_ids[1]]
    assert len(list(folder.iterdir())) == 1
    mine.close()


def test_a_click_waits_for_a_store_that_cannot_be_written(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clicks, "RETRY", 0.05)
    monkeypatch.setattr(clicks, "PAUSE", 0.01)
    copy = place.delivery("hardware@example.com")
    folder = tmp_path / "clicks"
    failures = threading.Semaphore(2)
    write = feedback.record_clicks

    def sometimes(*values: Any) -> None:  # Any: passed on as they come
        if failures.acquire(blocking=False):
            raise sa.exc.OperationalError("", {}, OSError("disk full"))
        write(*values)

    monkeypatch.setattr(feedback, "record_clicks", sometimes)
    writer = Clicks(place.engine, folder)
    writer.put(copy.id, visit(copy.story_ids[0]))
    writer.flush()
    writer.close()
    assert len(kept(place)) == 1
    assert list(folder.iterdir()) == []


def test_clicks_go_on_when_a_new_file_could_not_be_begun_for_a_while(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clicks, "RETRY", 0.05)
    monkeypatch.setattr(clicks, "PAUSE", 0.01)
    failed = threading.Event()
    begin = clicks._note

    def sometimes(where: Path) -> clicks._Note:
        if not failed.is_set():
            failed.set()
            raise ConfigurationError("home: cannot write: No space left on device")
        return begin(where)

    copy = place.delivery("hardware@example.com")
    folder = tmp_path / "clicks"
    writer = Clicks(place.engine, folder)
    monkeypatch.setattr(clicks, "_note", sometimes)
    for at in (0, 1):
        writer.put(copy.id, visit(copy.story_ids[at], 60 * at))
        assert failed.wait(5)
        writer.flush()
    writer.close()
    assert [event.story_id for event in kept(place)] == copy.story_ids[:2]
    assert list(folder.iterdir()) == []


def test_a_line_cut_short_by_a_full_disk_spoils_no_other(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = place.delivery("hardware@example.com")
    note = clicks._note(tmp_path)
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, line: write(handle, line[:9]))
    note.add(copy.id, visit(copy.story_ids[0]))
    monkeypatch.setattr(os, "write", write)
    note.add(copy.id, visit(copy.story_ids[1]))
    note.record(place.engine)
    note.close()
    assert [event.story_id for event in kept(place)] == [copy.story_ids[1]]


def test_a_full_disk_keeps_no_reader_from_the_story(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    copy = place.delivery("hardware@example.com")
    url = place.path(place.links.click(copy.id, copy.story_ids[0]))
    monkeypatch.setattr(os, "write", full)
    assert place.client.get(url).status_code == 302


@pytest.mark.parametrize(
    "fields",
    [
        [1, 1700000000, 1, "GET", "x"],
        [10**30, "2026-11-24T09:00:00+00:00", 1, "GET", "x"],
        [1, "2026-11-24T09:00:00", 1, "GET", "x"],
        [1, "2026-11-24T09:00:00+00:00", 1, None, "x"],
        [True, "2026-11-24T09:00:00+00:00", 1, "GET", "a\0b"],
        {"a": 1},
        7,
    ],
)
def test_a_line_that_is_no_click_is_set_aside_and_the_others_count(
    place: Place, tmp_path: Path, fields: object
) -> None:
    copy = place.delivery("hardware@example.com")
    folder = tmp_path / "clicks"
    note = clicks._note(folder)
    os.write(note._handle, json.dumps(fields).encode() + b"\n")
    note.add(copy.id, visit(copy.story_ids[0]))
    note.close()
    writer = Clicks(place.engine, folder)
    writer.close()
    assert [event.story_id for event in kept(place)] == [copy.story_ids[0]]
    assert list(folder.iterdir()) == []
    (aside,) = (tmp_path / "quarantine").glob("clicks-*[!n]")
    assert aside.read_bytes().strip() == json.dumps(fields).encode()
