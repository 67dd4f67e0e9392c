"""The single parts: words, names, the crowd, the choice of the best."""

import numpy as np
import pytest

from recommender.ranking import co_clicks, selection, words
from recommender.ranking.co_clicks import CoClicks
from recommender.ranking.values import Term
from recommender.ranking.vocabulary_index import VocabularyIndex


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The TPUs and GPUs", ["tpu", "gpu"]),
        ("Café policies in 2026", ["cafe", "policy"]),
        ("C++, C# and GPT-4o", ["c++", "c#", "gpt", "4o"]),
        ("analysis of classes", ["analysis", "class"]),
        ("", []),
    ],
)
def test_words_are_folded_and_singular(text: str, expected: list[str]) -> None:
    assert words.tokens(text) == expected


def test_runs_of_words_are_terms_too() -> None:
    assert words.terms("neural software stack", 2) == [
        "neural", "software", "stack", "neural software", "software stack",
    ]  # fmt: skip


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


def test_read_together_is_a_shrunk_cosine() -> None:
    found = CoClicks([["x", "y"], ["x", "y"], ["x", "z"]], {"x": 0, "y": 1, "z": 2})
    expected = [0, 2 / np.sqrt((3 + 3) * (2 + 3)), 1 / np.sqrt((3 + 3) * (1 + 3))]
    assert found.read_together(0) == pytest.approx(np.array(expected))


def test_read_alike_counts_readers_by_the_square_of_their_nearest_story() -> None:
    found = CoClicks([["x", "y"], ["z"]], {"x": 0, "y": 1, "z": 2})
    shares = found.read_alike(np.array([0.6, 0.1, 0.3]))
    total = 0.6**2 + 0.3**2
    expected = np.array([0.36 / total, 0.36 / total, 0.09 / total])
    assert sorted(shares) == pytest.approx(sorted(expected))
    assert shares[2] == pytest.approx(0.09 / total)


def test_the_sample_of_a_crowd_does_not_depend_on_its_order() -> None:
    histories = [[f"s{n}", f"s{n + 1}"] for n in range(500)]
    assert co_clicks.sample(histories, 50) == co_clicks.sample(histories[::-1], 50)
    assert len(co_clicks.sample(histories, 50)) == 50


def test_the_best_are_found_in_order_and_ties_go_to_the_first() -> None:
    scores = np.array([[0.5, 0.9, -1.0, 0.9, 0.0], [-1, -1, -1, -1, 0.1]], dtype=np.float32)
    assert selection.best(scores, 3).tolist() == [[1, 3, 0], [4, -1, -1]]
    assert selection.best(scores, 9).tolist()[0] == [1, 3, 0, 4, -1]
