"""Words are folded and singular; runs of words are terms."""

import pytest

from recommender.ranking import words


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
