"""The page of one story: what is saved there is kept with who and when, and a preview saves
nothing."""

import html
import re
from collections.abc import Mapping

import pytest
import sqlalchemy as sa
from httpx2 import Response

from recommender.articles import edits
from recommender.articles.story_edits import StoryEdits
from recommender.models import Article, Edit, EditKind, Story
from recommender.storage import database
from recommender.story_text import Image

from .conftest import PASSWORD, Place

WHO = ("ines", PASSWORD)
PAGE = "/admin/editing/story"


@pytest.fixture
def story(open_place: Place) -> str:
    with database.reading(open_place.engine) as session:
        row, article = session.execute(sa.select(Story, Article).join(Article)).all()[0]
        return f"{article.key}/{row.key}"


def post(place: Place, story: str, **fields: str) -> Response:
    empty = dict.fromkeys((kind.value for kind in EditKind), "")
    return place.client.post(
        PAGE, data={**empty, "action": "save", **fields, "id": story}, auth=WHO,
        headers={"origin": place.settings.base_url}, follow_redirects=False,
    )  # fmt: skip


def said(place: Place, story: str) -> Mapping[str, object]:
    with database.reading(place.engine) as session:
        now = place.moment[0]
        row = edits.find(session, story)
        found = edits.current(session, now).get(row.id, StoryEdits())
        return {"words": list(found.words(now)), "title": found.title, "topics": found.topics}


def test_what_is_changed_is_saved_with_who_said_so_and_an_empty_field_takes_it_back(
    open_place: Place, story: str
) -> None:
    given = {"title": "Light between chips", "topics": "Chip Design, AI Strategy"}
    assert post(open_place, story, **given, not_after="2031-01-31").status_code == 303
    assert said(open_place, story)["title"] == "Light between chips"
    assert said(open_place, story)["topics"] == ["Chip Design", "AI Strategy"]
    page = open_place.client.get(PAGE, params={"id": story}, auth=WHO).text
    for shown in (
        'value="Light between chips"',
        'value="2031-01-31T',
        "<strong>ines</strong>",
        "<ins>Light between chips</ins>",
    ):
        assert shown in page
    with database.reading(open_place.engine) as session:
        assert session.scalar(sa.select(sa.func.count(Edit.id))) == 3
    assert post(open_place, story, topics="Chip Design, AI Strategy").status_code == 303
    assert said(open_place, story) == {
        "words": ["topics: Chip Design, AI Strategy"],
        "title": None,
        "topics": ["Chip Design", "AI Strategy"],
    }


def form_of(page: str) -> dict[str, str]:
    """What a browser sends of the page as it is."""
    inputs = re.findall(r'<input [^>]*?name="([^"]+)"[^>]*? value="([^"]*)"', page)
    areas = re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>', page)
    return {name: html.unescape(value) for name, value in (*inputs, *areas)}


def test_every_field_has_what_copies_say_now_and_only_what_is_changed_becomes_an_edit(
    open_place: Place, story: str
) -> None:
    page = open_place.client.get(PAGE, params={"id": story}, auth=WHO).text
    form = form_of(page)
    with database.reading(open_place.engine) as session:
        row = edits.find(session, story)
        assert form["title"] == row.title
        assert form["takeaway"] == row.takeaway
        assert form["insights"].splitlines() == row.insights
        before, first = row.takeaway, row.insights[0]
    assert "Nobody has changed it." in page
    assert post(open_place, **form | {"story": story}).status_code == 303
    assert said(open_place, story)["words"] == []
    form |= {
        "takeaway": "Ask who is harmed.",
        "insights": f"- Ours\r\n{first}",
        "practice": "none",
        "image": "https://o.example/a.png",
        "image_alt": "A scale",
    }
    assert post(open_place, **form | {"story": story}).status_code == 303
    with database.reading(open_place.engine) as session:
        row = edits.find(session, story)
        assert edits.current(session, open_place.moment[0])[row.id].parts == {
            "takeaway": "Ask who is harmed.",
            "insights": ("Ours", first),
            "practice": (),
            "image": Image("https://o.example/a.png", "A scale"),
        }
    page = open_place.client.get(PAGE, params={"id": story}, auth=WHO).text
    assert f"<del>{html.escape(before)[:60]}" in page
    assert "<ins>Ask who is harmed.</ins>" in page
    assert form_of(page)["practice"] == "none"
    back = post(open_place, **form_of(page) | {"story": story, "takeaway": "", "practice": ""})
    assert back.status_code == 303
    assert said(open_place, story)["words"] == ["insights edited", "image edited"]


def test_a_field_that_another_editor_changed_meanwhile_is_left_as_they_wrote_it(
    open_place: Place, story: str
) -> None:
    form = form_of(open_place.client.get(PAGE, params={"id": story}, auth=WHO).text)
    post(open_place, story, title="Theirs")
    post(open_place, **form | {"story": story, "summary": "Ours."})
    assert said(open_place, story)["words"] == ["title: Theirs", "summary edited"]


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
