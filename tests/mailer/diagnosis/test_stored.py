"""Of the store: what is wrong with the service is said in the service's words."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import Engine

from mailer.diagnosis import stored
from mailer.monitoring import job_runs, troubles
from recommender.settings import Settings
from recommender.storage import database


def test_a_store_that_is_not_there_has_one_finding(tmp_path: Path) -> None:
    engine, finding = stored.opened(Settings(home=tmp_path / "nowhere"))
    assert engine is None
    assert finding.found.startswith("there is no store at")
    assert "newsletter init" in finding.what_to_do


def test_a_backup_is_wanted_of_who_goes_live_and_its_age_is_said(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    settings = Settings(home=tmp_path, backup_days=7)
    with database.reading(store) as session:
        assert stored.check_backups(session, settings, now, strict=False) == []
        [none] = stored.check_backups(session, settings, now, strict=True)
    assert (none.state, none.found) == ("warning", "none was made, as far as is known")
    with database.writing(store) as session:
        job_runs.note_success(session, troubles.BACKUP, now)
        [made] = stored.check_backups(session, settings, now, strict=True)
        assert made.state == "ok"
        later = now + timedelta(days=8)
        assert stored.check_backups(session, settings, later, strict=True) == []  # a trouble
        [old] = stored.check_state(store, session, settings, later)
    assert old.words.startswith("the latest backup is of ")


def test_a_disk_that_takes_nothing_is_an_error(store: Engine, now: datetime) -> None:
    settings = Settings(home=Path("/proc"))  # where nobody may make a file
    found = stored.check_space(store, settings, now)
    assert [one.state for one in found if "/proc cannot be written" in one.found] == ["error"]
