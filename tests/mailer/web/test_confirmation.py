"""The page of the mailed link: it confirms, and takes what the reader follows."""

from typing import Any

from recommender.models import Status
from recommender.storage import database
from recommender.subscribers import records

from .conftest import Place

WHO = "new@example.org"


def asked(place: Place, **choices: object) -> str:
    """The link that a request brings."""
    assert place.client.post("/subscribe", data={"email": WHO} | choices).status_code == 200
    return place.link("confirm")


def held(place: Place) -> dict[str, Any]:
    with database.reading(place.engine) as session:
        return records.document(records.find(session, WHO))


def test_interests_said_on_the_page_are_kept_and_the_reader_is_active(place: Place) -> None:
    link = asked(place)
    form = {"action": "choose", "topics": ["AI Strategy"], "roles": ["CTO"]}
    form |= {"timezone": "Europe/Berlin", "name": "Ada", "more_topics": "robotics automation"}
    assert "You are subscribed" in place.client.post(link, data=form).text
    reader = held(place)
    assert reader["topics"] == {"AI Strategy": 1.0, "Robotics Automation": 1.0}
    assert (reader["roles"], reader["timezone"], reader["name"]) == (
        ["CTO"], "Europe/Berlin", "Ada",
    )  # fmt: skip
    assert place.status(WHO) == Status.ACTIVE


def test_confirming_without_a_word_keeps_what_was_said_when_asking(place: Place) -> None:
    link = asked(place, topics=["AI Strategy"], name="Ada", frequency="monthly")
    place.client.post(link)
    reader = held(place)
    assert (reader["topics"], reader["name"]) == ({"AI Strategy": 1.0}, "Ada")
    assert reader["frequency"] == "monthly"


def test_a_field_the_page_does_not_ask_stays_as_it_was(place: Place) -> None:
    link = asked(place, frequency="monthly")
    place.client.post(link, data={"action": "confirm", "topics": ["AI Strategy"]})
    assert held(place)["frequency"] == "monthly"


def test_what_is_not_known_is_named_and_nothing_is_confirmed(place: Place) -> None:
    link = asked(place)
    answer = place.client.post(link, data={"action": "choose", "more_topics": "Cheap Pills"})
    assert answer.status_code == 400
    assert "We do not know “Cheap Pills”" in answer.text
    assert place.status(WHO) == Status.PENDING
    assert "You are subscribed" in place.client.post(link).text


def test_the_page_offers_what_stories_carry_by_field(place: Place) -> None:
    page = place.client.get(asked(place)).text
    assert "<h3>AI Hardware</h3>" in page
    assert 'value="TPU Development"' in page
    assert 'type="checkbox" name="topics" value="Agriculture Technology"' not in page
