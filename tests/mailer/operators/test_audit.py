"""The audit log says who did what, and names no reader."""

from datetime import datetime, timedelta

from sqlalchemy.engine import Engine

from mailer.operators import audit
from recommender.storage import database


def test_the_latest_comes_first_and_addresses_are_left_out(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        audit.note(session, "mina", "signed in", now=now)
        audit.note(session, "mina", "hold", "story=a/b for a@example.com",
                   now=now + timedelta(seconds=1))  # fmt: skip
    with database.reading(store) as session:
        found = [(one.who, one.action, one.about) for one in audit.latest(session, 10)]
        assert len(audit.latest(session, 1)) == 1
    assert found == [("mina", "hold", "story=a/b for <address>"), ("mina", "signed in", "")]
