"""The editors' page: what they save is kept with who and when, and a preview saves nothing."""

import re

import pytest
import sqlalchemy as sa
from httpx2 import Response

from mailer.edition import edition_edits
from mailer.web import limits
from recommender.articles import edits
from recommender.articles.story_edits import UNEDITED
from recommender.models import (
    Article,
    Edition,
    EditionEdit,
    EditionEditKind,
    Newsletter,
    Story,
)
from recommender.settings.limits import Rate
from recommender.storage import database

from .conftest import PASSWORD, Place

WHO = ("ines", PASSWORD)
NEXT = "2026-W50"


def post(place: Place, **fields: str) -> Response:
    form = {"period": NEXT, "segment": "", "search": "", **fields}
    return place.client.post(
        "/admin/editing", data=form, auth=WHO, headers={"origin": place.settings.base_url},
        follow_redirects=False,
    )  # fmt: skip


def said(place: Place) -> edition_edits.EditionEdits:
    with database.reading(place.engine) as session:
        return edition_edits.current(session, "weekly", NEXT)


def test_a_note_and_a_subject_are_saved_with_who_said_so(open_place: Place) -> None:
    answer = post(open_place, action="save", subject="Chips", note="Back **again**")
    assert answer.status_code == 303
    assert (said(open_place).subject, dict(said(open_place).notes)) == (
        "Chips",
        {None: "Back **again**"},
    )
    with database.reading(open_place.engine) as session:
        assert set(session.scalars(sa.select(EditionEdit.made_by))) == {"ines"}
    page = open_place.client.get(answer.headers["location"], auth=WHO).text
    assert "Back **again**</textarea>" in page
    assert "Subject: Chips <span" in page
    assert post(open_place, action="save", subject="Chips", note="").status_code == 303
    assert (said(open_place).subject, dict(said(open_place).notes)) == ("Chips", {})


def test_a_preview_shows_what_is_written_and_saves_nothing(open_place: Place) -> None:
    answer = post(open_place, action="preview", subject="Draft", note="See [it](https://a.example)")
    assert answer.status_code == 200
    assert "[Test] Draft" in answer.text
    assert '<a href="https://a.example"' in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert (said(open_place).subject, dict(said(open_place).notes)) == ("", {})


def test_a_story_is_held_pinned_and_released(open_place: Place) -> None:
    with database.reading(open_place.engine) as session:
        story, article = session.execute(sa.select(Story, Article).join(Article)).all()[0]
        name, key = f"{article.key}/{story.key}", story.id
    assert post(open_place, action="pin", story=name).status_code == 303
    assert "pinned already, by ines on" in post(open_place, action="pin", story=name).text
    post(open_place, action="release", story=name)
    for action, words in (("hold", ["held"]), ("pin", ["held", f"pinned in weekly-{NEXT}"]),
                          ("unpin", [])):  # fmt: skip
        assert post(open_place, action=action, story=name).status_code == 303
        with database.reading(open_place.engine) as session:
            later = open_place.moment[0]
            found = edits.current(session, later).get(key, UNEDITED)
            assert list(found.words(later)) == words
    page = open_place.client.get("/admin/editing?search=zzzz", auth=WHO).text
    assert "There are no such stories." in page


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"action": "save", "note": "<!-- -->", "subject": "x" * 151}, "150 characters"),
        ({"action": "save", "note": "x" * 5_001}, "5,001 characters"),
        ({"action": "save", "note": "x", "segment": "gone"}, "choose again below"),
        ({"action": "hold", "story": "gone/gone"}, "No story"),
        ({"action": "what"}, "No story"),
        ({"action": "save", "note": "x", "period": "2026-W48"}, "choose the period"),
    ],
)
def test_what_cannot_be_saved_is_said_and_what_was_written_is_not_lost(
    open_place: Place, fields: dict[str, str], why: str
) -> None:
    answer = post(open_place, **fields)
    assert (answer.status_code, why in answer.text) == (400, True)
    if "note" in fields:
        assert fields["note"][:100].replace("<", "&lt;").replace(">", "&gt;") in answer.text


def test_only_who_knows_the_password_may_and_only_from_our_page(open_place: Place) -> None:
    assert open_place.client.get("/admin/editing").status_code == 401
    form = {"action": "save", "note": "x"}
    origin = {"origin": open_place.settings.base_url}
    assert open_place.client.post("/admin/editing", data=form, headers=origin).status_code == 401
    for auth, headers, status in (
        (("ines", "wrong"), origin, 401),
        (WHO, {"origin": "https://evil.example"}, 403),
    ):
        answer = open_place.client.post("/admin/editing", data=form, auth=auth, headers=headers)
        assert answer.status_code == status
    assert said(open_place).notes == {}


