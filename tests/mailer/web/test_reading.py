"""Issues on the web: the reader's own as it was mailed, the archive without anybody's name."""

import feedparser

from .conftest import Place

WHO = "hardware@example.com"


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


def test_operators_see_that_it_is_well(place: Place) -> None:
    assert place.client.get("/healthz").text == "ok\n"
    assert place.client.get("/readyz").json() == {"ready": True, "reasons": []}
    found = place.client.get("/metrics").text
    assert 'newsletter_deliveries{edition="weekly-2026-W48",state="sent"} 12.0' in found
    assert "@" not in found
