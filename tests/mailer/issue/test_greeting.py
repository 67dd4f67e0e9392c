from dataclasses import dataclass

import pytest

from mailer import localization
from mailer.issue import greeting
from recommender.ranking.values import ReasonKind

ENGLISH, GERMAN = localization.choose("en"), localization.choose("de")


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Mina Okafor", "Mina"),
        ("Mina", "Mina"),
        ("Anna-Lena Example", "Anna-Lena"),
        ("Dr. Mina Okafor", "Dr. Mina Okafor"),
        ("J. R. Example", "J. R. Example"),
        ("山田 太郎", "山田 太郎"),
        ("Win money at spam.example", ""),
        ("x" * 61, ""),
    ],
)
def test_readers_are_called_by_the_first_name_only_where_it_plainly_is_one(
    name: str, called: str
) -> None:
    assert greeting.first_name(name) == called


def test_a_greeting_in_two_languages() -> None:
    assert greeting.intro("Mina Okafor", ["CTO"], {}, 6, ENGLISH) == (
        "Hi Mina, six stories, chosen for your work as a CTO."
    )
    assert greeting.intro("", [], {"TPUs": 1}, 1, GERMAN) == (
        "Ein Beitrag, ausgewählt nach Ihren Themen, vor allem TPUs."
    )
    assert greeting.intro("", [], {}, 25, ENGLISH).startswith("25 stories for you.")


@dataclass(frozen=True)
class Chosen:
    reasons: tuple[tuple[ReasonKind, str, float], ...]


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ((("topic",), ("fresh",)), (("CTO",), {"Bees": 1.0})),
        ((("fresh",), ("fresh", "role")), (("CTO",), {})),
        ((("fresh",), ("explore",)), ((), {})),
        ((), (("CTO",), {"Bees": 1.0})),
    ],
)
def test_nothing_is_said_to_have_chosen_that_had_no_part_in_it(
    kinds: tuple[tuple[ReasonKind, ...], ...], said: tuple[tuple[str, ...], dict[str, float]]
) -> None:
    picks = [Chosen(tuple((kind, "", 0.5) for kind in one)) for one in kinds]
    assert greeting.chosen_by(("CTO",), {"Bees": 1.0}, picks) == said
