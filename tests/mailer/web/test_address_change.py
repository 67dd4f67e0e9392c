"""A change of address: asked for on the page, confirmed from the new mailbox, told to the old."""

import pytest

from recommender.models import Status
from recommender.storage import database
from recommender.subscribers import consent, records

from .conftest import Place, plain

WHO, NEW = "founder@example.com", "founder@new.example"


@pytest.fixture
def personal(place: Place) -> str:
    """The path of the reader's own link, as the mail brings it."""
    place.client.post(place.path(place.links.preferences(place.delivery(WHO).id)))
    return place.link("preferences")


def ask(place: Place, personal: str, email: str = NEW) -> str:
    place.pass_time(minutes=1)
    answer = place.client.post(personal, data={"action": "address", "email": email})
    assert answer.status_code == 200
    return answer.text


def test_the_new_mailbox_confirms_and_the_old_one_is_told(place: Place, personal: str) -> None:
    assert "Look into your new mailbox" in ask(place, personal)
    assert place.mail()[-1]["To"] == NEW
    link = place.link("address")
    assert "founder" not in link
    assert place.client.get(link).status_code == 200
    assert place.client.head(link).status_code == 200
    assert place.status(WHO) == Status.ACTIVE  # a program that follows links changes nothing
    place.pass_time(minutes=1)
    assert "Your address is changed" in place.client.post(link).text
    assert (place.status(WHO), place.status(NEW)) == (None, Status.ACTIVE)
    note = place.mail()[-1]
    assert note["To"] == WHO
    assert NEW not in plain(note)
    with database.reading(place.engine) as session:
        log = records.everything(session, records.find(session, NEW))["consent"][-1]
    assert (log["source"], log["proof"]["from"]) == ("address change", "testclient")


def test_links_mailed_to_the_old_address_are_void(place: Place, personal: str) -> None:
    ask(place, personal)
    link = place.link("address")
    place.pass_time(minutes=1)
    place.client.post(link)
    place.pass_time(minutes=1)
    for path in (personal, link):
        assert place.client.get(path).status_code == 404
        assert place.client.post(path, data={"action": "export"}).status_code == 404
    issue = place.path(place.links.preferences(place.delivery(NEW).id))
    place.client.post(issue)  # an old issue still leads to the reader, at the new address
    assert place.mail()[-1]["To"] == NEW


def test_the_page_does_not_tell_who_else_reads(place: Place, personal: str) -> None:
    free = ask(place, personal).replace(NEW, "X")
    other = "hardware@example.com"
    assert ask(place, personal, other).replace(other, "X") == free
    assert "nothing was changed" in plain(place.mail()[-1])
    with database.writing(place.engine) as session:
        consent.suppress(
            session, "never@example.org", reason="asked", now=place.moment[0], proof={}
        )
    mailed = len(place.mail())
    assert ask(place, personal, "never@example.org").replace("never@example.org", "X") == free
    assert len(place.mail()) == mailed
    assert place.status(WHO) == Status.ACTIVE


@pytest.mark.parametrize("wrong", ["", "nobody", WHO, "a@b\nBcc: c@example.org"])
def test_what_is_no_new_address_is_said(place: Place, personal: str, wrong: str) -> None:
    mailed = len(place.mail())
    answer = place.client.post(personal, data={"action": "address", "email": wrong})
    assert answer.status_code == 400
    assert len(place.mail()) == mailed


def test_the_link_expires_and_a_newer_one_voids_it(place: Place, personal: str) -> None:
    ask(place, personal)
    first = place.link("address")
    ask(place, personal, "other@new.example")
    second = place.link("address")
    assert place.client.post(first).status_code == 404
    place.pass_time(days=3)
    assert place.client.post(second).status_code == 404
    assert place.status(WHO) == Status.ACTIVE


def test_a_request_too_many_leaves_the_link_mailed_before(place: Place, personal: str) -> None:
    for _ in range(3):
        ask(place, personal)
    link = place.link("address")
    answer = place.client.post(personal, data={"action": "address", "email": NEW})
    assert answer.status_code == 429
    assert "Your address is changed" in place.client.post(link).text


def test_signing_out_voids_the_very_link_it_was_done_with(place: Place, personal: str) -> None:
    page = place.client.post(personal, data={"action": "revoke"})
    assert "Old links are disabled" in page.text
    assert place.client.get(personal).status_code == 404
