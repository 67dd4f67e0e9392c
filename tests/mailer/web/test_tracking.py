"""Links of an issue: a person's click and word are learned from, a machine's are not."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mailer.issue import sponsors
from mailer.preview import reader_issues
from recommender.models import Base, Delivery, DeliveryState, Event, EventKind, Sponsor
from recommender.storage import database
from recommender.subscribers import records

from .conftest import Place

WHO = "hardware@example.com"


def urls(place: Place) -> list[str]:
    """Every link of the reader's issue, as paths."""
    issues = place.mail("weekly-2026-W48")
    (mail,) = [message for message in issues if message["To"] == WHO]
    body = mail.get_body(("html",))
    assert body is not None
    found = re.findall(r'href="([^"]+)"', body.get_content())
    # The sample was sent under the default address; only the path matters here.
    return [re.sub(r"^https://[^/]+", "", url) for url in dict.fromkeys(found)]


def state(place: Place) -> tuple[object, object]:
    with database.reading(place.engine) as session:
        found = reader_issues.next_picks(session, place.settings, WHO, now=place.moment[0])
        held = records.everything(session, records.find(session, WHO))
    return found["picks"], (held["topics"], held["status"], held["consent"])


def clicks(place: Place) -> list[str]:
    """Those that a reader sees; the trap stands before them."""
    return [url for url in urls(place) if url.startswith("/c/")][1:]


def test_a_click_leads_to_the_story_as_it_was_sent(place: Place) -> None:
    answer = place.client.get(clicks(place)[0])
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://")
    (event,) = place.events()
    assert (event.kind, event.verified) == (EventKind.CLICK, True)


def everything(place: Place) -> dict[str, list[tuple[object, ...]]]:
    """All tables, row by row, but for the raw log of what came back."""
    found = {}
    with place.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name != Event.__tablename__:
                rows = connection.execute(sa.select(table).order_by(*table.primary_key))
                found[table.name] = [tuple(row) for row in rows]
    return found


def test_a_scanner_that_follows_every_link_three_times_changes_nothing(place: Place) -> None:
    before, held = state(place), everything(place)
    for _ in range(3):
        for url in urls(place):
            for method in ("HEAD", "GET"):
                assert place.client.request(method, url).status_code in (200, 302, 404)
    assert not any(event.verified for event in place.events())
    assert {event.kind for event in place.events()} == {EventKind.CLICK}
    assert everything(place) == held
    assert state(place) == before
    assert place.mail() == []


def test_a_scanner_hours_later_that_hides_counts_no_click(place: Place) -> None:
    place.pass_time(hours=5)
    for url in clicks(place):
        place.client.get(url)
    assert not any(event.verified for event in place.events())


def test_a_scanner_that_takes_its_time_is_told_by_its_sweep(place: Place) -> None:
    place.pass_time(hours=5)
    for url in clicks(place):
        place.client.get(url)
        place.pass_time(seconds=15)
    assert len(place.events()) == 6
    assert not any(event.verified for event in place.events())


def test_who_follows_the_link_that_nobody_sees_counts_no_click(place: Place) -> None:
    place.pass_time(hours=5)
    trap, first = [url for url in urls(place) if url.startswith("/c/")][:2]
    place.client.get(first)
    assert [event.verified for event in place.events()] == [True]
    place.pass_time(minutes=3)
    answer = place.client.get(trap)
    assert (answer.status_code, answer.headers["location"]) == (302, "/archive")
    assert [event.verified for event in place.events()] == [False, False]
    place.pass_time(hours=1)  # a person, after the scanner of their mail server
    place.client.get(first)
    assert [event.verified for event in place.events()] == [False, False, True]


