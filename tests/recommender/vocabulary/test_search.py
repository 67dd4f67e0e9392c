"""What readers can choose: shipped, defined or chosen names, and none that strangers sent."""

from datetime import datetime

import pytest
from alembic import command
from sqlalchemy.engine import Engine

from recommender import vocabulary
from recommender.errors import NotFoundError
from recommender.models import (
    Status,
    Subscriber,
    SubscriberTopic,
)
from recommender.storage import database, migrations
from recommender.vocabulary.search import VocabularySearch


def test_names_that_came_from_outside_are_offered_once_an_admin_says_so(
    store: Engine, now: datetime
) -> None:
    with database.writing(store) as session:
        vocabulary.topic_ids(session, ["From A Feed"])
        vocabulary.add(session, "topic", "By An Admin")

    def offered() -> set[str]:
        return set(VocabularySearch(store).names("topic", now)) & {
            "From A Feed",
            "By An Admin",
            "AI Hardware",
        }

    assert offered() == {"By An Admin", "AI Hardware"}
    assert VocabularySearch(store).search("topic", "from a", now) == []
    with database.writing(store) as session:
        vocabulary.set_offered(session, "topic", "from a feed", offered=True)
        vocabulary.set_offered(session, "topic", "By An Admin", offered=False)
    assert offered() == {"From A Feed", "AI Hardware"}
    with database.writing(store) as session, pytest.raises(NotFoundError):
        vocabulary.set_offered(session, "topic", "unknown", offered=True)


def test_what_is_merged_into_a_hidden_name_stays_offered(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        vocabulary.topic_ids(session, ["From A Feed"])
        vocabulary.merge(session, "topic", "AI Hardware", "From A Feed")
    assert "From A Feed" in VocabularySearch(store).names("topic", now)


def test_a_store_that_is_migrated_offers_what_was_shipped_defined_or_chosen(
    store: Engine, now: datetime
) -> None:
    configuration = migrations.configuration(store)
    with database.writing(store) as session:
        chosen = vocabulary.topic_ids(session, ["PreferencesForm", "From A Feed"])[
            "PreferencesForm"
        ]
        vocabulary.add(session, "topic", "Defined", definition="By an administrator.")
        reader = Subscriber(
            email="a@example.com", address_hash="x", status=Status.ACTIVE, created_at=now,
            updated_at=now,
        )  # fmt: skip
        session.add(reader)
        session.flush()
        session.add(SubscriberTopic(subscriber_id=reader.id, topic_id=chosen, weight=1))
    command.downgrade(configuration, "0007")
    command.upgrade(configuration, "head")
    names = set(VocabularySearch(store).names("topic", now))
    assert names & {"PreferencesForm", "Defined", "From A Feed", "AI Hardware"} == {
        "PreferencesForm", "Defined", "AI Hardware",
    }  # fmt: skip
