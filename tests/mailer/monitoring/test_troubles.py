"""What is wrong with a service is found, and only that."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from mailer.monitoring import heartbeats, job_runs, troubles
from mailer.monitoring.troubles import Kind, Trouble
from recommender import newsletters
from recommender.models import Edition, EditionState, Feed, TemplateVersion
from recommender.settings import Settings
from recommender.storage import database


def found(store: Engine, now: datetime, home: Path, **values: object) -> list[Trouble]:
    settings = Settings(home=home, **values)  # type: ignore[arg-type]
    with database.reading(store) as session:
        return troubles.found(store, session, settings, now)


def test_nothing_is_wrong_with_a_store_that_was_just_made(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    assert found(store, now, tmp_path) == []


def test_a_feed_that_is_gone_says_so_at_once(store: Engine, tmp_path: Path, now: datetime) -> None:
    with database.writing(store) as session:
        session.add(
            Feed(
                url="https://a.example/f",
                added_at=now,
                fetched_at=now,
                paused_at=now,
                problem="410",
            )
        )
    (one,) = found(store, now, tmp_path)
    assert one.words.startswith("https://a.example/f is gone, and asked no more: 410; see whether")


@pytest.mark.parametrize(("days", "old"), [(6, False), (8, True)])
def test_a_backup_grows_old_once_one_was_made(
    store: Engine, tmp_path: Path, now: datetime, days: int, *, old: bool
) -> None:
    with database.writing(store) as session:
        job_runs.note_success(session, troubles.BACKUP, now - timedelta(days=days))
    kinds = [one.kind for one in found(store, now, tmp_path, backup_days=7)]
    assert kinds == ([Kind.BACKUP] if old else [])
    assert found(store, now, tmp_path, backup_days=0) == []


def test_backups_of_others_are_seen_by_their_files(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    assert found(store, now, tmp_path, backup_path=folder) == []
    (folder / "newest.dump").write_bytes(b"")
    later = datetime.fromtimestamp((folder / "newest.dump").stat().st_mtime, now.tzinfo)
    assert found(store, later + timedelta(days=7), tmp_path, backup_path=folder) == []
    (one,) = found(store, later + timedelta(days=9), tmp_path, backup_path=folder)
    assert one.kind == Kind.BACKUP


def test_relays_are_left_alone_while_a_sender_speaks_to_them(store: Engine, now: datetime) -> None:
    with database.reading(store) as session:
        assert not troubles.sending(session, now)
    heartbeats.beat(store, [heartbeats.Kind.SENDER], "a:1", now)
    with database.writing(store) as session:
        session.add(TemplateVersion(hash="t", name="t", html="", text="", at=now))
        session.flush()
        session.add(
            Edition(newsletter_id=1, period="2026-W48", template_hash="t", planned_at=now,
                    state=EditionState.SENDING)
        )  # fmt: skip
        session.flush()
        assert troubles.sending(session, now)
        assert not troubles.sending(session, now + timedelta(minutes=5))
        session.rollback()


def test_each_newsletter_that_is_late_is_named_with_its_own_hour(
    store: Engine, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, schedule="tuesday 07:00")
    with database.writing(store) as session:
        own = {"schedule": "daily 08:00"}
        added = now - timedelta(days=2)
        newsletters.add(session, settings, "daily", own, segment=None, now=added)
        job_runs.note_begin(session, "deliver", now)
    late = [
        one
        for one in found(store, now, tmp_path, schedule="tuesday 07:00")
        if one.kind == Kind.OVERDUE
    ]
    assert [(one.subject, one.sentence[-20:]) for one in late] == [
        ("weekly-2026-W48", "2026-11-24 07:00 UTC"),
        ("daily-2026-11-24", "2026-11-24 08:00 UTC"),
    ]
