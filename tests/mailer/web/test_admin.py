"""The operators' pages: for who knows the password, and with the ledger's own numbers."""

import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from mailer.engagement import feedback
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Event,
    EventKind,
    Story,
)
from recommender.storage import database

from .conftest import PASSWORD, Place


def facts(text: str) -> dict[str, tuple[str, str]]:
    """The figures of an edition by what they are of: the percentage, and the numbers."""
    found = re.findall(r'<li><b>(.*?)</b> (.*?)<br><span class="hint">(.*?)</span>', text)
    return {label: (share, numbers) for share, label, numbers in found}


def test_without_a_password_there_are_no_such_pages(place: Place) -> None:
    assert place.client.get("/admin").status_code == 404
    assert place.client.get("/admin", auth=("operator", "")).status_code == 404


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !", "Basic Og==", "Bearer x", "Basic b3A6d3Jvbmc="]
)
@pytest.mark.parametrize("path", ["/admin", "/admin/weekly-2026-W48"])
def test_whoever_does_not_know_the_password_is_asked_for_it(
    open_place: Place, path: str, header: str
) -> None:
    answer = open_place.client.get(path, headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert "weekly-2026-W48" not in answer.text


def test_an_edition_shows_its_ledger_and_how_far_its_readers_went(open_place: Place) -> None:
    copy = open_place.delivery("hardware@example.com")
    with database.writing(open_place.engine) as session:
        delivery = session.get_one(Delivery, copy.id)
        for story in copy.story_ids[:2]:
            feedback.record_feedback(session, delivery, story, "more", open_place.moment[0])
    page = open_place.client.get("/admin/weekly-2026-W48", auth=("operator", PASSWORD))
    found = facts(page.text)
    assert (page.status_code, found["delivered"]) == (200, ("100%", "12 of 12 copies sent"))
    assert found["asked for more like one"] == ("8.3%", "1 of 12 delivered")
    assert "<h1>The Weekly Brief, 26 November 2026</h1>" in page.text
    assert "Sent on Tuesday, 24 November 2026, 09:00 (UTC)." in page.text
    assert "example.com" not in page.text.partition("<main")[2].partition("</main>")[0]


def test_the_best_read_story_comes_first_and_leads_to_its_page(open_place: Place) -> None:
    copy = open_place.delivery("hardware@example.com")
    with database.writing(open_place.engine) as session:
        event = Event(at=open_place.moment[0], kind=EventKind.CLICK, delivery_id=copy.id,
                      subscriber_id=copy.subscriber_id, story_id=copy.story_ids[-1])  # fmt: skip
        session.add(event)
        story = session.get_one(Story, copy.story_ids[-1])
        key = quote(f"{story.article.key}/{story.key}")
    page = open_place.client.get("/admin/weekly-2026-W48", auth=("operator", PASSWORD)).text
    first = page.partition("<h2>Stories</h2>")[2].partition("<tbody>")[2].partition("</tr>")[0]
    assert f"/admin/editing/story?newsletter=weekly&amp;id={key}" in first
    assert story.title in first


def test_looking_changes_nothing_and_nothing_can_be_sent(open_place: Place) -> None:
    def edition() -> object:
        with open_place.engine.connect() as connection:
            return connection.execute(sa.select(Edition.__table__)).all()

    before = edition()
    for path in ("/admin", "/admin/weekly-2026-W48"):
        assert open_place.client.post(path, auth=("", PASSWORD)).status_code == 405
        assert open_place.client.get(path, auth=("", PASSWORD)).status_code == 200
    assert open_place.client.get("/admin/nothing", auth=("", PASSWORD)).status_code == 404
    assert edition() == before


def test_an_edition_on_its_way_shows_how_far_it_got(open_place: Place) -> None:
    with database.writing(open_place.engine) as session:
        session.execute(sa.update(Edition).values(state=EditionState.SENDING, finished_at=None))
        last = session.scalar(sa.select(sa.func.max(Delivery.id)))
        session.execute(
            sa.update(Delivery).where(Delivery.id == last).values(state=DeliveryState.PLANNED)
        )
        copies = session.scalar(sa.select(sa.func.count()).select_from(Delivery)) or 0
    path = "/admin/weekly-2026-W48"
    page = open_place.client.get(path, auth=("", PASSWORD)).text
    assert f'<progress id="progress" max="{copies}" value="{copies - 1}">' in page
    assert "follow.js" in page
    assert "http-equiv" not in page
    page = open_place.client.get(f"{path}?reload=on", auth=("", PASSWORD)).text
    assert '<meta http-equiv="refresh" content="10">' in page


def test_an_edition_that_has_ended_is_still(open_place: Place) -> None:
    page = open_place.client.get("/admin/weekly-2026-W48?reload=on", auth=("", PASSWORD)).text
    assert "follow.js" not in page
    assert "http-equiv" not in page
