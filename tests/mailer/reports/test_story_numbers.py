"""Lists are counted in batches; that all is counted right, ``test_reader_groups`` says."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.ledger import counts
from mailer.reports import story_numbers
from recommender.models import Delivery
from recommender.storage import database
from tests.mailer.reports.test_reader_groups import fill
from tests.promises.conftest import add_stories


def test_batches_change_no_number(
    sqlite_store: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_stories(sqlite_store, now)
    with database.writing(sqlite_store) as session:
        fill(session, now, share=0.9)
        whole = story_numbers.of_edition(session, 1, counts.ids(session, 1))
        monkeypatch.setattr(story_numbers, "BATCH", 7)
        assert story_numbers.of_edition(session, 1, counts.ids(session, 1)) == whole
        assert sum(row["readers"] for row in whole["stories"]) > 0


def test_of_an_edition_without_copies_nothing_is_counted(
    sqlite_store: Engine, now: datetime
) -> None:
    add_stories(sqlite_store, now)
    with database.writing(sqlite_store) as session:
        fill(session, now, share=0.5)
        session.execute(sa.delete(Delivery))
        found = story_numbers.of_edition(session, 1, counts.ids(session, 1))
    assert {row["readers"] for row in found["stories"]} == {0}
    assert found["positions"] == []
