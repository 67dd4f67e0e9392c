"""Issues on the web: the reader's own as it was mailed, the archive without anybody's name."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import feedparser
import sqlalchemy as sa
from selectolax.lexbor import LexborHTMLParser

from mailer.delivery import campaign
from mailer.web import archive
from recommender import newsletters
from recommender.models import Base, Delivery, Edition, EditionStory, TemplateVersion
from recommender.storage import database

from .conftest import SENT_AT, Place

WHO = "hardware@example.com"
Row = TypeVar("Row", bound=Base)


def test_the_web_version_is_the_issue_that_was_mailed(place: Place) -> None:
    page = place.client.get(place.path(place.links.view(place.delivery(WHO).id)))
    (mail,) = [one for one in place.mail("weekly-2026-W48") if one["To"] == WHO]
    body = mail.get_body(("html",))
    assert body is not None
    mailed = body.get_content().replace("https://newsletter.example.org", place.settings.base_url)
    assert page.text.split() == mailed.split()
    assert "noindex" in page.headers["x-robots-tag"]
    assert "script" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_the_archive_names_no_reader(place: Place) -> None:
    listing = place.client.get("/archive")
    assert "/archive/weekly-2026-W48" in listing.text
    page = place.client.get("/archive/weekly-2026-W48")
    assert page.text.count("<article") > 3
    assert "@" not in page.text
    assert place.client.get("/archive/weekly-2031-W01").status_code == 404


def test_the_archive_has_a_feed(place: Place) -> None:
    answer = place.client.get("/archive/feed.xml")
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert answer.headers["content-type"].startswith("application/atom+xml")
    (entry,) = feed.entries
    assert entry.link == "https://news.example.org/archive/weekly-2026-W48"
    assert entry.updated_parsed
    tag = answer.headers["etag"]
    again = place.client.get("/archive/feed.xml", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_template_changed_in_the_store_is_not_run_and_the_page_says_so(
    place: Place, tmp_path: Path
) -> None:
    mark = tmp_path / "executed"
    hostile = "{{ cycler.__init__.__globals__.os.popen('touch " + str(mark) + "').read() }}"
    view = place.path(place.links.view(place.delivery(WHO).id))
    with database.writing(place.engine) as session:
        session.execute(sa.update(TemplateVersion).values(html=hostile))
    page = place.client.get(view)
    assert page.status_code == 410
    assert "This issue cannot be shown" in page.text
    assert not mark.exists()


def test_a_sender_refuses_a_template_changed_in_the_store_in_one_line(
    place: Place, tmp_path: Path
) -> None:
    mark = tmp_path / "executed"
    later = SENT_AT + timedelta(weeks=1)
    edition = campaign.plan(place.engine, place.settings, period="2026-W49", now=later)
    hostile = "{{ cycler.__init__.__globals__.os.popen('touch " + str(mark) + "').read() }}"
    with database.writing(place.engine) as session:
        session.execute(sa.update(TemplateVersion).values(text=hostile))
    summary = campaign.send(
        *(place.engine, place.settings),
        edition_id=edition,
        clock=lambda: later,
        stop=threading.Event(),
        at_local_time=False,
    )
    assert summary.sent == 0
    assert summary.trouble is not None
    assert "was changed in the store" in summary.trouble
    assert "\n" not in summary.trouble
    assert not mark.exists()


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
    assert len(first.css(".issues li")) == 52
    assert not first.css("[rel=prev]")
    assert {node.attributes["href"] for node in first.css("[rel=next]")} == {"/archive?page=2"}
    answer = place.client.get("/archive?page=2")
    second = LexborHTMLParser(answer.text)
    assert len(second.css(".issues li")) == 9
    assert not second.css("[rel=next]")
    assert {node.attributes["href"] for node in second.css("[rel=prev]")} == {"/archive"}
    names = [node.attributes["href"] for page in (first, second) for node in page.css("h2 a")]
    assert len(set(names)) == 61
    assert "Café number 60" in place.client.get(str(names[-1])).text
    assert answer.headers["cache-control"] == "public, max-age=300"
    tag = {"if-none-match": answer.headers["etag"]}
    assert place.client.get("/archive?page=2", headers=tag).status_code == 304
    german = place.client.get("/archive?lang=de").text
    assert 'href="/archive?page=2&amp;lang=de">Ältere Ausgaben' in german
    assert 'href="?page=2&amp;lang=de"' in answer.text


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
    assert len(found(place, q="cafe")) == 52
    assert len(found(place, q="cafe", page="2")) == 8
    assert place.client.get("/archive?q=cafe&page=3").status_code == 404
    assert found(place, q="afe") == []
    assert len(found(place, q="  ")) == 52
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
        assert '<a class="next" href="/archive">All editions</a>' in answer.text
        assert "<b>" not in answer.text
        assert len(answer.text) < 10_000
    german = place.client.get("/archive?q=zebra&lang=de").text
    assert "Nichts gefunden für „zebra“." in german
    assert '<a class="next" href="/archive?lang=de">' in german