def test_the_trap_is_out_of_everybodys_way(place: Place) -> None:
    mail = next(m for m in place.mail("weekly-2026-W48") if m["To"] == WHO)
    html, text = (mail.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None
    assert text is not None
    (trap,) = re.findall(
        r'<div style="display:none[^>]*aria-hidden="true"><a [^>]*>', html.get_content()
    )
    assert 'tabindex="-1"' in trap
    address = re.findall(r'href="([^"]+)"', trap)[0]
    assert address not in text.get_content()


def test_without_tracking_a_mail_has_no_redirect_and_no_picture(place: Place) -> None:
    quiet = place.settings.replace(tracking=False)
    with database.reading(place.engine) as session:
        shown = reader_issues.next_issue(
            session, quiet, WHO, now=place.moment[0] + timedelta(days=7)
        )
    for part in (shown.html, shown.text):
        assert "/c/" not in part
    assert "<img" not in shown.html
    assert "https://" in shown.html


def test_a_person_who_opens_two_stories_counts_twice(place: Place) -> None:
    for url in clicks(place)[:2]:
        place.client.get(url)
        place.pass_time(minutes=2)
    assert [event.verified for event in place.events()] == [True, True]


@pytest.mark.parametrize("agent", ["", "python-requests/2.32", "Barracuda Sentinel (EE)"])
def test_programs_are_not_counted(place: Place, agent: str) -> None:
    assert place.client.get(clicks(place)[0], headers={"user-agent": agent}).status_code == 302
    assert not any(event.verified for event in place.events())


def test_right_after_delivery_nobody_reads_yet(place: Place) -> None:
    place.pass_time(minutes=-4, seconds=-50)
    place.client.get(clicks(place)[0])
    assert not any(event.verified for event in place.events())


def test_a_click_on_a_copy_in_doubt_shows_that_it_arrived(place: Place) -> None:
    with database.writing(place.engine) as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.IN_DOUBT))
    place.client.get(clicks(place)[0])
    assert [event.verified for event in place.events()] == [True]


def test_without_tracking_nothing_is_kept(place: Place) -> None:
    site = place.client.app.state.site  # type: ignore[attr-defined]  # an ASGI app to mypy
    object.__setattr__(site, "settings", place.settings.replace(tracking=False))
    assert place.client.get(clicks(place)[0]).status_code == 302
    assert place.events() == []


def test_more_and_less_are_asked_before_they_count(place: Place) -> None:
    more, less = [url for url in urls(place) if url.startswith("/f/")][:2]
    assert "More like this?" in place.client.get(more).text
    assert place.events() == []
    assert "You will see more" in place.client.post(more).text
    place.client.post(more)
    assert [event.kind for event in place.events()] == [EventKind.MORE]
    assert "You will see less" in place.client.post(less).text  # who changes their mind, is heard
    assert [event.kind for event in place.events()] == [EventKind.LESS]


def test_an_answer_changes_the_next_picks_at_once(place: Place) -> None:
    place.pass_time(days=7)
    before, _ = state(place)
    for url in [url for url in urls(place) if url.startswith("/f/")][1:6:2]:
        place.client.post(url)
    after, _ = state(place)
    assert after != before


def test_a_topic_can_be_left_out_for_good(place: Place) -> None:
    less = [url for url in urls(place) if url.startswith("/f/")][1]
    page = place.client.post(less).text
    topic = re.findall(r'name="topic" value="([^"]+)"', page)[0]
    assert topic in place.client.post(less, data={"topic": topic}).text
    with database.reading(place.engine) as session:
        assert records.document(records.find(session, WHO))["topics"][topic] == -2.0


def test_the_link_of_a_sponsor_leads_to_the_sponsor(place: Place) -> None:
    with database.writing(place.engine) as session:
        row = Sponsor(
            newsletter_id=1, name="Acme", text="x", url="https://acme.example/ä",
            first_day=place.moment[0].date(), made_by="a", made_at=place.moment[0],
        )  # fmt: skip
        session.add(row)
        session.flush()
        number = sponsors.FIRST + row.id
    delivery = place.delivery("founder@example.com").id
    link = place.path(place.links.click(delivery, number))
    answer = place.client.get(link, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "https://acme.example/%C3%A4")
    unknown = place.path(place.links.click(delivery, number + 1))
    assert place.client.get(unknown, follow_redirects=False).status_code == 404