def test_a_pin_says_at_once_what_it_costs(open_place: Place) -> None:
    with database.reading(open_place.engine) as session:
        story, article = session.execute(sa.select(Story, Article).join(Article)).all()[0]
    answer = post(open_place, action="pin", story=f"{article.key}/{story.key}")
    page = open_place.client.get(answer.headers["location"], auth=WHO).text
    assert f"“{story.title}” is pinned: " in page
    assert re.search(r"readers? gets? it, \d did before", page)


def test_a_story_that_is_bound_has_a_badge_and_one_button(open_place: Place) -> None:
    with database.reading(open_place.engine) as session:
        story, article = session.execute(sa.select(Story, Article).join(Article)).all()[0]
        chosen = {"story": f"{article.key}/{story.key}", "search": story.title}

    def buttons() -> list[str]:
        asked = {"period": NEXT, "search": story.title}
        page = open_place.client.get("/admin/editing", params=asked, auth=WHO).text
        return re.findall(r'<button [^>]*aria-label="(\w+): ', page) + re.findall(
            r'class="badge strong">(\w+)', page
        )

    assert buttons() == ["Hold", "Pin"]
    for action, shown in (("pin", ["Unpin", "pinned"]), ("hold", ["Release", "pinned", "held"])):
        post(open_place, action=action, **chosen)
        assert sorted(buttons()) == sorted(shown)


def test_an_edition_that_is_sent_is_shown_as_it_went_out_and_has_no_buttons(
    open_place: Place,
) -> None:
    with database.writing(open_place.engine) as session:
        newsletter = session.scalars(sa.select(Newsletter)).one()
        edition_edits.make(
            session, newsletter, "2026-W49", EditionEditKind.NOTE, "Back **again** <b>",
            by="ines", now=open_place.moment[0],
        )  # fmt: skip
        session.execute(sa.update(Edition).values(period="2026-W49"))
    page = open_place.client.get("/admin/editing?period=2026-W49", auth=WHO).text
    assert "<p>Back <strong>again</strong> &lt;b&gt;</p>" in page
    assert not re.search(r'<button [^>]*value="(hold|pin|save)"', page)
    assert "/admin/weekly-2026-W49" in page


def test_operators_pages_have_a_bar_of_their_own_that_knows_what_one_may(
    open_place: Place,
) -> None:
    places = re.compile(r'<a href="(/admin[^"]*)"( aria-current="page")?>')
    for path in ("/admin", "/admin/editing", "/admin/editing/sponsors", "/admin/reader",
                 "/admin/audit"):  # fmt: skip
        page = open_place.client.get(path, auth=WHO).text
        bar = page.partition("</header>")[0]
        assert [address for address, here in places.findall(bar) if here] == [path]
        assert "Subscribe" not in page
    missing = open_place.client.get("/admin/weekly-2020-W01", auth=WHO)
    assert (missing.status_code, 'aria-label="Operators"' in missing.text) == (404, True)


def test_what_is_written_is_sent_as_a_test_and_not_saved(open_place: Place) -> None:
    answer = post(open_place, action="test", subject="Draft", note="Back **again**",
                  address="me@example.org")  # fmt: skip
    assert answer.status_code == 200
    assert "A test copy is on its way to me@example.org." in answer.text
    assert "Back **again**</textarea>" in answer.text
    [mail] = open_place.mail("test")
    assert (mail["to"], mail["subject"]) == ("me@example.org", "[Test] Draft")
    assert (said(open_place).subject, dict(said(open_place).notes)) == ("", {})
    log = open_place.client.get("/admin/audit", auth=WHO).text
    assert "Sent a test of " in log
    assert "me@example.org" not in log


def test_a_test_goes_to_an_address_and_not_too_often(
    open_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in ("", "nobody"):
        answer = post(open_place, action="test", subject="S", note="", address=wrong)
        assert (answer.status_code, "is no address" in answer.text) == (400, True)
        assert 'name="subject" value="S"' in answer.text
    monkeypatch.setattr(limits, "TESTS", Rate(3600, 1))
    codes = [post(open_place, action="test", address="me@example.org").status_code for _ in "ab"]
    assert codes == [200, 400]
    assert len(open_place.mail("test")) == 1
