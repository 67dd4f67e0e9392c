import random

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfTransformer
from sklearn.preprocessing import normalize

from recommender.ranking import term_weights, words
from recommender.ranking.term_weights import Terms


def texts(number: int, seed: int) -> list[dict[str, float]]:
    chance = random.Random(seed)
    return [
        {f"term {int(chance.expovariate(0.02))}": chance.choice((0.5, 1.0, 3.0, 2.7))
         for _ in range(chance.randrange(40))}
        for _ in range(number)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_weights_are_those_of_the_library_to_the_last_bit(seed: int) -> None:
    known, others = texts(200, seed), texts(50, seed + 100)
    counter, weigher = DictVectorizer(), TfidfTransformer()
    counted = counter.fit_transform(known)
    wanted = sp.csr_array(weigher.fit_transform(counted.log1p()))
    names, counts = term_weights.counted_matrix(known)
    terms = Terms.of(names, counts)
    found = terms.weighed(counts)
    assert names == list(counter.feature_names_)
    assert np.array_equal(found.toarray(), wanted.toarray())
    wanted = sp.csr_array(weigher.transform(counter.transform(others).log1p()))
    assert np.array_equal(terms.rows(others).toarray(), wanted.toarray())


def test_no_text_has_no_terms() -> None:
    names, counts = term_weights.counted_matrix([{}, {}])
    assert (names, counts.shape) == ([], (2, 0))
    terms = Terms.of(names, counts)
    assert terms.weighed(counts).shape == (2, 0)
    assert terms.rows([{"word": 1.0}]).shape == (1, 0)
    assert terms.rows([]).shape == (0, 0)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_rows_have_length_one_and_keep_their_precision(kind: type[np.floating]) -> None:
    matrix = sp.random_array(
        (40, 30), density=0.1, format="csr", dtype=kind, rng=np.random.default_rng(1)
    )
    found = term_weights.unit(matrix)
    assert found.dtype == kind
    np.testing.assert_allclose(found.toarray(), normalize(matrix).toarray(), rtol=1e-6)


def test_words_of_grammar_are_those_of_the_library_and_ours() -> None:
    assert words._stop() >= ENGLISH_STOP_WORDS
