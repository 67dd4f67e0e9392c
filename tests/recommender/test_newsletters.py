"""The newsletters of a store, and the settings of each."""

from datetime import datetime

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from recommender import newsletters, segments
from recommender.errors import ConflictError, NewsletterError, NotFoundError
from recommender.models import Edition, EditionState, Newsletter, TemplateVersion
from recommender.settings import Settings
from recommender.storage import database

SETTINGS = Settings(title="The Weekly Brief", picks=5)


def test_a_newsletter_has_its_own_and_takes_the_rest_from_the_first(
    store: Engine, now: datetime
) -> None:
    with database.writing(store) as session:
        own = {
            "title": "The Daily Brief",
            "schedule": "weekdays 07:30",
            "from": "D <d@example.org>",
        }
        newsletters.add(session, SETTINGS, "daily", own, segment=None, now=now)
    with database.reading(store) as session:
        first, second = newsletters.all_of(session, SETTINGS)
    assert first == SETTINGS
    assert (second.newsletter, second.title, second.picks) == ("daily", "The Daily Brief", 5)
    assert (second.schedule, second.sender) == ("weekdays 07:30", "D <d@example.org>")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"smtp_url": "smtp://x"}, "has no 'smtp_url' of its own"),
        ({"smtp_url": "x"}, "has no 'smtp_url' of its own"),
        ({"picks": "0"}, "newsletter 'daily', picks: "),
        ({"schedule": "sometimes"}, "'weekdays 07:30'"),
    ],
)
def test_what_it_cannot_have_is_refused_by_name(
    store: Engine, now: datetime, values: dict[str, object], why: str
) -> None:
    with database.writing(store) as session, pytest.raises(NewsletterError, match=why):
        newsletters.add(session, SETTINGS, "daily", values, segment=None, now=now)


def test_names_segments_and_the_first_are_guarded(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        with pytest.raises(ConflictError, match="there is a newsletter 'weekly' already"):
            newsletters.add(session, SETTINGS, "weekly", {}, segment=None, now=now)
        with pytest.raises(NotFoundError, match="no segment 'nobody'"):
            newsletters.add(session, SETTINGS, "daily", {}, segment="nobody", now=now)
        first = newsletters.get(session, "weekly")
        with pytest.raises(ConflictError, match="described by newsletter"):
            newsletters.change(session, SETTINGS, first, {"picks": "3"})
        with pytest.raises(ConflictError, match="cannot retire"):
            newsletters.retire(session, SETTINGS, first, now=now)
        with pytest.raises(NotFoundError, match="the store has weekly"):
            newsletters.get(session, "daily")


def test_a_newsletter_is_changed_and_retires(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        segments.create(session, "builders", None, now=now)
        row = newsletters.add(session, SETTINGS, "daily", {"picks": "3"}, segment=None, now=now)
        newsletters.change(session, SETTINGS, row, {"title": "Daily"}, segment="builders")
        assert (row.settings, row.segment_id) == ({"picks": "3", "title": "Daily"}, 1)
        newsletters.change(session, SETTINGS, row, {}, everybody=True, cleared=("picks",))
        assert (row.settings, row.segment_id) == ({"title": "Daily"}, None)
        newsletters.retire(session, SETTINGS, row, now=now)
        assert [one.newsletter for one in newsletters.all_of(session, SETTINGS)] == ["weekly"]


def test_what_is_on_its_way_or_would_be_out_of_order_is_refused(
    store: Engine, now: datetime
) -> None:
    with database.writing(store) as session:
        own = {"schedule": "daily 07:30"}
        row = newsletters.add(session, SETTINGS, "daily", own, segment=None, now=now)
        edition_of(session.get_one(Newsletter, row.id), now, session)
        with pytest.raises(ConflictError, match="its editions are named so"):
            newsletters.change(session, SETTINGS, row, {"schedule": "monday 07:30"})
        newsletters.change(session, SETTINGS, row, {"schedule": "weekdays 07:45"})
        with pytest.raises(ConflictError, match="daily-2026-11-24 is on its way"):
            newsletters.retire(session, SETTINGS, row, now=now)


def edition_of(newsletter: Newsletter, now: datetime, session: Session) -> None:
    session.add(TemplateVersion(hash="t", name="weekly", html="", text="", at=now))
    session.flush()
    session.add(
        Edition(
            newsletter_id=newsletter.id, period="2026-11-24", state=EditionState.PLANNED,
            template_hash="t", settings={}, planned_at=now,
        )
    )  # fmt: skip
    session.flush()
