"""Topics under their names in other languages: known in every store, ambiguous in none."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender import vocabulary
from recommender.models import TopicAlias
from recommender.ranking import words
from recommender.storage import database
from recommender.vocabulary import starter, translations
from recommender.vocabulary.names import fold
from recommender.vocabulary.search import VocabularySearch

SHORTEST = 5


def test_each_name_means_one_topic_that_is_shipped() -> None:
    topics = {fold(term.name): term for term in starter.read().topics}
    assert translations.by_topic().keys() <= topics.keys()
    meaning: dict[tuple[str, ...], str] = {}
    for key, term in topics.items():
        for name in (term.name, *term.aliases, *term.translations):
            if name in term.translations:  # as titles are searched, without accents
                assert meaning.setdefault(tuple(words.tokens(name)), key) == key, name
            else:
                meaning.setdefault(tuple(words.tokens(name)), key)


def test_no_name_is_short_or_vanishes_from_a_title() -> None:
    for name in translations.folded():
        assert len("".join(words.tokens(name))) >= SHORTEST, name


def test_a_name_in_another_language_is_the_topic_and_keeps_its_text_as_it_is(
    store: Engine,
) -> None:
    names = {
        "künstliche intelligenz": "Artificial Intelligence",
        "Cybersécurité": "Security",
        "ENERGÍA SOLAR": "Solar Power",
        "Bancos de dados": "Databases",
    }
    with database.writing(store) as session:
        found = vocabulary.topic_ids(session, [*names, *names.values()])
        terms = {term.name: term for term in vocabulary.load(session).topics}
    for name, topic in names.items():
        assert found[name] == found[topic]
        assert fold(name) in map(fold, terms[topic].translations)
        assert fold(name) not in map(fold, terms[topic].aliases)


def test_search_finds_a_topic_by_the_beginning_of_its_name(store: Engine, now: datetime) -> None:
    search = VocabularySearch(store)
    for typed, topic in (("Künstliche Int", "Artificial Intelligence"), ("cibersegur", "Security")):
        assert search.search("topic", typed, now)[0].name == topic


def test_a_store_from_before_gets_the_names_that_mean_nothing_there(store: Engine) -> None:
    with database.writing(store) as session:
        before = vocabulary.load(session)
        old = sa.delete(TopicAlias).where(TopicAlias.key.in_(translations.folded()))
        session.execute(old)
        vocabulary.add(session, "topic", "Robotik", definition="Ours.")
        vocabulary.merge(session, "topic", "Artificial Intelligence", "Machine Learning")
        vocabulary.install_starter(session)
        terms = {term.name: term for term in vocabulary.load(session).topics}
    assert "Künstliche Intelligenz" in terms["Machine Learning"].translations
    assert "Robotik" not in terms["Robotics Automation"].translations
    assert "Robótica" in terms["Robotics Automation"].translations
    same = next(term for term in before.topics if term.name == "Security")
    assert terms["Security"] == same
