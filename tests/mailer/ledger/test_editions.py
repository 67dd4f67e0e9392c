"""Editions are found and listed, those of several newsletters and welcomes alike."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.ledger import editions
from recommender.models import Edition, EditionState, Newsletter, TemplateVersion
from recommender.storage import database

PERIODS = ("welcome-2026-W47", "2026-W48", "2026-11-27", "welcome-2026-W49", "2026-W49")


def test_the_edition_planned_last_is_listed_first_however_its_period_is_written(
    store: Engine, now: datetime
) -> None:
    with database.writing(store) as session:
        session.add(TemplateVersion(hash="0" * 64, name="weekly", html="", text="", at=now))
        session.flush()
        newsletter = session.scalars(sa.select(Newsletter.id)).one()
        for day, period in enumerate(PERIODS):
            edition = Edition(
                newsletter_id=newsletter,
                period=period,
                state=EditionState.FINISHED,
                template_hash="0" * 64,
                planned_at=now + timedelta(days=day // 2),  # the same moment: the newer row first
            )
            session.add(edition)
            session.flush()
        assert [one.period for one in editions.listing(session)] == list(reversed(PERIODS))
