"""``newsletter stories``: an editor's word, as an editor gives it."""

import json

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.models import Delivery, Subscriber
from recommender.storage import database

from .conftest import Run


@pytest.fixture
def story(newsletter: Run) -> str:
    status, out, _ = newsletter("stories", "list", "--search", "optical", "--json")
    assert status == 0
    return str(json.loads(out)["stories"][0]["id"])


def lead(newsletter: Run, reader: str = "hardware@example.com") -> dict[str, str]:
    _, out, _ = newsletter("picks", reader, "--json")
    picks: list[dict[str, str]] = json.loads(out)["picks"]
    return picks[0]


def test_an_edited_title_is_in_the_issue_and_the_list_says_so(newsletter: Run, story: str) -> None:
    status, out, _ = newsletter("stories", "edit", story, "--title", "Light between chips")
    assert (status, out) == (0, f"{story}: title: Light between chips\n")
    assert lead(newsletter)["title"] == "Light between chips"
    _, out, _ = newsletter("stories", "list", "--edited", "--json")
    assert [row["id"] for row in json.loads(out)["stories"]] == [story]
    _, out, _ = newsletter("stories", "show", story, "--json")
    shown = json.loads(out)
    assert shown["source"]["title"] != shown["title"] == "Light between chips"
    assert shown["history"][0]["by"]
    article = story.partition("/")[0]
    _, out, _ = newsletter("articles", "show", article, "--json")
    assert "Light between chips" in out
    newsletter("stories", "edit", story, "--title", "")
    assert lead(newsletter)["title"] == shown["source"]["title"]


def test_a_held_story_is_chosen_for_nobody_until_it_is_released(
    newsletter: Run, story: str
) -> None:
    before = lead(newsletter)
    assert f"{before['article']}/{before['story']}" == story
    assert newsletter("stories", "hold", story)[0] == 0
    assert lead(newsletter)["title"] != before["title"]
    assert newsletter("stories", "release", story)[0] == 0
    assert lead(newsletter)["title"] == before["title"]


def test_a_pinned_story_is_in_every_issue_by_the_editors_word(newsletter: Run, story: str) -> None:
    assert newsletter("stories", "pin", story)[0] == 0
    _, out, _ = newsletter("picks", "founder@example.com", "--json")
    pick = next(p for p in json.loads(out)["picks"] if f"{p['article']}/{p['story']}" == story)
    assert "must_read" in [reason["kind"] for reason in pick["reasons"]]


def must_read(newsletter: Run, reader: str) -> list[str]:
    """The stories that are in the reader's next issue since an editor says so."""
    _, out, _ = newsletter("picks", reader, "--json")
    return [
        f"{one['article']}/{one['story']}"
        for one in json.loads(out)["picks"]
        if any(reason["kind"] == "must_read" for reason in one["reasons"])
    ]


def test_a_pin_for_a_segment_is_for_its_readers_alone_wherever_it_shows(
    newsletter: Run, story: str, engine: Engine
) -> None:
    newsletter("segments", "create", "chiefs", 'role = "CTO"')
    status, out, _ = newsletter("stories", "pin", story, "--segment", "chiefs")
    assert (status, f"{story}: pinned for chiefs" in out) == (0, True)
    assert "1 of 1 reader gets it" in out
    assert must_read(newsletter, "cto@example.com") == [story]
    assert must_read(newsletter, "founder@example.com") == []
    assert newsletter("editions", "plan")[0] == 0
    query = sa.select(Subscriber.email, Delivery.picks).join(
        Subscriber, Subscriber.id == Delivery.subscriber_id
    )
    with database.reading(engine) as session:
        pinned = [
            email
            for email, picks in session.execute(query)
            if any(reason[0] == "must_read" for pick in picks for reason in pick["reasons"])
        ]
    assert pinned == ["cto@example.com"]
    assert must_read(newsletter, "cto@example.com") == [story]  # from the ledger now


def test_an_empty_list_says_why_it_is_empty(newsletter: Run) -> None:
    assert newsletter("stories", "list", "--edited")[1].startswith("no story has an edit; ")
    _, out, _ = newsletter("stories", "list", "--search", "xyzzy", "--edited")
    assert out.startswith("no story with these words in the title has an edit; ")
    assert newsletter("stories", "list", "--search", "xyzzy")[1].startswith("no story with these")
