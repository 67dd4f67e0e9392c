"""The editors' pages are about one newsletter and one edition: the next that can be changed."""

import sqlalchemy as sa

from recommender import newsletters
from recommender.articles import edits
from recommender.models import Article, Story
from recommender.storage import database

from .conftest import Place
from .test_editing import WHO, post


def test_it_opens_on_the_next_edition_that_can_be_changed(open_place: Place) -> None:
    """The edition of this week, 2026-W48, is sent."""
    page = open_place.client.get("/admin/editing", auth=WHO).text
    assert "<h1>The Weekly Brief, 3 December 2026</h1>" in page
    assert "Not planned yet; it goes out on Thursday, 3 December 2026, 08:00" in page
    assert "(next)</option>" in page
    sent = open_place.client.get("/admin/editing?period=2026-W48", auth=WHO).text
    assert "Sent to 12 of 12 readers; what its copies say stays as it is." in sent
    assert '<textarea id="note"' not in sent
    for wrong in ("--", "`"):
        assert wrong not in post(open_place, action="save", note="x", period="2026-W48").text


def test_what_is_said_of_one_newsletter_is_said_of_no_other(open_place: Place) -> None:
    with database.writing(open_place.engine) as session:
        own = {"title": "For chiefs", "schedule": "friday 09:00"}
        newsletters.add(
            session, open_place.settings, "chiefs", own, segment=None, now=open_place.moment[0]
        )
        story, article = session.execute(sa.select(Story, Article).join(Article)).all()[0]
        name, key = f"{article.key}/{story.key}", story.id
    page = open_place.client.get("/admin/editing?newsletter=chiefs", auth=WHO).text
    assert "Editing · chiefs-2026-W48" in page  # of which none is sent
    assert '<option value="chiefs" selected>For chiefs</option>' in page
    theirs = {"newsletter": "chiefs", "period": "2026-W49"}
    assert post(open_place, action="save", note="To chiefs", **theirs).status_code == 303
    assert post(open_place, action="pin", story=name, **theirs).status_code == 303
    asked = {"period": "2026-W49", "search": story.title}
    ours = open_place.client.get("/admin/editing", params=asked, auth=WHO).text
    assert "To chiefs" not in ours
    assert "pinned in chiefs-2026-W49" in ours
    with database.reading(open_place.engine) as session:
        held = edits.current(session, open_place.moment[0])[key]
        assert held.pinned("chiefs", "2026-W49")
        assert not held.pinned("weekly", "2026-W49")
