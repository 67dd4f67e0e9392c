"""Sentences end where a reader would end them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles import sentences


@pytest.mark.parametrize(
    "text",
    [
        "GLM-5.2 reached it.",
        "It cost $6.3 billion in 2026.",
        "The U.S. Army bought v2.1 of it.",
        "Some, e.g. Google and i.e. Alphabet, did not.",
        "Dr. Smith and J. Doe et al. wrote it.",
        "See Fig. 3 and No. 4.",
        "Apple Inc. Chief Tim bought 3.5 percent.",
        'He said "No." and left.',
        "Is that so? said he.",
    ],
)
def test_one_sentence_stays_one(text: str) -> None:
    assert sentences.split(text) == [text]


@pytest.mark.parametrize(
    "parts",
    [
        ["China leads.", "Google, however, trails.", "Its TPU is at v2."],
        ["It began in the U.S.", "The rest followed."],
        ["“Yes.”", "He left!", "Why?", "$5 was enough.", "3 of 4 agreed."],
        ["A first line", "a second line."],
    ],
)
def test_several_sentences_are_told_apart(parts: list[str]) -> None:
    separator = "\n" if parts[0].endswith("line") else " "
    assert sentences.split(separator.join(parts)) == parts


@given(st.text(alphabet='aB .!?\n"$1', max_size=60))
def test_no_letter_is_lost(text: str) -> None:
    assert "".join("".join(sentences.split(text)).split()) == "".join(text.split())
