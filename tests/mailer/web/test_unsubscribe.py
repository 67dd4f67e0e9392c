"""Leaving takes one click, from the page or from the mail program; coming back takes one more."""

import pytest

from recommender import newsletters
from recommender.models import EventKind, Status
from recommender.storage import database
from recommender.subscribers import records, subscriptions

from .conftest import Place

WHO = "founder@example.com"


def link(place: Place) -> str:
    return place.path(place.links.unsubscribe(place.delivery(WHO).id))


def test_one_click_of_a_mail_program_unsubscribes(place: Place) -> None:
    """RFC 8058: no cookie, no page, no origin of ours."""
    answer = place.client.post(
        link(place),
        content="List-Unsubscribe=One-Click",
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "sec-fetch-site": "cross-site",
        },
    )
    assert (answer.status_code, answer.text) == (200, "Unsubscribed.\n")
    assert place.status(WHO) == Status.UNSUBSCRIBED
    with database.reading(place.engine) as session:
        log = records.everything(session, records.find(session, WHO))["consent"]
    assert log[-1]["source"] == "unsubscribe"
    assert log[-1]["proof"]["one_click"] is True
    assert [event.kind for event in place.events()] == [EventKind.UNSUBSCRIBE]


def test_one_click_may_be_sent_as_a_multipart_form(place: Place) -> None:
    assert place.client.post(
        link(place), files={"List-Unsubscribe": (None, "One-Click")}
    ).is_success
    assert place.status(WHO) == Status.UNSUBSCRIBED


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/octet-stream",
        "application/json",
        "multipart/form-data",
        "x",
        None,
    ],
)
@pytest.mark.parametrize("body", [b"List-Unsubscribe=One-Click", b"", b"\xff\x00{}"])
def test_one_click_needs_no_particular_body(place: Place, kind: str | None, body: bytes) -> None:
    headers = {} if kind is None else {"content-type": kind}
    assert place.client.post(link(place), content=body, headers=headers).status_code == 200
    assert place.status(WHO) == Status.UNSUBSCRIBED


def test_looking_at_the_page_changes_nothing(place: Place) -> None:
    assert "<button>Unsubscribe</button>" in place.client.get(link(place)).text
    assert place.client.head(link(place)).status_code == 200
    assert place.status(WHO) == Status.ACTIVE


def test_who_left_by_mistake_can_come_back(place: Place) -> None:
    page = place.client.post(link(place))
    assert "You are unsubscribed" in page.text
    assert place.status(WHO) == Status.UNSUBSCRIBED
    assert "Welcome back" in place.client.post(link(place), data={"action": "return"}).text
    assert place.status(WHO) == Status.ACTIVE


def test_a_forwarded_issue_starts_nothing_again(place: Place) -> None:
    place.client.post(link(place))
    back = {"action": "return"}
    elsewhere = {"sec-fetch-site": "cross-site"}
    assert place.client.post(link(place), data=back, headers=elsewhere).status_code == 403
    place.pass_time(hours=2)
    assert place.client.post(link(place), data=back).status_code == 403
    assert place.status(WHO) == Status.UNSUBSCRIBED


def test_leaving_twice_is_one_event(place: Place) -> None:
    for _ in range(3):
        assert place.client.post(link(place)).status_code == 200
    assert len(place.events()) == 1


def test_links_of_a_test_copy_say_so_and_change_nothing(place: Place) -> None:
    links = place.links
    for link in (
        links.unsubscribe(0),
        links.preferences(0),
        links.view(0),
        links.feedback(0, 1, "less"),
    ):
        page = place.client.get(place.path(link))
        assert (page.status_code, "This is a test copy" in page.text) == (200, True)
    one_click = {"content-type": "application/x-www-form-urlencoded"}
    answer = place.client.post(
        place.path(links.unsubscribe(0)), content="List-Unsubscribe=One-Click", headers=one_click
    )
    assert answer.status_code == 200
    assert place.events() == []


@pytest.fixture
def two(place: Place) -> Place:
    """The store has another newsletter, which everybody gets too."""
    with database.writing(place.engine) as session:
        own = {"title": "The Daily Brief", "schedule": "daily 07:30"}
        newsletters.add(session, place.settings, "daily", own, segment=None, now=place.moment[0])
    return place


def got(place: Place) -> dict[str, bool]:
    with database.reading(place.engine) as session:
        return subscriptions.of(session, records.find(session, WHO))


def test_of_two_newsletters_only_the_one_that_was_left_stops(two: Place) -> None:
    page = two.client.post(link(two))
    assert "You get no more issues of <em>The Weekly Brief</em>." in page.text
    assert "You still get <em>The Daily Brief</em>." in page.text
    assert (two.status(WHO), got(two)) == (Status.ACTIVE, {"weekly": False, "daily": True})
    assert "You are unsubscribed" in two.client.get(link(two)).text
    assert "Welcome back" in two.client.post(link(two), data={"action": "return"}).text
    assert got(two) == {"weekly": True, "daily": True}


def test_everything_can_be_stopped_at_once(two: Place) -> None:
    two.client.post(link(two))
    page = two.client.post(link(two), data={"action": "all"})
    assert "You still get" not in page.text
    assert two.status(WHO) == Status.UNSUBSCRIBED


def test_who_leaves_the_last_one_is_unsubscribed(two: Place) -> None:
    with database.writing(two.engine) as session:
        reader = records.find(session, WHO)
        subscriptions.leave(
            session,
            reader,
            "daily",
            audiences=(),
            source="preferences",
            now=two.moment[0],
            proof={},
        )
    answer = two.client.post(link(two), content="List-Unsubscribe=One-Click")
    assert answer.status_code == 200
    assert two.status(WHO) == Status.UNSUBSCRIBED
