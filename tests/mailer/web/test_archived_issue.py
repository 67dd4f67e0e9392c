"""An edition on the web as anybody may read it."""

import re

import sqlalchemy as sa
from selectolax.lexbor import LexborHTMLParser

from mailer.issue.servings import LABELS
from mailer.web import archive
from recommender.models import Edition, EditionEdit, EditionEditKind
from recommender.storage import database

from .conftest import SENT_AT, Place


def _note(place: Place, text: str, segment: str | None) -> None:
    """What editors said of the edition before it went out."""
    with database.writing(place.engine) as session:
        row = session.scalars(sa.select(Edition)).one()
        session.add(
            EditionEdit(
                newsletter_id=row.newsletter_id, period=row.period, kind=EditionEditKind.NOTE,
                segment=segment, value=text, made_by="ines", made_at=SENT_AT,
            )
        )  # fmt: skip


def test_an_archived_issue_has_what_a_mail_has_and_nothing_of_a_reader(place: Place) -> None:
    _note(place, "Back from **Lisbon** with [findings](https://example.org/found).", None)
    _note(place, "For the chiefs alone.", "chiefs")
    text = place.client.get("/archive/weekly-2026-W48").text
    page = LexborHTMLParser(text)
    assert [node.text() for node in page.css(".editors strong")] == ["Lisbon"]
    assert "https://example.org/found" in text
    assert "chiefs" not in text
    assert re.search(r"2026\s·\s\d+ min read", page.css("main > p.hint")[0].text())
    articles = page.css("article")
    assert len(articles) == place.settings.picks
    lead, *rest = articles
    assert [node.text() for node in lead.css(".parts .kind")]
    with database.reading(place.engine) as session:
        edition = session.scalars(sa.select(Edition)).one()
        titled = {one.title: one for one in archive.most_sent(session, edition)}
    for article in articles:
        story = titled[article.css("h1, h2")[0].text().strip()]
        words = article.text()
        assert str(story.source) in words
        assert words.count(story.summary.partition(".")[0]) == 1
        assert [link.attributes["href"] for link in article.css("a")] == [story.link] * 2
        assert bool(article.css(".kind")) == any(getattr(story, name) for name in LABELS)
    assert [node.text() for node in rest[0].css(".kind")] == ["Key takeaway:"]
    others = [node.text().strip() for node in page.css(".plain li > span:first-child")]
    assert {*others, *(node.text().strip() for node in page.css("article h1, article h2"))} == {
        *titled
    }
    for words in ("You follow", "For your work", "More like this", "/f/", "/c/"):
        assert words not in text
    german = place.client.get("/archive/weekly-2026-W48?lang=de").text
    assert "Das Wichtigste" in german
    assert "Min. Lesezeit" in german
    assert '<h1 lang="en"' in german
