"""Double opt-in: nobody is subscribed who has not confirmed, and nobody learns who is."""

import pytest
import sqlalchemy as sa

from recommender.models import ConsentEvent, Status
from recommender.storage import database
from recommender.subscribers import consent, records

from .conftest import Place, plain

FORM = {
    "email": "new@example.org",
    "topics": ["AI Strategy"],
    "more_topics": "robotics automation, ",
}


def subscribe(place: Place, **changes: object) -> int:
    return place.client.post("/subscribe", data=FORM | changes).status_code


def test_a_reader_who_asks_and_confirms_is_active(place: Place) -> None:
    assert subscribe(place, roles="CTO", name="Ada") == 200
    assert place.status("new@example.org") == Status.PENDING
    link = place.link("confirm")
    assert "new@example.org" not in link
    assert place.client.get(link).status_code == 200
    assert place.status("new@example.org") == Status.PENDING  # following a link confirms nothing
    assert "subscribed" in place.client.post(link).text
    assert place.status("new@example.org") == Status.ACTIVE
    with database.reading(place.engine) as session:
        reader = records.document(records.find(session, "new@example.org"))
        log = session.scalars(
            sa.select(ConsentEvent).order_by(ConsentEvent.id.desc()).limit(2)
        ).all()
    assert reader["topics"] == {"AI Strategy": 1.0, "Robotics Automation": 1.0}
    assert (reader["roles"], reader["name"]) == (["CTO"], "Ada")
    assert [entry.source for entry in log] == ["confirm", "subscribe"]
    assert log[0].proof["from"] == "testclient"


def test_confirming_twice_changes_nothing(place: Place) -> None:
    subscribe(place)
    link = place.link("confirm")
    assert [place.client.post(link).status_code for _ in range(2)] == [200, 200]
    with database.reading(place.engine) as session:
        reader = records.everything(session, records.find(session, "new@example.org"))
    assert [entry["after"] for entry in reader["consent"]] == ["pending", "active"]


def test_a_used_link_says_so_and_opens_nothing(place: Place) -> None:
    subscribe(place)
    link = place.link("confirm")
    assert "/preferences/" in place.client.post(link).text
    for answer in (place.client.post(link), place.client.get(link)):
        assert "This was confirmed before" in answer.text
        assert "/preferences/" not in answer.text
    with database.reading(place.engine) as session:
        proofs = session.scalars(sa.select(ConsentEvent.proof)).all()
    assert link.rpartition("/")[2] not in str(proofs)


def test_a_new_request_voids_the_link_mailed_before(place: Place) -> None:
    subscribe(place)
    first = place.link("confirm")
    place.pass_time(minutes=1)
    subscribe(place)
    assert place.client.post(first).status_code == 404
    assert "subscribed" in place.client.post(place.link("confirm")).text
    assert place.client.post(first).status_code == 404


def test_a_link_to_confirm_expires(place: Place) -> None:
    subscribe(place)
    link = place.link("confirm")
    place.pass_time(days=8)
    assert place.client.post(link).status_code == 404
    assert place.status("new@example.org") == Status.PENDING


def test_the_answer_does_not_tell_whether_an_address_is_known(place: Place) -> None:
    with database.writing(place.engine) as session:
        consent.suppress(
            session, "never@example.org", reason="asked", now=place.moment[0], proof={}
        )
    pages = set()
    for email in ("new@example.org", "founder@example.com", "never@example.org"):
        answer = place.client.post("/subscribe", data=FORM | {"email": email})
        pages.add((answer.status_code, answer.text.replace(email, "X")))
    assert len(pages) == 1
    assert {message["To"] for message in place.mail()} == {"new@example.org", "founder@example.com"}
    assert place.status("never@example.org") is None


def test_a_stranger_cannot_change_the_choices_of_a_reader(place: Place) -> None:
    with database.reading(place.engine) as session:
        before = records.document(records.find(session, "founder@example.com"))
    subscribe(place, email="founder@example.com")
    with database.reading(place.engine) as session:
        assert records.document(records.find(session, "founder@example.com")) == before
    assert "/preferences/" in plain(place.mail()[-1])


def test_nobody_can_flood_a_mailbox(place: Place) -> None:
    answers = []
    for _ in range(6):
        answers.append(subscribe(place))
        place.pass_time(seconds=1)
    assert answers == [200, 200, 200, 429, 429, 429]
    assert len(place.mail()) == 3


def test_programs_that_fill_in_every_field_are_not_taken(place: Place) -> None:
    assert subscribe(place, website="https://spam.example.org") == 200
    assert place.mail() == []
    assert place.status("new@example.org") is None


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "x\r\nBcc: y@example.org", "a" * 400])
def test_what_is_no_address_is_named(place: Place, email: str) -> None:
    assert subscribe(place, email=email) == 400
    assert place.mail() == []


@pytest.mark.parametrize(
    "pasted",
    ["Ada L. <new@example.org>", "mailto:new@example.org", "\u200bnew@example.org\u00a0",
     "new@example.org.", "'new@example.org'"],
)  # fmt: skip
def test_an_address_is_taken_as_it_is_pasted(place: Place, pasted: str) -> None:
    assert subscribe(place, email=pasted) == 200
    assert place.status("new@example.org") == Status.PENDING


def test_other_sites_cannot_send_the_form(place: Place) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example.org"}):
        assert place.client.post("/subscribe", data=FORM, headers=headers).status_code == 403
    assert place.mail() == []


def test_what_strangers_type_never_becomes_a_topic(place: Place) -> None:
    answer = place.client.post("/subscribe", data=FORM | {"more_topics": "Cheap Pills"})
    assert answer.status_code == 400
    assert "We do not know “Cheap Pills”" in answer.text
    assert "Cheap Pills" not in place.client.get("/subscribe").text
    assert place.status("new@example.org") is None


def test_an_old_link_does_not_bring_back_who_has_left_since(place: Place) -> None:
    subscribe(place)
    link = place.link("confirm")
    place.client.post(link)
    place.pass_time(hours=1)
    with database.writing(place.engine) as session:
        reader = records.find(session, "new@example.org")
        consent.change(
            session, reader, Status.UNSUBSCRIBED, source="admin", now=place.moment[0], proof={}
        )
    assert place.client.post(link).status_code == 404
    assert place.status("new@example.org") == Status.UNSUBSCRIBED
    place.pass_time(minutes=1)
    subscribe(place)  # who asks anew, may come back
    place.client.post(place.link("confirm"))
    assert place.status("new@example.org") == Status.ACTIVE
