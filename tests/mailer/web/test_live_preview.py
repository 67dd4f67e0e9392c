"""A choice is tried before it is saved."""

import pytest
import sqlalchemy as sa
from selectolax.lexbor import LexborHTMLParser

from mailer.preview import reader_issues
from recommender.models import Article, Status
from recommender.storage import database

from .conftest import WHO, Place, saved


def titles(page: str) -> list[str]:
    return [node.text() for node in LexborHTMLParser(page).css("ol.preview .title")]


def test_a_preview_follows_what_is_ticked_and_saves_nothing(place: Place, personal: str) -> None:
    before = saved(place)
    form = {"action": "preview", "level:Robotics Automation": "love", "roles": "CTO"}
    page = place.client.post(personal, data=form).text
    assert "Not saved yet" in page
    assert titles(page)
    tree = LexborHTMLParser(page)  # the page keeps what was ticked
    assert tree.css_first('input[name="level:Robotics Automation"][value="love"][checked]')
    assert tree.css_first('input[name="roles"][value="CTO"][checked]')
    form["level:Robotics Automation"] = "never"
    assert titles(place.client.post(personal, data=form).text) != titles(page)
    assert saved(place) == before


def test_the_part_for_the_script_is_the_same_list(place: Place, personal: str) -> None:
    form = {"action": "preview", "level:Robotics Automation": "love"}
    page = place.client.post(personal, data=form).text
    part = place.client.post(personal, data=form | {"part": "yes"}).text
    assert titles(part) == titles(page)
    assert "<html" not in part


def test_the_preview_of_saved_choices_is_the_next_issue(place: Place, personal: str) -> None:
    kept = saved(place)
    levels = {f"level:{name}": f"keep:{weight}" for name, weight in kept["topics"].items()}  # type: ignore[attr-defined]  # a dict
    form = {"action": "preview", "part": "yes", "roles": kept["roles"], **levels}
    with database.reading(place.engine) as session:
        picks = reader_issues.next_picks(session, place.settings, WHO, now=place.moment[0])["picks"]
    assert titles(place.client.post(personal, data=form).text) == [pick["title"] for pick in picks]


def test_a_stranger_sees_what_a_first_issue_would_hold_and_is_not_kept(place: Place) -> None:
    place.client.post("/subscribe", data={"email": "new@example.org"})
    link = place.link("confirm")
    form = {"action": "preview", "topics": ["AI Strategy"], "name": "Ada"}
    page = place.client.post(link, data=form)
    assert page.status_code == 200
    assert titles(page.text)
    tree = LexborHTMLParser(page.text)
    assert tree.css_first('input[value="AI Strategy"][checked]')
    assert tree.css_first('input[name=name][value="Ada"]')
    assert place.status("new@example.org") == Status.PENDING


def test_too_many_previews_are_refused(
    place: Place, personal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mailer.web import limits
    from recommender.settings.limits import Rate

    monkeypatch.setattr(limits, "LOOKS", Rate(3600, 2))
    form = {"action": "preview", "part": "yes"}
    answers = [place.client.post(personal, data=form).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_a_reason_is_said_once(place: Place, personal: str) -> None:
    form = {"action": "preview", "part": "yes"}
    page = place.client.post(personal, data=form).text
    with database.reading(place.engine) as session:
        sources = set(session.scalars(sa.select(Article.source)))
    hints = [node.text() for node in LexborHTMLParser(page).css("br + .hint")]
    reasons = [hint for hint in hints if hint not in sources]
    assert len(titles(page)) > 1
    assert reasons
    assert len(reasons) == len(set(reasons))
