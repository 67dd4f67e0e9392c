"""Names and aliases of topics, and the field around a topic."""

import pytest

from recommender.ranking.values import Term
from recommender.ranking.vocabulary_index import VocabularyIndex


def test_a_name_stands_for_what_its_alias_says_and_unknown_names_for_themselves() -> None:
    names = VocabularyIndex([Term("Large Language Models", "", ("LLM", "LLMs"))])
    assert names.shown(names.canonical("llm")) == "Large Language Models"
    assert names.canonical("large-language  models") == names.canonical("LLMs")
    assert names.shown(names.canonical("Bee  Keeping")) == "Bee Keeping"


def test_a_topic_s_field_is_its_neighbourhood_and_most_of_it_the_topic() -> None:
    names = VocabularyIndex(
        [Term("A", related=("B",)), Term("B", related=("C",)), Term("C"), Term("Z")]
    )
    around = names.neighbourhood("a")
    assert sum(around.values()) == pytest.approx(1)
    assert max(around, key=lambda name: around[name]) == "a"
    assert around["a"] >= 2 * around["b"]
    assert set(around) == {"a", "b", "c"}
    assert names.neighbourhood("unheard of") == {"unheard of": 1.0}
