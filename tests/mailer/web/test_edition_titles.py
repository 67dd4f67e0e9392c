"""An edition is called by its newsletter, day and subject, and how far it is stands in words."""

import sqlalchemy as sa

from mailer.edition import edition_edits
from mailer.web import edition_titles
from mailer.web.edition_titles import EditionTitle
from mailer.web.site import Site
from recommender.models import Delivery, Edition, EditionEditKind, EditionState
from recommender.storage import database

from .conftest import SENT_AT, Place


def title(place: Place) -> EditionTitle:
    site: Site = place.client.app.state.site  # type: ignore[attr-defined]  # an ASGI app to mypy
    with database.reading(place.engine) as session:
        [found] = edition_titles.of(session, site, session.scalars(sa.select(Edition)).all())
    return found


def state(place: Place) -> str:
    with database.reading(place.engine) as session:
        return edition_titles.state(place.settings, session.scalars(sa.select(Edition)).one())


def test_the_story_that_most_readers_got_stands_for_an_edition_without_subject(
    place: Place,
) -> None:
    found = title(place)
    assert (found.newsletter, found.day, found.source) == (
        "The Weekly Brief", "26 November 2026", "story",
    )  # fmt: skip
    with database.reading(place.engine) as session:
        lists = session.scalars(sa.select(Delivery.story_ids)).all()
    assert found.subject in place.client.get("/archive").text
    assert lists


def test_before_anything_is_sent_the_editors_subject_or_none_is_shown(place: Place) -> None:
    with database.writing(place.engine) as session:
        session.execute(sa.delete(Delivery))
        session.execute(
            sa.update(Edition).values(state=EditionState.PLANNED, started_at=None, finished_at=None)
        )
    assert (title(place).subject, title(place).source) == ("Each reader’s first story", "none")
    assert title(place).state == "planned"
    with database.writing(place.engine) as session:
        edition = session.scalars(sa.select(Edition)).one()
        edition_edits.make(session, edition.newsletter, edition.period, EditionEditKind.SUBJECT,
                           "Ours", by="mina", now=SENT_AT)  # fmt: skip
    assert (title(place).subject, title(place).source) == ("Ours", "editors")


def test_first_issues_are_called_so(place: Place) -> None:
    with database.writing(place.engine) as session:
        session.execute(sa.update(Edition).values(period="welcome-2026-W48"))
    found = title(place)
    assert (found.subject, found.day) == ("First issues of new readers", "week of 23 November 2026")


def test_how_far_an_edition_is_stands_in_words(place: Place) -> None:
    planned = "Planned on Tuesday, 24 November 2026, 09:00 (UTC)"
    assert state(place) == f"Sent on Tuesday, 24 November 2026, 09:00 (UTC). {planned}."
    for changed, words in (
        ({"state": EditionState.PAUSED, "why": "paused by hand"},
         f"Paused: paused by hand. {planned}."),
        ({"state": EditionState.SENDING, "finished_at": None},
         "On its way since Tuesday, 24 November 2026, 09:00 (UTC)."),
        ({"state": EditionState.PLANNED}, f"{planned}, and not sent yet."),
        ({"state": EditionState.PLANNING},
         "Being planned since Tuesday, 24 November 2026, 09:00 (UTC)."),
        ({"state": EditionState.CANCELLED, "finished_at": SENT_AT},
         "Cancelled on Tuesday, 24 November 2026, 09:00 (UTC)."),
    ):  # fmt: skip
        with database.writing(place.engine) as session:
            session.execute(sa.update(Edition).values(**changed))
        assert state(place) == words
