"""Mail that went out before a reader moved, or was merged into another: links, bounces, reports."""

import json
from collections.abc import Callable
from email import message_from_bytes

import pytest

from mailer import merging
from mailer.inbound import bounce_processing
from mailer.inbound.bounce_processing import Rules
from mailer.mime import return_path
from recommender.corrections import Author
from recommender.models import Status
from recommender.storage import database
from recommender.subscribers import consent, correction, records
from recommender.subscribers.correction import Changes
from tests.mailer.inbound.reports import bounce, complaint, failed

from .conftest import Place

OLD, NEW, OTHER = "founder@example.com", "new@example.com", "hardware@example.com"
JANE = "jane"
Correct = Callable[[], str]


def message(place: Place, email: str) -> tuple[str, int]:
    """Message-ID and number of the copy this address was sent."""
    (path,) = place.settings.outbox.glob(f"weekly-2026-W48/*-{email}.eml")
    found = message_from_bytes(path.read_bytes())["Message-ID"]
    return str(found), place.delivery(email).id


def move(place: Place) -> str:
    with database.writing(place.engine) as session:
        reader = records.find(session, OLD)
        author = Author(JANE, place.moment[0])
        correction.update(session, reader, Changes(email=NEW), author=author)
    return NEW


def merge(place: Place) -> str:
    with database.writing(place.engine) as session:
        kept, gone = records.find(session, OTHER), records.find(session, OLD)
        done = merging.merge(session, kept, gone, author=Author(JANE, place.moment[0]))
        assert (done.copies.moved, done.copies.joined) == (0, 1)
    return OTHER


CORRECTIONS = pytest.mark.parametrize("correct", [move, merge])


@CORRECTIONS
def test_links_of_the_old_copy_work(place: Place, correct: Callable[[Place], str]) -> None:
    before = place.delivery(OLD)
    who = correct(place)
    click = place.path(place.links.click(before.id, before.story_ids[0]))
    assert place.client.get(click).status_code in (302, 303, 307)
    assert place.client.get(place.path(place.links.view(before.id))).status_code == 200
    place.events()
    with database.reading(place.engine) as session:
        found = records.everything(session, records.find(session, who))
    assert [event["kind"] for event in found["events"]] == ["click"]
    leave = place.client.post(
        place.path(place.links.unsubscribe(before.id)), data={"List-Unsubscribe": "One-Click"}
    )
    assert leave.is_success
    assert place.status(who) == Status.UNSUBSCRIBED


@CORRECTIONS
def test_a_bounce_of_the_old_copy_is_held_against_the_old_address_alone(
    place: Place, correct: Callable[[Place], str]
) -> None:
    message_id, number = message(place, OLD)
    who = correct(place)
    gone = failed("5.1.1", "550 5.1.1 no such user")
    tag = return_path.tagged("bounces@example.org", place.settings.secrets[0], number)
    by_id = bounce(gone, returned=f"Message-ID: {message_id}\n")
    by_tag = f"To: {tag}\n".encode() + bounce(gone, returned="Subject: nothing\n")
    for data in (by_id, by_tag):
        assert process(place, data) == 1
    assert place.status(who) == Status.ACTIVE
    with database.reading(place.engine) as session:
        assert consent.reason_of(session, OLD) == "bounce"
        assert consent.reason_of(session, who) is None


@CORRECTIONS
def test_a_complaint_about_the_old_copy_is_the_readers(
    place: Place, correct: Callable[[Place], str]
) -> None:
    message_id, _ = message(place, OLD)
    who = correct(place)
    data = complaint("abuse").decode()
    start = data.index("Message-ID: ")
    end = data.index("\n", start)
    assert process(place, (data[:start] + f"Message-ID: {message_id}" + data[end:]).encode()) == 1
    assert place.status(who) == Status.COMPLAINED
    with database.reading(place.engine) as session:
        assert consent.reason_of(session, OLD) == consent.reason_of(session, who) == "complaint"


def process(place: Place, data: bytes) -> int:
    report = bounce_processing.process(
        lambda: database.writing(place.engine),
        [data],
        rules=Rules(place.settings.secrets),
        now=place.moment[0],
        set_aside=lambda _, why: pytest.fail(why),
    )
    return report.matched


@CORRECTIONS
def test_a_provider_that_names_the_old_address_is_understood(
    place: Place, correct: Callable[[Place], str]
) -> None:
    from mailer.inbound.webhooks import postmark, processing

    who = correct(place)
    body = {"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "Email": OLD, "ID": 7}
    events = postmark.parse(json.dumps(body).encode())
    processing.take(
        lambda: database.writing(place.engine),
        "postmark",
        events,
        rules=Rules(place.settings.secrets),
        now=place.moment[0],
    )
    assert place.status(who) == Status.ACTIVE
    with database.reading(place.engine) as session:
        assert consent.reason_of(session, OLD) == "bounce"
