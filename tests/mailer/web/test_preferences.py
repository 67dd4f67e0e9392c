"""A reader's choices are the reader's alone, and what they change holds at once."""

import sqlalchemy as sa

from mailer.preview import reader_issues
from recommender.models import Article, Status
from recommender.storage import database
from recommender.subscribers import self_service

from .conftest import WHO, Place, saved


def test_a_forwarded_issue_shows_nobody_the_choices(place: Place) -> None:
    page = place.client.get(place.path(place.links.preferences(place.delivery(WHO).id)))
    assert page.status_code == 200
    assert WHO not in page.text
    assert all(topic not in page.text for topic in saved(place)["topics"])  # type: ignore[attr-defined]  # a dict
    assert place.mail() == []


def test_the_fresh_link_goes_to_the_reader_only_and_names_no_address(
    place: Place, personal: str
) -> None:
    assert [message["To"] for message in place.mail()] == [WHO]
    assert "founder" not in personal
    assert "Your choices" in place.client.get(personal).text
    place.pass_time(hours=3)
    assert place.client.get(personal).status_code == 404


def test_choices_are_kept_as_stated(place: Place, personal: str) -> None:
    form = {
        "name": "Mina",
        "roles": ["Investor"],
        "level:Neural Software": "love",
        "level:AI Strategy": "never",
        "level:Robotics Automation": "off",
        "level:Pricing": "keep:2.0",
        "more_topics": "kubernetes",
        "timezone": "Europe/Berlin",
    }
    assert "Saved" in place.client.post(personal, data=form).text
    kept = saved(place)
    assert kept["topics"] == {
        "Neural Software": 3.0,
        "AI Strategy": -2.0,
        "Pricing": 2.0,
        "Kubernetes": 1.0,
    }
    assert (kept["roles"], kept["name"], kept["timezone"]) == (
        ["Investor"],
        "Mina",
        "Europe/Berlin",
    )


def test_a_wrong_time_zone_is_named_and_nothing_is_lost(place: Place, personal: str) -> None:
    before = saved(place)
    answer = place.client.post(personal, data={"timezone": "Mars/Base"})
    assert answer.status_code == 400
    assert "Not saved" in answer.text
    assert saved(place) == before


def test_new_choices_change_the_next_picks(place: Place, personal: str) -> None:
    def picks() -> list[str]:
        with database.reading(place.engine) as session:
            found = reader_issues.next_picks(session, place.settings, WHO, now=place.moment[0])
        return [pick["story"] for pick in found["picks"]]

    start = place.moment[0]
    place.pass_time(days=7)
    before = picks()
    place.moment[0] = start
    place.client.post(personal, data={"level:Robotics Automation": "love"})
    place.pass_time(days=7)
    assert picks() != before


def test_languages_are_a_choice_where_stories_come_in_more_than_one(
    place: Place, personal: str
) -> None:
    assert "Languages of stories" not in place.client.get(personal).text
    with database.writing(place.engine) as session:
        for number, article in enumerate(session.scalars(sa.select(Article))):
            article.language = "de-AT" if number % 2 else "en"
    place.pass_time(minutes=6)
    page = place.client.get(personal).text
    assert "Languages of stories" in page
    assert 'value="de"' in page
    place.client.post(personal, data={"languages": ["", "de"]})
    assert saved(place)["languages"] == ["de"]
    place.client.post(personal, data={"name": "A form without the choice"})
    assert saved(place)["languages"] == ["de"]
    place.client.post(personal, data={"languages": [""]})
    assert saved(place)["languages"] == []


def test_a_pause_ends_by_itself(place: Place, personal: str) -> None:
    assert (
        "Paused until" in place.client.post(personal, data={"action": "pause", "weeks": "3"}).text
    )
    assert place.status(WHO) == Status.PAUSED
    place.pass_time(weeks=4)
    with database.writing(place.engine) as session:
        assert self_service.resume_paused(session, now=place.moment[0]) == 1
    assert place.status(WHO) == Status.ACTIVE
