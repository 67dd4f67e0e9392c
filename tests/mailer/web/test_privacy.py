"""A reader takes their data along, and has it erased."""

from recommender.models import Status

from .conftest import WHO, Place


def test_a_reader_takes_along_all_that_is_held(place: Place, personal: str) -> None:
    answer = place.client.post(personal, data={"action": "export"})
    held = answer.json()
    assert held["email"] == WHO
    assert held["deliveries"]
    assert "attachment" in answer.headers["content-disposition"]


def test_erasing_needs_a_second_word_and_leaves_nothing(place: Place, personal: str) -> None:
    assert "Nothing was erased" in place.client.post(personal, data={"action": "erase"}).text
    answer = place.client.post(personal, data={"action": "erase", "sure": "yes"})
    assert "Erased" in answer.text
    assert place.status(WHO) is None
    assert place.client.get(personal).status_code == 404
    place.client.post("/subscribe", data={"email": WHO})
    assert place.status(WHO) == Status.PENDING  # until they confirm: nobody else can
    place.client.post(place.link("confirm"))
    assert place.status(WHO) == Status.ACTIVE
