"""The page of one story: what is saved there is kept with who and when, and a preview saves
nothing."""

from collections.abc import Mapping

import pytest
import sqlalchemy as sa
from httpx2 import Response

from recommender.articles import edits
from recommender.models import Article, Edit, Story
from recommender.storage import database

from .conftest import PASSWORD, Place

WHO = ("ines", PASSWORD)
PAGE = "/admin/editing/story"


@pytest.fixture
def story(open_place: Place) -> str:
    with database.reading(open_place.engine) as session:
        row, article = session.execute(sa.select(Story, Article).join(Article)).all()[0]
        return f"{article.key}/{row.key}"


def post(place: Place, story: str, **fields: str) -> Response:
    empty = dict.fromkeys(("title", "topics", "roles", "url", "not_before", "not_after"), "")
    return place.client.post(
        PAGE, data={"id": story, "action": "save", **empty, **fields}, auth=WHO,
        headers={"origin": place.settings.base_url}, follow_redirects=False,
    )  # fmt: skip


def said(place: Place, story: str) -> Mapping[str, object]:
    with database.reading(place.engine) as session:
        now = place.moment[0]
        row = edits.find(session, story)
        found = edits.current(session, now).get(row.id, edits.StoryEdits())
        return {"words": list(found.words(now)), "title": found.title, "topics": found.topics}


def test_what_is_changed_is_saved_with_who_said_so_and_an_empty_field_takes_it_back(
    open_place: Place, story: str
) -> None:
    given = {"title": "Light between chips", "topics": "Chip Design, AI Strategy"}
    assert post(open_place, story, **given, not_after="2031-01-31").status_code == 303
    assert said(open_place, story)["title"] == "Light between chips"
    assert said(open_place, story)["topics"] == ["Chip Design", "AI Strategy"]
    page = open_place.client.get(PAGE, params={"id": story}, auth=WHO).text
    for shown in ('value="Light between chips"', 'value="2031-01-31T', "ines: title"):
        assert shown in page
    with database.reading(open_place.engine) as session:
        assert session.scalar(sa.select(sa.func.count(Edit.id))) == 3
    assert post(open_place, story, topics="Chip Design, AI Strategy").status_code == 303
    assert said(open_place, story) == {
        "words": ["topics: Chip Design, AI Strategy"],
        "title": None,
        "topics": ["Chip Design", "AI Strategy"],
    }


def test_a_preview_leads_with_the_story_as_it_is_written_and_saves_nothing(
    open_place: Place, story: str
) -> None:
    answer = post(open_place, story, action="preview", title="Draft <b>", url="https://o.example/")
    assert (answer.status_code, "script-src" in answer.headers["content-security-policy"]) == (
        200,
        False,
    )
    assert "Draft &lt;b&gt;" in answer.text
    assert 'href="https://o.example/"' in answer.text
    assert said(open_place, story)["words"] == []


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"url": "javascript:alert(1)"}, "Link: "),
        ({"not_before": "soon"}, "Not before: &#39;soon&#39; is no date"),
        ({"not_after": "2020-01-01"}, "Not after: 2020-01-01 23:59 is past"),
        ({"title": "x" * 1_900}, "Title: is 1900 characters long"),
    ],
)
def test_what_cannot_be_said_is_named_and_what_was_written_is_not_lost(
    open_place: Place, story: str, fields: dict[str, str], why: str
) -> None:
    answer = post(open_place, story, **fields)
    assert (answer.status_code, why in answer.text) == (400, True)
    assert f'value="{next(iter(fields.values()))}"' in answer.text
    assert said(open_place, story)["words"] == []


def test_a_story_there_is_none_of_is_not_found_and_nobody_else_gets_in(
    open_place: Place, story: str
) -> None:
    assert open_place.client.get(PAGE, params={"id": "no/no"}, auth=WHO).status_code == 404
    assert post(open_place, "no/no").status_code == 404
    assert open_place.client.get(PAGE, params={"id": story}).status_code == 401
    foreign = {"origin": "https://evil.example"}
    form = {"id": story, "title": "x"}
    answer = open_place.client.post(PAGE, data=form, auth=WHO, headers=foreign)
    assert answer.status_code == 403
