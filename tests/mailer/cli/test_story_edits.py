"""``stories edit``, ``hold``, ``release`` and ``pin``: what they say, and what they refuse."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from recommender.articles import edits
from recommender.storage import database

from .conftest import Run, answer


@pytest.fixture
def story(newsletter: Run) -> str:
    status, out, _ = newsletter("stories", "list", "--search", "optical", "--json")
    assert status == 0
    return str(json.loads(out)["stories"][0]["id"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["edit", "nothing", "--title", "x"], "no story 'nothing'"),
        (["edit", "STORY", "--url", "javascript:alert(1)"], "--url: "),
        (
            ["edit", "STORY", "--picture", "http://o.example/a"],
            "--picture: 'http://o.example/a' must",
        ),
        (["edit", "STORY", "--alt", "A chip"], "--alt: the story has no picture"),
        (["edit", "STORY", "--title", "x" * 2_000], "--title: is 2000 characters long"),
        (["edit", "STORY", "--not-before", "soon"], "--not-before: 'soon' is no date"),
        (["edit", "STORY", "--not-before", "2020-01-01"], "--not-before: 2020-01-01 00:00 is past"),
        (["edit", "STORY", "--not-after", "2020-01-01"], "--not-after: 2020-01-01 23:59 is past"),
        (["hold", "STORY", "--until", "31.2."], "--until: '31.2.' is no date"),
        (["hold", "STORY", "--until", "2020-01-01T08:00"], "--until: 2020-01-01 08:00 is past"),
        (["pin", "STORY", "--period", "soon"], "soon"),
        (["pin", "STORY", "--segment", "gone"], "no segment 'gone'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    newsletter: Run, story: str, arguments: list[str], words: str
) -> None:
    given = [story if word == "STORY" else word for word in arguments]
    status, out, err = newsletter("stories", *given)
    assert (status, out) == (1, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert words in err


def test_texts_points_and_the_picture_are_edited_and_taken_back(
    newsletter: Run, story: str
) -> None:
    given = ("--summary", "Ours.", "--insight", "One", "--insight", "Two", "--practice", "none")
    image = ("--picture", "https://o.example/a.png", "--alt", "A chip")
    before = answer(newsletter, "stories", "show", story)
    made = answer(newsletter, "stories", "edit", story, *given, *image, "--by", "Jane")
    assert [made[name] for name in ("summary", "insights", "practice")] == [
        "Ours.",
        ["One", "Two"],
        [],
    ]
    assert made["image"] == {"url": "https://o.example/a.png", "alt": "A chip"}
    assert made["source"]["summary"] == before["summary"]
    assert answer(newsletter, "stories", "edit", story, "--alt", "Two chips")["image"] == {
        "url": "https://o.example/a.png",
        "alt": "Two chips",
    }
    _, out, _ = newsletter("stories", "show", story)
    assert f"Jane: Summary: “{before['summary'][:90]}" in out
    assert "” (source) → “Ours.”" in out
    back = ("--summary", "", "--insight", "", "--practice", "", "--picture", "")
    after = answer(newsletter, "stories", "edit", story, *back)
    assert {name: after[name] for name in before["source"]} == before["source"]


def test_an_edit_of_nothing_is_wrong_usage(newsletter: Run, story: str) -> None:
    assert newsletter("stories", "edit", story)[0] == 2


def test_a_last_day_is_the_whole_day(newsletter: Run, story: str) -> None:
    today = datetime.now(UTC).date()
    assert newsletter("stories", "edit", story, "--not-after", f"{today}")[0] == 0
    assert answer(newsletter, "stories", "show", story)["may_be_chosen"] is True


def test_a_name_that_is_new_is_said_with_the_nearest_known_one(newsletter: Run, story: str) -> None:
    status, _, err = newsletter(
        "stories",
        "edit",
        story,
        "--topic",
        "AI Stratgy",
        "--topic",
        "AI Strategy",
        "--role",
        "CTOs",
    )
    assert (status, err.splitlines()) == (
        0,
        [
            "note: the topic 'AI Stratgy' is new; the nearest known one is 'AI Strategy'",
            "note: the role 'CTOs' is new; the nearest known one is 'CTO'",
        ],
    )
    assert newsletter("stories", "edit", story, "--topic", "AI Stratgy")[2] == ""  # known by now


def test_a_pin_says_what_it_costs(newsletter: Run, story: str) -> None:
    cost = answer(newsletter, "stories", "pin", story)["cost"]
    assert (cost["readers"], cost["sample"], cost["get_it"]) == (12, 12, 12)
    assert sum(cost["lose"].values()) == 12 - cost["before"]
    newsletter("stories", "hold", story)
    assert "it cannot be chosen now" in newsletter("stories", "pin", story)[1]


def test_a_second_pin_says_that_it_is_one(newsletter: Run, story: str, engine: Engine) -> None:
    newsletter("segments", "create", "chiefs", 'role = "CTO"')
    first = newsletter("stories", "pin", story, "--by", "Jane")[1]
    assert "pinned already" not in first
    for more in ((), ("--segment", "chiefs"), ("--period", "2031-W05")):
        _, out, _ = newsletter("stories", "pin", story, "--by", "John", *more)
        assert f"pinned already, by Jane on {datetime.now(UTC):%Y-%m-%d}: nothing changes" in out
    with database.reading(engine) as session:
        made = edits.history(session, edits.find(session, story).id)
    assert [one.made_by for one in made] == ["Jane"]
    newsletter("stories", "release", story)
    newsletter("stories", "pin", story, "--segment", "chiefs")
    assert "pinned already" not in newsletter("stories", "pin", story)[1]  # for more readers
    assert newsletter("stories", "release", story)[1].endswith("as its source says\n")
    assert "neither held nor pinned" in newsletter("stories", "release", story)[1]


def test_a_pin_in_a_past_edition_is_said_to_be_one(newsletter: Run, story: str) -> None:
    past = f"{datetime.now(UTC) - timedelta(weeks=3):%G-W%V}"
    status, _, err = newsletter("stories", "pin", story, "--period", past)
    assert (status, err) == (0, f"note: {past} is past\n")


def test_who_says_so_can_be_named(newsletter: Run, story: str) -> None:
    newsletter("stories", "edit", story, "--title", "Another", "--by", "Jane")
    newsletter("stories", "hold", story, "--by", "John")
    newsletter("stories", "release", story, "--by", "Judy")
    history = answer(newsletter, "stories", "show", story)["history"]
    assert [(one["by"], one["ended_by"]) for one in history] == [("Jane", None), ("John", "Judy")]
    newsletter("editions", "note", "--text", "Hi", "--by", "Jane")
    said = answer(newsletter, "editions", "subject", "Chips", "--by", "John")
    assert (said["notes"][0]["by"], said["subject"]["by"]) == ("Jane", "John")
    add = ("sponsors", "add", "Acme", "--text", "Chips.", "--link", "https://acme.example/")
    newsletter(*add, "--by", "Jane")
    assert answer(newsletter, "sponsors", "list")["sponsors"][0]["by"] == "Jane"
    assert newsletter("sponsors", "remove", "1", "--by", " ")[0] == 2
