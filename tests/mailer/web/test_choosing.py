"""What readers can choose is found as they type, tried before it is saved, and kept as stated."""

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailer.preview import reader_issues
from recommender.storage import database
from recommender.subscribers import records

from .conftest import Place

WHO = "founder@example.com"


@pytest.fixture
def personal(place: Place) -> str:
    """The path of the reader's own link, as the mail brings it."""
    place.client.post(place.path(place.links.preferences(place.delivery(WHO).id)))
    return place.link("preferences")


def saved(place: Place) -> dict[str, object]:
    with database.reading(place.engine) as session:
        return records.document(records.find(session, WHO))


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
    form = {"action": "preview", "email": "not yet", "topics": ["AI Strategy"], "name": "Ada"}
    page = place.client.post("/subscribe", data=form)
    assert page.status_code == 200
    assert titles(page.text)
    tree = LexborHTMLParser(page.text)
    assert tree.css_first('input[value="AI Strategy"][checked]')
    assert tree.css_first('input[name=email][value="not yet"]')
    assert place.mail() == []


def test_too_many_previews_are_refused(
    place: Place, personal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mailer.web import limits
    from recommender.settings.limits import Rate

    monkeypatch.setattr(limits, "LOOKS", Rate(3600, 2))
    form = {"action": "preview", "part": "yes"}
    answers = [place.client.post(personal, data=form).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("/vocabulary/topic?q=kube", "Kubernetes"),
        ("/vocabulary/topic?q=K8s", "Kubernetes"),
        ("/vocabulary/role?q=cto", "CTO"),
        ("/vocabulary/topic?q=automation", "Robotics Automation"),
    ],
)
def test_topics_and_roles_are_found_by_the_beginning_of_a_name_or_alias(
    place: Place, path: str, first: str
) -> None:
    found = place.client.get(path).json()["found"]
    assert first in [one["name"] for one in found]
    assert len(found) <= 8
    assert all(set(one) == {"name", "definition"} for one in found)


@pytest.mark.parametrize(
    "path",
    ["/vocabulary/topic", "/vocabulary/topic?q=%00%ff", "/vocabulary/topic?q=" + "x" * 5_000],
)
def test_a_search_for_nothing_finds_nothing(place: Place, path: str) -> None:
    assert place.client.get(path).json() == {"found": []}
    assert place.client.get("/vocabulary/secret?q=a").status_code == 404


def test_day_hour_and_frequency_are_kept_and_the_page_says_when(
    place: Place, personal: str
) -> None:
    form = {"frequency": "fortnightly", "day": "monday", "hour": "7", "timezone": "Asia/Tokyo"}
    page = place.client.post(personal, data=form).text
    kept = saved(place)
    assert (kept["frequency"], kept["day"], kept["hour"]) == ("fortnightly", "monday", 7)
    # The issue of week 48 was sent on the 24th; fortnightly, so week 50, out on 10 December.
    said = re.search(r"Your next issue comes on ([^.]*)\.", page)
    assert said is not None
    assert said[1] == "Monday, 14 December 2026 at 07:00 (Asia/Tokyo)"
    page = place.client.post(personal, data={"frequency": "weekly"}).text
    assert (saved(place)["day"], saved(place)["hour"]) == (None, None)
    assert "Thursday, 3 December 2026 at 08:00 (UTC)" in page


@pytest.mark.parametrize(
    "wrong", [{"day": "someday"}, {"hour": "25"}, {"frequency": "hourly"}, {"more_topics": "Zorp"}]
)
def test_what_cannot_be_is_named_and_what_was_filled_in_stays(
    place: Place, personal: str, wrong: dict[str, str]
) -> None:
    before = saved(place)
    page = place.client.post(personal, data={"name": "Somebody", **wrong})
    assert page.status_code == 400
    assert "Not saved" in page.text
    assert saved(place) == before
    if "more_topics" in wrong:
        assert 'value="Somebody"' in page.text
