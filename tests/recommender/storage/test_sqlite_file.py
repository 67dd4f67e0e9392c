"""The file of a SQLite store: never made by looking, and named when it is something else."""

from datetime import datetime
from pathlib import Path

import pytest

from recommender import store_opening
from recommender.errors import StoreError
from recommender.storage import database, migrations


def test_looking_for_a_store_makes_none(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'nowhere.db'}")
    with pytest.raises(StoreError, match="there is no store at"):
        migrations.check_version(engine)
    engine.dispose()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_named(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("this is not a database, but it is long enough to look at" * 10)
    with pytest.raises(StoreError, match=r"the store .*notes\.txt is damaged \(file is not"):
        store_opening.open_store(f"sqlite:///{path}", newsletter="weekly", now=now)
