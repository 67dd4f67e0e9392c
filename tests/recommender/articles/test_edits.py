"""Edits hold whatever is imported later, and say who made them and when."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from recommender.articles import catalogue, edits, intake
from recommender.articles.story_edits import ALWAYS, Pin
from recommender.articles.values import ArticleDraft, ParsedArticle, StoryDraft
from recommender.errors import NotFoundError
from recommender.models import EditKind
from recommender.storage import database

WEEK = timedelta(days=7)


def digest(version: int = 0) -> ArticleDraft:
    """A digest of two stories as its source has it, in one of its versions."""
    return ArticleDraft(
        key="digest",
        title=f"Digest {version}",
        summary=f"Two stories, version {version}.",
        topics=("AI Strategy",),
        stories=tuple(
            StoryDraft(
                key=f"s{n}",
                title=f"Story {n} of version {version}",
                summary=f"What story {n} says in version {version}.",
                topics={"Robotics Automation": 1.0},
                url=f"https://source.example.com/{n}/{version}",
            )
            for n in (1, 2)
        ),
    )


def import_(engine: Engine, draft: ArticleDraft, now: datetime) -> None:
    intake.import_articles(
        lambda: database.writing(engine), [ParsedArticle(draft, "digest.txt", 1)], now=now
    )


@pytest.fixture
def session(store: Engine, now: datetime) -> Iterator[Session]:
    import_(store, digest(), now)
    with database.writing(store) as session:
        yield session


def load(
    session: Session, now: datetime, period: str | None = None, newsletter: str | None = None
) -> catalogue.Catalogue:
    return catalogue.load(session, now=now, horizon_days=28, newsletter=newsletter, period=period)


def say(session: Session, kind: EditKind, value: object, now: datetime, pin: Pin = ALWAYS) -> None:
    row = edits.find(session, "digest/s1")
    edits.make(session, row, kind, value, by="editor", now=now, pin=pin)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=st.lists(st.integers(1, 3), max_size=4), title=st.text("ab c", min_size=1))
def test_no_import_changes_an_edit(
    store: Engine, now: datetime, versions: list[int], title: str
) -> None:
    import_(store, digest(), now)
    with database.writing(store) as session:
        say(session, EditKind.TITLE, title, now)
        say(session, EditKind.TOPICS, ["ai strategy", "Brass Bands"], now)
        say(session, EditKind.URL, "https://ours.example.com/", now)
    for version in versions:
        import_(store, digest(version), now + WEEK)
    with database.reading(store) as session:
        stories = load(session, now + WEEK)
    story = next(story for story in stories.candidates if story.key == "s1")
    shown = stories.documents[story.id]
    assert (story.title, shown["title"], shown["url"]) == (
        title,
        title,
        "https://ours.example.com/",
    )
    assert dict(story.topics) == {"AI Strategy": 1.0, "Brass Bands": 1.0}
    assert shown["topics"] == ["AI Strategy", "Brass Bands"]
    other = next(story for story in stories.candidates if story.key == "s2")
    assert other.title == f"Story 2 of version {versions[-1] if versions else 0}"


def test_a_story_whose_title_its_source_corrects_keeps_what_was_said_of_it(
    session: Session, now: datetime, store: Engine
) -> None:
    say(session, EditKind.HOLD, None, now)
    before = edits.find(session, "digest/s1").id
    session.commit()
    first, second = digest().stories
    corrected = replace(first, key="s-one", title="Story one, corrected")
    import_(store, replace(digest(), stories=(corrected, second)), now + WEEK)
    with database.reading(store) as later:
        assert edits.find(later, "digest/s-one").id == before
        assert [story.key for story in load(later, now + WEEK).candidates] == ["s2"]


def test_a_held_story_is_no_candidate_until_it_is_released(session: Session, now: datetime) -> None:
    say(session, EditKind.HOLD, None, now)
    assert [story.key for story in load(session, now).candidates] == ["s2"]
    row = edits.find(session, "digest/s1")
    assert edits.release(session, row, by="chief", now=now + WEEK) == 1
    assert [story.key for story in load(session, now + WEEK).candidates] == ["s1", "s2"]
    [word] = edits.history(session, row.id)
    assert (word.made_by, word.made_at, word.ended_by, word.ended_at) == (
        "editor", now, "chief", now + WEEK
    )  # fmt: skip


def test_a_hold_with_an_end_an_embargo_and_an_expiry_end_by_themselves(
    session: Session, now: datetime
) -> None:
    moment = (now + timedelta(days=2)).isoformat()
    for kind, before, after in (
        (EditKind.HOLD, False, True),
        (EditKind.NOT_BEFORE, False, True),
        (EditKind.NOT_AFTER, True, False),
    ):
        say(session, kind, moment, now)
        keys = [
            {story.key for story in load(session, now + timedelta(days=days)).candidates}
            for days in (1, 3)
        ]
        assert ["s1" in keys[0], "s1" in keys[1]] == [before, after]
        edits.end(session, edits.find(session, "digest/s1"), [kind], by="editor", now=now)


def test_a_title_alone_is_no_candidate_until_an_editor_gives_it_a_link(
    store: Engine, now: datetime
) -> None:
    bare = replace(digest(), key="bare", summary="", stories=(StoryDraft(key="s1", title="Bare"),))
    import_(store, bare, now)
    with database.writing(store) as session:
        assert load(session, now).candidates == ()
        row = edits.find(session, "bare/s1")
        edits.make(session, row, EditKind.URL, "https://ours.example.com/", by="editor", now=now)
        assert [story.title for story in load(session, now).candidates] == ["Bare"]


@pytest.mark.parametrize(
    ("pin", "wanted"),
    [
        (Pin("2026-W48"), [True, True, False]),
        (Pin("2026-W48", newsletter="weekly"), [True, False, False]),
        (Pin(newsletter="chiefs"), [False, True, False]),
    ],
)
def test_a_pin_for_a_newsletter_or_period_is_a_must_read_in_no_other(
    session: Session, now: datetime, pin: Pin, wanted: list[bool]
) -> None:
    say(session, EditKind.PIN, None, now, pin)
    editions = [("weekly", "2026-W48"), ("chiefs", "2026-W48"), ("weekly", "2026-W49")]
    for (newsletter, period), must_read in zip(editions, wanted, strict=True):
        found = load(session, now, period, newsletter).candidates
        assert [story.must_read for story in found if story.key == "s1"] == [must_read]


def test_what_is_said_again_takes_the_place_of_what_was_said(
    session: Session, now: datetime
) -> None:
    say(session, EditKind.TITLE, "First", now)
    say(session, EditKind.TITLE, "Second", now + WEEK)
    assert edits.current(session, now + WEEK)[edits.find(session, "digest/s1").id].title == "Second"
    earlier = edits.current(session, now + timedelta(days=1))
    assert [words.title for words in earlier.values()] == ["First"]


@pytest.mark.parametrize("identifier", ["digest", "digest/s3", "nothing", "nothing/s1", ""])
def test_an_id_that_names_no_single_story_is_refused(session: Session, identifier: str) -> None:
    with pytest.raises(NotFoundError):
        edits.find(session, identifier)


def test_an_article_with_one_story_is_found_by_its_own_id(store: Engine, now: datetime) -> None:
    import_(store, replace(digest(), key="a/b", stories=()), now)
    with database.reading(store) as session:
        assert edits.find(session, "a/b").article.key == "a/b"
