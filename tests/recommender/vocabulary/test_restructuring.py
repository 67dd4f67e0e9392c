"""Topics and roles split, removed and counted; merging is tested with the terms."""

import json
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender import segments, vocabulary
from recommender.articles import edits, jsonl
from recommender.articles import intake as article_intake
from recommender.errors import ConflictError, NotFoundError
from recommender.models import EditKind, StoryTopic, Topic
from recommender.storage import database
from recommender.subscribers import fields, intake, records

READERS = {
    "a@example.com": {"Chips": 2, "Servers": -1},
    "b@example.com": {"Chips": -2, "Servers": 3},
    "c@example.com": {"Film": 1},
}


@pytest.fixture
def used(store: Engine, now: datetime) -> Engine:
    """Two readers and a story with the topic Chips, also called Silicon; and an edit and a segment
    that name it."""
    rows = [
        fields.draft(line, {"email": email, "topics": topics})
        for line, (email, topics) in enumerate(READERS.items())
    ]
    intake.import_rows(lambda: database.writing(store), rows, file="", now=now)
    article = {"id": "a", "title": "Dies", "summary": "Of wafers.", "topics": ["Chips"]}
    drafts = jsonl.parse_document(json.dumps(article).encode(), Path("a.jsonl"), now)
    article_intake.import_articles(lambda: database.writing(store), drafts, now=now)
    with database.writing(store) as session:
        vocabulary.alias(session, "topic", "Chips", "Silicon")
        story = edits.find(session, "a")
        edits.make(session, story, EditKind.TOPICS, ["Chips"], by="jane", now=now)
        segments.create(session, "makers", 'not topic("silicon") < 0', now=now)
        segments.create(session, "others", 'role = "Chips" or topic in ("Film")', now=now)
    return store


def topics(store: Engine) -> dict[str, dict[str, float]]:
    with database.reading(store) as session:
        return {
            email: dict(records.document(records.find(session, email))["topics"])
            for email in READERS
        }


def of_story(store: Engine) -> set[str]:
    with database.reading(store) as session:
        query = sa.select(Topic.name).join(StoryTopic, StoryTopic.topic_id == Topic.id)
        return set(session.scalars(query))


def test_what_refers_to_a_topic_is_counted(used: Engine) -> None:
    with database.reading(used) as session:
        found = vocabulary.usage(session, "topic", "silicon")
        assert found == vocabulary.Usage(readers=2, muted=1, stories=1, aliases=1, edits=1)
        assert segments.naming(session, "topic", "Chips") == ["makers"]
        with pytest.raises(NotFoundError):
            vocabulary.usage(session, "role", "Chips")


def test_a_split_gives_readers_and_stories_every_part(used: Engine) -> None:
    with database.writing(used) as session:
        vocabulary.split(session, "topic", "Chips", ["Servers", "Wafers"])
    assert topics(used) == {
        "a@example.com": {"Servers": -1, "Wafers": 2},  # what was muted stays so
        "b@example.com": {"Servers": -2, "Wafers": -2},
        "c@example.com": {"Film": 1},
    }
    assert of_story(used) >= {"Servers", "Wafers"}
    with database.reading(used) as session:
        for name in ("Chips", "Silicon"):
            with pytest.raises(NotFoundError):
                vocabulary.required(session, "topic", name)


def test_a_topic_may_be_a_part_of_itself(used: Engine) -> None:
    with database.writing(used) as session:
        vocabulary.split(session, "topic", "Chips", ["Chips", "Wafers"])
    assert topics(used)["a@example.com"] == {"Chips": 2, "Wafers": 2, "Servers": -1}
    with database.writing(used) as session, pytest.raises(ConflictError):
        vocabulary.split(session, "topic", "Chips", ["Chips", "chips"])


def test_an_alias_may_become_a_topic_of_its_own(used: Engine) -> None:
    with database.writing(used) as session:
        vocabulary.split(session, "topic", "Chips", ["Chips", "Silicon"])
    assert topics(used)["a@example.com"] == {"Chips": 2, "Silicon": 2, "Servers": -1}


def test_a_removed_topic_is_nobodys_and_an_import_may_bring_it_back(
    used: Engine, now: datetime
) -> None:
    with database.writing(used) as session:
        vocabulary.remove(session, "topic", "Silicon")
    assert topics(used)["a@example.com"] == {"Servers": -1}
    assert "Chips" not in of_story(used)
    rows = [fields.draft(1, {"email": "a@example.com", "topics": ["Chips"]})]
    intake.import_rows(lambda: database.writing(used), rows, file="", now=now)
    assert topics(used)["a@example.com"] == {"Chips": 1}
    with database.reading(used) as session:
        assert "Chips" not in vocabulary.offered(session, "topic")


@pytest.mark.parametrize(
    ("one", "other", "holds"), [(2, 3, 3), (-1, 3, -1), (-1, -2, -2), (0, 1, 1)]
)
def test_of_two_weights_the_stronger_word_holds(one: float, other: float, holds: float) -> None:
    assert vocabulary.stronger_weight(one, other) == holds
    assert vocabulary.stronger_weight(other, one) == holds
