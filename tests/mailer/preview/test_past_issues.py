"""What a reader got in an edition is what the ledger froze."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.preview import past_issues
from recommender import segments
from recommender.errors import NotFoundError
from recommender.models import EditionStory
from recommender.settings import Settings
from recommender.storage import database
from tests.promises.conftest import add_readers, add_stories, configured, engine, home

__all__ = ["configured", "engine", "home"]
PERIOD = "2026-W48"


def test_a_title_is_shown_as_it_was_then(
    engine: Engine, configured: Callable[..., Settings], now: datetime
) -> None:
    settings, before = configured(), now - timedelta(hours=1)
    add_stories(engine, before)
    add_readers(engine, before, 2)
    campaign.plan(engine, settings, period=PERIOD, now=now)
    with database.writing(engine) as session:
        session.execute(sa.text("UPDATE stories SET title = 'changed since'"))
        titles = {row.content["title"] for row in session.scalars(sa.select(EditionStory))}
        told = past_issues.picks(session, settings, "reader1@example.com", PERIOD)
        assert told["picks"]
        assert {pick["title"] for pick in told["picks"]} <= titles
        assert told["delivery"]["state"] == "planned"


def test_a_reader_outside_the_segment_is_not_in_it(
    engine: Engine, configured: Callable[..., Settings], now: datetime
) -> None:
    settings, before = configured(), now - timedelta(hours=1)
    add_stories(engine, before)
    add_readers(engine, before, 2)
    with database.writing(engine) as session:
        segments.create(session, "first", 'email in ("reader0@example.com")', now=now)
    campaign.plan(engine, settings, period=PERIOD, now=now, segment="first")
    with database.reading(engine) as session, pytest.raises(NotFoundError, match="is not in"):
        past_issues.picks(session, settings, "reader1@example.com", PERIOD)
