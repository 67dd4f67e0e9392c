"""The answer to the question whether a reader still wants their issues."""

from datetime import timedelta

import pytest

from mailer.edition import sunset
from recommender import newsletters
from recommender.models import Edition, Status
from recommender.storage import database
from recommender.subscribers import consent, records

from .conftest import Place

WHO = "founder@example.com"


def link(place: Place) -> str:
    return place.path(place.links.keep(place.delivery(WHO).id))


def pause(place: Place, source: str) -> None:
    with database.writing(place.engine) as session:
        who, now = records.find(session, WHO), place.moment[0]
        consent.change(session, who, Status.PAUSED, source=source, now=now, proof={})


def test_looking_changes_nothing_and_pressing_the_button_is_a_sign_of_life(place: Place) -> None:
    page = place.client.get(link(place))
    assert page.status_code == 200
    assert "Yes, keep them coming" in page.text
    with database.reading(place.engine) as session:
        assert records.find(session, WHO).last_active_at is None
    place.pass_time(days=1)
    assert "Your issues go on as before." in place.client.post(link(place)).text
    with database.reading(place.engine) as session:
        assert records.find(session, WHO).last_active_at == place.moment[0]


def test_it_names_the_newsletter_of_the_issue(place: Place) -> None:
    path = link(place)
    with database.writing(place.engine) as session:
        own = {"title": "The Daily Brief"}
        daily = newsletters.add(
            session, place.settings, "daily", own, segment=None, now=place.moment[0]
        )
        session.get_one(Edition, place.delivery(WHO).edition_id).newsletter_id = daily.id
    assert "Keep The Daily Brief?" in place.client.get(path).text


def test_who_was_paused_for_silence_comes_back(place: Place) -> None:
    pause(place, sunset.SOURCE)
    assert place.client.post(link(place)).status_code == 200
    assert place.status(WHO) == Status.ACTIVE


@pytest.mark.parametrize("status", [Status.PAUSED, Status.UNSUBSCRIBED, Status.COMPLAINED])
def test_nobody_else_is_brought_back_by_it(place: Place, status: Status) -> None:
    with database.writing(place.engine) as session:
        who, now = records.find(session, WHO), place.moment[0]
        who.paused_until = now + timedelta(days=9) if status == Status.PAUSED else None
        consent.change(session, who, status, source="preferences", now=now, proof={})
    assert place.client.post(link(place)).status_code == 403
    assert place.status(WHO) == status


def test_a_link_that_is_none_is_said_to_be(place: Place) -> None:
    assert place.client.get("/keep/nonsense").status_code in (403, 404, 410)
    other = place.path(place.links.unsubscribe(place.delivery(WHO).id)).rpartition("/")[2]
    assert place.client.post(f"/keep/{other}").status_code in (403, 404, 410)
    assert place.status(WHO) == Status.ACTIVE
