"""Issues on the web: the reader's own as it was mailed, the archive without anybody's name."""

import re
import threading
from datetime import timedelta
from typing import TypeVar

import feedparser
import sqlalchemy as sa
from selectolax.lexbor import LexborHTMLParser

from mailer.delivery import campaign
from mailer.issue.plaintext import dotted
from mailer.web import archive
from recommender import newsletters
from recommender.models import Base, Delivery, Edition, EditionStory
from recommender.storage import database

from .conftest import SENT_AT, Place

WHO = "hardware@example.com"
Row = TypeVar("Row", bound=Base)


def test_the_archive_names_no_reader(place: Place) -> None:
    listing = place.client.get("/archive")
    assert "/archive/weekly-2026-W48" in listing.text
    page = place.client.get("/archive/weekly-2026-W48")
    assert page.text.count("<article") > 3
    assert "@" not in page.text
    assert "chosen most often" in page.text
    assert place.client.get("/archive/weekly-2031-W01").status_code == 404


def test_the_archive_has_a_feed(place: Place) -> None:
    answer = place.client.get("/archive/feed.xml")
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert answer.headers["content-type"].startswith("application/atom+xml")
    (entry,) = feed.entries
    assert entry.link == "https://news.example.org/archive/weekly-2026-W48"
    assert entry.updated_parsed
    content = LexborHTMLParser(entry.content[0].value)
    page = LexborHTMLParser(place.client.get("/archive/weekly-2026-W48").text)
    for parts in ("h1", "article h2", "article p", ".more li"):
        assert [one.text() for one in content.css(parts)] == [one.text() for one in page.css(parts)]
    tag = answer.headers["etag"]
    again = place.client.get("/archive/feed.xml", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_every_newsletter_has_its_own_archive(place: Place) -> None:
    settings = place.settings
    with database.writing(place.engine) as session:
        own = {"title": "The Daily Brief", "schedule": "daily 07:30", "picks": 2}
        row = newsletters.add(session, settings, "daily", own, segment=None, now=SENT_AT)
        theirs = newsletters.of(settings, row)
    edition = campaign.plan(place.engine, theirs, period="2026-11-24", now=SENT_AT)
    campaign.send(
        place.engine, theirs, edition_id=edition, clock=lambda: SENT_AT, stop=threading.Event(),
        at_local_time=False,
    )  # fmt: skip
    first = place.client.get("/archive").text
    assert "/archive/daily-" not in first
    assert '<a href="/archive/daily">The Daily Brief</a>' in first
    listing = place.client.get("/archive/daily").text
    assert "/archive/daily-2026-11-24" in listing
    page = place.client.get("/archive/daily-2026-11-24").text
    assert "24 November 2026" in page
    assert "The Daily Brief" in page


def test_the_archive_and_the_mail_name_the_same_day(place: Place) -> None:
    """The edition of Thursday, 2026-11-26, was sent two days earlier."""
    delivery = place.delivery("founder@example.com")
    issue = place.client.get(place.path(place.links.view(delivery.id))).text
    assert "Thursday, 26 November 2026" in issue
    for page in ("/archive", "/archive/weekly-2026-W48"):
        text = place.client.get(page).text
        assert ("26 November 2026" in text, "24 November 2026" in text) == (True, False)
    at_the_top = dotted("Week 48", "Thursday, 26 November 2026")
    assert at_the_top in issue
    assert at_the_top in text


def test_an_archived_edition_is_headed_as_the_archive_lists_it_and_names_each_story_once(
    place: Place,
) -> None:
    listed = LexborHTMLParser(place.client.get("/archive").text).css(".issues h2")
    page = LexborHTMLParser(place.client.get("/archive/weekly-2026-W48").text)
    [heading] = page.css("h1")
    assert heading.text().strip() == listed[0].text().strip()
    titles = [node.text().strip() for node in page.css("h1, article h2")]
    assert len(titles) == len(set(titles)) > 1


def filled(place: Place, number: int) -> None:
    """So many more editions that went out, of the weeks before, each with a lead of its own."""
    with database.writing(place.engine) as session:
        edition = session.scalars(sa.select(Edition)).one()
        copy = session.scalars(sa.select(Delivery).order_by(Delivery.id).limit(1)).one()
        story = session.get_one(EditionStory, (edition.id, copy.story_ids[0]))
        for at in range(1, number + 1):
            week = (SENT_AT - timedelta(weeks=at)).strftime("%G-W%V")
            row = _again(Edition, edition, period=week)
            session.add(row)
            session.flush()
            content = {**story.content, "title": f"Café number {at}"}
            session.add(_again(Delivery, copy, edition_id=row.id))
            session.add(_again(EditionStory, story, edition_id=row.id, content=content))


def _again(kind: type[Row], row: Row, **other: object) -> Row:
    """A row like another."""
    names = [column.key for column in kind.__mapper__.column_attrs if column.key != "id"]
    return kind(**{name: getattr(row, name) for name in names} | other)


def test_older_editions_are_on_further_pages_and_each_can_be_read(place: Place) -> None:
    filled(place, 60)
    first = LexborHTMLParser(place.client.get("/archive").text)
    assert len(first.css(".issues li")) == archive.LISTED == 24
    assert not first.css("[rel=prev]")
    assert {node.attributes["href"] for node in first.css("[rel=next]")} == {"/archive?page=2"}
    answer = place.client.get("/archive?page=2")
    second = LexborHTMLParser(answer.text)
    third = LexborHTMLParser(place.client.get("/archive?page=3").text)
    assert len(third.css(".issues li")) == 61 - 2 * 24
    assert not third.css("[rel=next]")
    assert {node.attributes["href"] for node in second.css("[rel=prev]")} == {"/archive"}
    shown = (first, second, third)
    names = [node.attributes["href"] for page in shown for node in page.css("h2 a")]
    assert len(set(names)) == 61
    assert "Café number 60" in place.client.get(str(names[-1])).text
    assert answer.headers["cache-control"] == "public, max-age=300"
    tag = {"if-none-match": answer.headers["etag"]}
    assert place.client.get("/archive?page=2", headers=tag).status_code == 304
    german = place.client.get("/archive?lang=de").text
    assert 'href="/archive?page=2&amp;lang=de">Ältere Ausgaben' in german
    assert 'href="?page=2&amp;lang=de"' in answer.text


def test_an_edition_leads_to_those_beside_it_with_their_days_and_titles(place: Place) -> None:
    filled(place, 3)
    with database.reading(place.engine) as session:
        periods = session.scalars(sa.select(Edition.period).order_by(Edition.period.desc())).all()
    for at, period in enumerate(periods):
        page = LexborHTMLParser(place.client.get(f"/archive/weekly-{period}").text)
        found = {
            link.attributes["rel"]: (link.attributes["href"] or "").rpartition("weekly-")[2]
            for link in page.css("nav.pager a")
        }
        beside = {"prev": periods[at - 1]} if at else {}
        beside |= {"next": periods[at + 1]} if at + 1 < len(periods) else {}
        assert found == beside
        assert all(re.search(r" \d{4}", link.text()) for link in page.css("nav.pager a"))


def test_the_latest_edition_has_an_address_of_its_own(place: Place) -> None:
    filled(place, 2)
    answer = place.client.get("/latest?lang=de", follow_redirects=False)
    with database.writing(place.engine) as session:
        newest = session.scalars(sa.select(Edition.period).order_by(Edition.period.desc())).first()
        assert answer.headers["location"] == f"/archive/weekly-{newest}?lang=de"
        session.execute(sa.delete(Edition))
    assert place.client.get("/latest", follow_redirects=False).headers["location"] == "/archive"


def test_there_is_no_page_past_the_last_one(place: Place) -> None:
    assert place.client.get("/archive?page=1").status_code == 200
    assert "rel=" not in place.client.get("/archive").text.partition("<h1>")[2]
    for number in ("2", "9999", "99999999999999999999", "0", "-1", "1.5", "x", "", "²"):
        assert place.client.get("/archive", params={"page": number}).status_code == 404


def found(place: Place, **asked: str) -> list[str]:
    page = LexborHTMLParser(place.client.get("/archive", params=asked).text)
    return [node.text().strip() for node in page.css(".issues h2")]


def test_the_archive_is_searched_for_all_words_whatever_their_case_and_accents(
    place: Place,
) -> None:
    filled(place, 60)
    assert found(place, q="CAFE 7") == ["Café number 7"]
    assert found(place, q="café num 12") == ["Café number 12"]
    assert len(found(place, q="cafe")) == 24
    assert len(found(place, q="cafe", page="3")) == 60 - 2 * 24
    assert place.client.get("/archive?q=cafe&page=4").status_code == 404
    assert found(place, q="afe") == []
    assert len(found(place, q="  ")) == 24
    page = place.client.get("/archive?q=caf%C3%A9").text
    assert '<meta name="robots" content="noindex">' in page
    assert 'href="/archive?q=caf%C3%A9&amp;page=2"' in page
    assert 'href="?q=caf%C3%A9&amp;lang=de"' in page
    assert '<meta name="robots" content="index">' in place.client.get("/archive").text


def test_an_edition_is_found_by_each_of_its_stories_which_is_named(place: Place) -> None:
    stories = LexborHTMLParser(place.client.get("/archive/weekly-2026-W48").text).css("article h2")
    title = stories[-1].text().strip()
    page = LexborHTMLParser(place.client.get("/archive", params={"q": title}).text)
    assert len(page.css(".issues li")) == 1
    assert (
        title in [node.text().strip() for node in page.css(".issues .hint")]
        or len(page.css(".issues .hint")) == 1 + archive.FOUND
    )


def test_who_finds_nothing_is_told_so_and_shown_the_way_back(place: Place) -> None:
    for words in ("zebra%s <b>", "++", "zebra" * 1_000, "\0\ud7ff"):
        answer = place.client.get("/archive", params={"q": words})
        assert answer.status_code == 200
        assert "Nothing found for “" in answer.text
        assert '<a class="next" href="/archive">All issues</a>' in answer.text
        assert "<b>" not in answer.text
        assert len(answer.text) < 10_000
    german = place.client.get("/archive?q=zebra&lang=de").text
    assert "Nichts gefunden für „zebra“." in german
    assert '<a class="next" href="/archive?lang=de">' in german
