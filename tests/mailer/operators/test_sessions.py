"""A session is known by what its browser holds, and ends."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.operators import sessions
from recommender.models import User, UserRole, UserSession
from recommender.storage import database


def test_a_session_ends_after_hours_by_signing_out_and_with_all_others(
    store: Engine, now: datetime
) -> None:
    with database.writing(store) as session:
        user = User(name="mina", role=UserRole.VIEWER, password="-", created_at=now)
        session.add(user)
        session.flush()
        tokens = [sessions.begin(session, user, now) for _ in range(3)]
        assert not set(tokens) & set(session.scalars(sa.select(UserSession.key)))
        assert sessions.user_of(session, tokens[0], now) is user
        assert sessions.user_of(session, "another", now) is None
        assert sessions.user_of(session, tokens[0], now + sessions.LENGTH) is None
        sessions.end(session, tokens[0])
        assert sessions.user_of(session, tokens[0], now) is None
        assert sessions.open_of(session, user, now) == 2
        assert sessions.end_all(session, user) == 2
        late = now + sessions.LENGTH + timedelta(seconds=1)
        sessions.begin(session, user, now)
        sessions.begin(session, user, late)  # what has ended is taken away
        assert len(session.scalars(sa.select(UserSession)).all()) == 1
