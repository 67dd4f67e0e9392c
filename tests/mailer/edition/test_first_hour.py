"""An hour before a newsletter was made is nobody's, but where things are tried out."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import first_hour
from recommender.models import Newsletter
from recommender.settings import Settings
from recommender.storage import database

BEYOND = "smtp://relay.example.net"


@pytest.mark.parametrize(
    ("relay", "first", "days", "precedes"),
    [(BEYOND, True, -1, True), (BEYOND, True, 1, False), (None, True, -1, False),
     ("smtp://127.0.0.1:2525", True, -1, False), (None, False, -1, True), (None, False, 1, False)],
)  # fmt: skip
def test_an_hour_counts_from_when_the_newsletter_was_made(
    store: Engine, now: datetime, relay: str | None, *, first: bool, days: int, precedes: bool
) -> None:
    with database.writing(store) as session:
        session.execute(sa.update(Newsletter).values(created_at=now))
        moment, settings = now + timedelta(days=days), Settings(smtp_url=relay)
        assert first_hour.precedes(session, settings, moment, first=first) == precedes
