import pytest

from mailer import localization
from mailer.issue import greeting
from recommender.ranking.values import Pick, Reason, ReasonKind

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
        "Hi Mina, here are six stories chosen for your work as a CTO."
    )
    assert greeting.intro("", [], {"TPUs": 1}, 1, GERMAN) == (
        "Hier ist ein Beitrag, ausgewählt nach Ihren Themen, vor allem TPUs."
    )
    assert greeting.intro("", [], {}, 25, ENGLISH).startswith("Here are 25 stories chosen for you.")


def test_a_welcome_says_whence_its_stories_are_and_when_others_come() -> None:
    assert greeting.welcome("Mina Okafor", ["CTO"], {}, 6, ENGLISH, schedule="thursday 08:00") == (
        "Welcome, Mina! Here are six stories from the past weeks, chosen for your work as a CTO. "
        "Every Thursday a new issue comes out."
    )
    assert greeting.welcome("", [], {}, 1, GERMAN, schedule="weekdays 08:00") == (
        "Willkommen! Hier ist ein Beitrag der letzten Wochen, für Sie ausgewählt. Nennen Sie uns "
        "Ihre Themen, dann passen die nächsten noch besser zu Ihnen. Montag bis Freitag erscheint "
        "eine neue Ausgabe."
    )


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
    picks = [Pick("a", 1, 1.0, tuple(Reason(kind, "", 0.5) for kind in one)) for one in kinds]
    assert greeting.chosen_by(("CTO",), {"Bees": 1.0}, picks) == said
