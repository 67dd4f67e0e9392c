"""Pages put forward what the newsletter's stories carry."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

from recommender import vocabulary
from recommender.articles import intake, jsonl
from recommender.storage import database
from recommender.vocabulary import offering
from recommender.vocabulary.offering import Offering, Offerings, TopicGroup


def article(key: str, at: datetime, *topics: str) -> dict[str, Any]:
    return {"id": key, "title": key, "summary": "S.", "topics": topics, "published_at": str(at)}


def carried(store: Engine, now: datetime, *articles: dict[str, Any]) -> Offering:
    drafts = jsonl.parse_document(json.dumps(articles).encode(), Path("a.json"), now)
    intake.import_articles(lambda: database.writing(store), drafts, now=now)
    with database.reading(store) as session:
        return offering.count(session, now)


def test_topics_of_recent_stories_stand_under_their_field(store: Engine, now: datetime) -> None:
    found = carried(
        store,
        now,
        article("a", now, "TPU Development", "Kubernetes"),
        article("b", now, "TPU Development"),
        article("c", now - timedelta(days=400), "Cryptography"),
        article("d", now, "Never Offered"),
    )
    assert found.groups == (
        TopicGroup("AI Hardware", ("TPU Development",)),
        TopicGroup("Operations", ("Kubernetes",)),
    )
    assert found.without(["TPU Development"]) == (TopicGroup("Operations", ("Kubernetes",)),)


def test_where_nothing_is_recent_older_stories_speak(store: Engine, now: datetime) -> None:
    found = carried(store, now, article("c", now - timedelta(days=400), "Cryptography"))
    assert found.groups == (TopicGroup("Security", ("Cryptography",)),)


def test_it_is_counted_anew_after_a_while(store: Engine, now: datetime) -> None:
    offerings = Offerings(store)
    assert offerings.current(now).groups == ()
    assert len(offerings.current(now).roles) == offering.ROLES
    carried(store, now, article("a", now, "Kubernetes"))
    with database.writing(store) as session:
        vocabulary.add(session, "topic", "Another")
    assert offerings.current(now).groups == ()
    assert offerings.current(now + timedelta(minutes=6)).groups


def test_stories_without_a_date_count_from_their_import(store: Engine, now: datetime) -> None:
    undated = article("b", now, "Kubernetes")
    del undated["published_at"]
    found = carried(store, now, article("a", now, "TPU Development"), undated)
    assert [one.topics for one in found.groups] == [("TPU Development",), ("Kubernetes",)]


def test_fields_of_one_topic_stand_last_together_where_another_has_more(
    store: Engine, now: datetime
) -> None:
    found = carried(
        store,
        now,
        article("a", now, "TPU Development", "GPU Programming", "Kubernetes"),
        article("b", now, "TPU Development", "Cryptography", "Kubernetes"),
        article("c", now, "Cryptography", "Kubernetes"),
    )
    assert found.groups == (
        TopicGroup("AI Hardware", ("TPU Development", "GPU Programming")),
        TopicGroup("", ("Kubernetes", "Cryptography")),
    )
