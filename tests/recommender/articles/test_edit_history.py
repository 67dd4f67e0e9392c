"""Changes of a story read as who, when, and from what to what."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from recommender.articles import edit_history, edits, intake
from recommender.articles.story_edits import Pin
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.models import EditKind, Story
from recommender.storage import database

HOUR = timedelta(hours=1)


@pytest.fixture
def session(store: Engine, now: datetime) -> Iterator[Session]:
    draft = ArticleDraft(key="a", title="Tides", summary="The sea.", insights=("One", "Two"))
    parsed = [ParsedArticle(draft, "a.txt", 1)]
    intake.import_articles(lambda: database.writing(store), parsed, now=now)
    with database.writing(store) as session:
        yield session


def told(session: Session, story: Story) -> list[tuple[str, list[str]]]:
    found = edit_history.of(session, story, ZoneInfo("Europe/Berlin"))
    return [(entry.by, [change.sentence() for change in entry.changes]) for entry in found]


def test_a_change_says_what_was_there_before_and_which_text_is_the_sources(
    session: Session, now: datetime
) -> None:
    story = edits.find(session, "a")
    edits.make(session, story, EditKind.TITLE, "Ebb", by="ines", now=now)
    edits.make(session, story, EditKind.INSIGHTS, ["One"], by="ines", now=now)
    edits.make(session, story, EditKind.TITLE, "Flood", by="olaf", now=now + HOUR)
    edits.make(session, story, EditKind.SUMMARY, "", by="olaf", now=now + HOUR)
    edits.end(session, story, [EditKind.TITLE], by="ines", now=now + 2 * HOUR)
    assert told(session, story) == [
        ("ines", ["Title: “Flood” → “Tides” (source)"]),
        ("olaf", ["Title: “Ebb” → “Flood”", "Summary: “The sea.” (source) → nothing"]),
        ("ines", ["Title: “Tides” (source) → “Ebb”", "Key insights: “One · Two” (source) → “One”"]),
    ]


def test_holds_and_pins_are_told_with_their_ends(session: Session, now: datetime) -> None:
    story = edits.find(session, "a")
    edits.make(session, story, EditKind.HOLD, (now + HOUR).isoformat(), by="ines", now=now)
    pin = Pin("2026-W48", "chiefs", "weekly")
    edits.make(session, story, EditKind.PIN, by="ines", now=now + HOUR, pin=pin)
    edits.release(session, story, by="olaf", now=now + 2 * HOUR)
    until = f"{(now + HOUR).astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%d %H:%M}"
    assert told(session, story) == [
        ("olaf", ["Released from its hold", "No longer pinned for chiefs in weekly-2026-W48"]),
        ("ines", ["Pinned for chiefs in weekly-2026-W48"]),
        ("ines", [f"Held until {until}"]),
    ]


def test_what_was_done_twice_at_one_moment_is_told_one_after_the_other(
    session: Session, now: datetime
) -> None:
    story, pin = edits.find(session, "a"), Pin("2026-W48", None, "weekly")
    edits.make(session, story, EditKind.PIN, by="ines", now=now, pin=pin)
    edits.release(session, story, by="ines", now=now)
    edits.make(session, story, EditKind.TITLE, "Ebb", by="ines", now=now)
    edits.make(session, story, EditKind.SUMMARY, "Short.", by="ines", now=now)
    assert told(session, story) == [
        ("ines", ["No longer pinned in weekly-2026-W48", "Title: “Tides” (source) → “Ebb”",
                  "Summary: “The sea.” (source) → “Short.”"]),
        ("ines", ["Pinned in weekly-2026-W48"]),
    ]  # fmt: skip
