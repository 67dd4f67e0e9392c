"""The starter vocabulary: in every store, and never against what an administrator did."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from recommender import corrections, vocabulary
from recommender.corrections import Author
from recommender.models import (
    CorrectionKind,
    Role,
    Topic,
    TopicAlias,
)
from recommender.storage import database
from recommender.vocabulary import starter


def test_every_store_has_the_starter_vocabulary(store: Engine) -> None:
    shipped = starter.read()
    with database.reading(store) as session:
        known = vocabulary.load(session)
    for mine, theirs in ((shipped.topics, known.topics), (shipped.roles, known.roles)):
        assert {term.name for term in mine} <= {term.name for term in theirs}
        assert all(term.definition for term in mine)


def test_installing_again_changes_nothing_an_administrator_did(store: Engine) -> None:
    topic = starter.read().topics[0].name
    role = starter.read().roles[0].name
    with database.writing(store) as session:
        vocabulary.add(session, "topic", topic, definition="Ours.")
        vocabulary.add(session, "role", "Chief")
        vocabulary.merge(session, "role", role, "Chief")
        before = vocabulary.load(session)
        vocabulary.install_starter(session)
        assert vocabulary.load(session) == before


def test_installing_brings_nothing_back_that_was_removed(store: Engine, now: datetime) -> None:
    topic = starter.read().topics[0].name
    author = Author("jane", now)
    with database.writing(store) as session:
        vocabulary.remove(session, "topic", topic)
        corrections.of_term(
            session, CorrectionKind.REMOVE, "topic", topic, author=author, summary={}
        )
        vocabulary.install_starter(session)
        assert vocabulary.find(session, "topic", [vocabulary.fold(topic)]) == {}
        vocabulary.topic_ids(session, [topic])  # as an import does
        vocabulary.install_starter(session)
        assert topic not in vocabulary.offered(session, "topic")


def test_installing_defines_what_an_import_added_before(store: Engine) -> None:
    term = starter.read().topics[0]
    with database.writing(store) as session:
        _forget(session)
        vocabulary.topic_ids(session, [term.name.upper()])
        vocabulary.install_starter(session)
        vocabulary.install_starter(session)
        found = vocabulary.topic_ids(session, [term.name, *term.aliases])
        row = session.get_one(Topic, found[term.name])
    assert row.definition == term.definition
    assert set(found.values()) == {row.id}


def _forget(session: Session) -> None:
    for table in (TopicAlias, Topic, Role):
        session.execute(sa.delete(table))
