"""Topics and roles: found whatever their case, added when unknown, merged without loss."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender import vocabulary
from recommender.errors import ConflictError, NotFoundError
from recommender.models import (
    Article,
    Status,
    Story,
    StoryTopic,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
)
from recommender.storage import database


def test_unknown_names_are_added_and_known_ones_found(store: Engine) -> None:
    with database.writing(store) as session:
        first = vocabulary.topic_ids(session, ["Basketry", "basketry ", "Weaving", " "])
        again = vocabulary.topic_ids(session, {"BASKETRY", "weaving"})
    assert first["Basketry"] == first["basketry "] == again["BASKETRY"]
    assert first["Weaving"] == again["weaving"]
    assert " " not in first


def test_an_alias_means_its_topic(store: Engine) -> None:
    with database.writing(store) as session:
        vocabulary.add(session, "role", "Basket Maker", aliases=["Weaver"])
        ids = vocabulary.role_ids(session, ["weaver", "basket maker"])
    assert len(set(ids.values())) == 1


def test_thousands_of_names_are_found_in_sets(store: Engine) -> None:
    names = [f"Basket no. {number}" for number in range(3000)]
    with database.writing(store) as session:
        assert vocabulary.topic_ids(session, names) == vocabulary.topic_ids(session, names)


def test_a_name_cannot_mean_two_things(store: Engine) -> None:
    with database.writing(store) as session:
        vocabulary.add(session, "topic", "Basketry")
        vocabulary.add(session, "topic", "Weaving")
        vocabulary.alias(session, "topic", "Basketry", "Baskets")
        vocabulary.alias(session, "topic", "basketry", "BASKETS")
        with pytest.raises(ConflictError, match="already means the topic 'Basketry'"):
            vocabulary.alias(session, "topic", "Weaving", "baskets")
        with pytest.raises(ConflictError, match="already means the topic 'Weaving'"):
            vocabulary.alias(session, "topic", "Basketry", "weaving")
        with pytest.raises(NotFoundError, match="no topic 'Knots'"):
            vocabulary.alias(session, "topic", "Knots", "Ties")


def test_adding_again_changes_the_definition_only_when_one_is_given(store: Engine) -> None:
    with database.writing(store) as session:
        vocabulary.add(session, "topic", "Basketry", definition="Baskets.", related=["Weaving"])
        vocabulary.add(session, "topic", "basketry")
        known = {term.name: term for term in vocabulary.load(session).topics}
    assert known["Basketry"].definition == "Baskets."
    assert known["Basketry"].related == ("Weaving",)


@pytest.fixture
def people(store: Engine, now: datetime) -> tuple[int, int, int]:
    """Three readers and a story, with the topics Old and New among them; the readers' ids."""
    with database.writing(store) as session:
        topics = vocabulary.topic_ids(session, ["Old", "New"])
        story = Story(key="s", position=0, title="S")
        session.add(
            Article(
                key="a",
                title="A",
                content_hash="",
                imported_at=now,
                updated_at=now,
                stories=[story],
            )
        )
        readers = [_reader(number, now) for number in range(3)]
        session.add_all(readers)
        session.flush()
        for reader, old, new in zip(readers, (3, -2, 1), (1, 3, None), strict=True):
            weights = {"Old": old, "New": new}
            reader.topics = [
                SubscriberTopic(topic_id=topics[name], weight=weight)
                for name, weight in weights.items()
                if weight is not None
            ]
        story.topics = [
            StoryTopic(topic_id=topics["Old"], weight=1.0),
            StoryTopic(topic_id=topics["New"], weight=0.3),
        ]
        return readers[0].id, readers[1].id, readers[2].id


def _reader(number: int, now: datetime) -> Subscriber:
    return Subscriber(
        email=f"r{number}@example.com",
        address_hash=str(number),
        status=Status.ACTIVE,
        created_at=now,
        updated_at=now,
    )


def test_merging_moves_stories_and_readers_and_keeps_the_old_name(
    store: Engine, people: tuple[int, int, int]
) -> None:
    with database.writing(store) as session:
        vocabulary.alias(session, "topic", "Old", "Older")
        vocabulary.merge(session, "topic", "old", "new")
    with database.reading(store) as session:
        ids = vocabulary.topic_ids(session, ["New", "Old", "Older"])
        assert set(ids.values()) == {ids["New"]}
        rows = session.execute(
            sa.select(SubscriberTopic.subscriber_id, SubscriberTopic.weight)
            .where(SubscriberTopic.topic_id == ids["New"])
            .order_by(SubscriberTopic.subscriber_id)
        )
        assert [tuple(row) for row in rows] == list(zip(people, (3, -2, 1), strict=True))
        assert session.scalars(sa.select(StoryTopic.weight)).all() == [1.0]
        names = {term.name: term for term in vocabulary.load(session).topics}
        assert set(names["New"].aliases) == {"Old", "Older"}
        assert "Old" not in names


def test_merging_a_thing_with_itself_is_a_conflict(store: Engine) -> None:
    with database.writing(store) as session:
        vocabulary.add(session, "role", "Weaver", aliases=["Basket Maker"])
        with pytest.raises(ConflictError, match="the same role already"):
            vocabulary.merge(session, "role", "Weaver", "basket maker")


def test_roles_merge_too(store: Engine, people: tuple[int, int, int]) -> None:
    with database.writing(store) as session:
        roles = vocabulary.role_ids(session, ["Weaver", "Basket Maker"])
        rows = [{"subscriber_id": people[0], "role_id": role} for role in roles.values()]
        rows.append({"subscriber_id": people[1], "role_id": roles["Weaver"]})
        session.execute(sa.insert(SubscriberRole), rows)
        vocabulary.merge(session, "role", "Weaver", "Basket Maker")
        kept = session.execute(sa.select(SubscriberRole.subscriber_id, SubscriberRole.role_id))
        target = roles["Basket Maker"]
        assert sorted(tuple(row) for row in kept) == [(people[0], target), (people[1], target)]
