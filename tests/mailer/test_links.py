"""Links: what was signed is read back, and nothing else is."""

import random
import string
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.links import KINDS, PATHS, Kind, Links, TokenError

LINKS = Links("https://news.example.org/", [b"the current secret", b"the one before"])
NOW = datetime(2026, 11, 24, tzinfo=UTC)
NUMBERS = st.lists(st.integers(0, 2**62), max_size=3)
SCOPES = st.sampled_from(sorted(PATHS))


@given(scope=SCOPES, numbers=NUMBERS)
def test_a_token_gives_back_its_numbers(scope: str, numbers: list[int]) -> None:
    token = LINKS.token(scope, *numbers)  # type: ignore[arg-type]  # drawn from the scopes
    assert LINKS.read(scope, token) == tuple(numbers)  # type: ignore[arg-type]


@given(made_for=SCOPES, used_for=SCOPES, numbers=NUMBERS)
def test_a_token_serves_no_other_purpose(made_for: str, used_for: str, numbers: list[int]) -> None:
    if made_for != used_for:
        token = LINKS.token(made_for, *numbers)  # type: ignore[arg-type]  # as above
        with pytest.raises(TokenError):
            LINKS.read(used_for, token)  # type: ignore[arg-type]


@given(st.text(max_size=80))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        LINKS.read("click", text)


@given(position=st.integers(0, 200), numbers=NUMBERS)
def test_a_changed_token_is_refused(position: int, numbers: list[int]) -> None:
    token = LINKS.token("unsubscribe", *numbers)
    at = position % len(token)
    changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
    with pytest.raises(TokenError):
        LINKS.read("unsubscribe", changed)


def test_keys_can_be_changed_without_breaking_links_already_sent() -> None:
    old = Links("https://news.example.org", [b"the one before"]).token("view", 7)
    assert LINKS.read("view", old) == (7,)
    with pytest.raises(TokenError):
        Links("https://news.example.org", [b"another one"]).read("view", old)


def test_links_stand_under_the_paths_that_are_promised() -> None:
    assert LINKS.unsubscribe(5).startswith("https://news.example.org/unsubscribe/")
    assert LINKS.preferences(5).startswith("https://news.example.org/preferences/")
    assert LINKS.click(5, 6).startswith("https://news.example.org/c/")
    assert LINKS.feedback(5, 6, "more").startswith("https://news.example.org/f/")
    assert LINKS.view(5).startswith("https://news.example.org/view/")
    assert LINKS.confirm(5, 1, NOW).startswith("https://news.example.org/confirm/")
    assert LINKS.manage(5, 1, NOW).startswith("https://news.example.org/preferences/")
    assert LINKS.address(5, 1, NOW).startswith("https://news.example.org/address/")


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_says_what_it_answers_and_how(kind: Kind) -> None:
    token = LINKS.feedback(5, 6, kind).rpartition("/")[2]
    delivery, story, place = LINKS.read("feedback", token)
    assert (delivery, story, KINDS[place]) == (5, 6, kind)


@pytest.mark.parametrize("disguise", ["{}=", "{}==", " {}", "{}\n", "{}!", "{}é", "{}A"])
def test_a_token_is_written_in_one_way_only(disguise: str) -> None:
    for delivery in range(3):
        token = LINKS.token("view", 10**delivery)
        with pytest.raises(TokenError):
            LINKS.read("view", disguise.format(token))


def test_not_even_the_last_character_can_be_another() -> None:
    token = LINKS.token("view", 7)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for last in set(alphabet) - {token[-1]}:
        with pytest.raises(TokenError):
            LINKS.read("view", token[:-1] + last)


def test_a_link_is_short_and_names_nobody() -> None:
    assert len(LINKS.token("click", 9_999_999, 99_999)) <= 36
    assert "@" not in LINKS.click(1, 2)
    with pytest.raises(ValueError, match="cannot be part of a link"):
        LINKS.click(-1, 2)


@pytest.mark.parametrize("secrets", [[], [b""], [b"one", b""]])
def test_there_is_no_signing_without_a_secret(secrets: list[bytes]) -> None:
    with pytest.raises(ValueError, match="at least one secret"):
        Links("https://news.example.org", secrets)


def test_the_links_of_a_copy_are_the_same_whoever_makes_them() -> None:
    wanted: dict[tuple[str, int | None], str] = {
        ("click", 7): LINKS.click(300, 7),
        ("click", 0): LINKS.click(300, 0),
        ("more", 7): LINKS.feedback(300, 7, "more"),
        ("less", 7_000): LINKS.feedback(300, 7_000, "less"),
        ("unsubscribe", None): LINKS.unsubscribe(300),
        ("preferences", None): LINKS.preferences(300),
        ("view", None): LINKS.view(300),
    }
    assert [link.decode() for link in LINKS.of_copy(300)(wanted)] == list(wanted.values())


def mutants(token: str, chance: random.Random, number: int) -> Iterator[str]:
    """Others like it: a character changed, put in, left out, moved, doubled; cut and joined."""
    for _ in range(number):
        at, other = chance.randrange(len(token)), chance.randrange(len(token))
        character = chance.choice(string.ascii_letters + string.digits + "-_=.~% ")
        yield chance.choice(
            (
                token[:at] + character + token[at + 1 :],
                token[:at] + character + token[at:],
                token[:at] + token[at + 1 :],
                token[:at],
                token[at:] + token[:at],
                token + token[at:],
                "".join(chance.sample(token, len(token))),
                token[:at] + token[other : other + 8] + token[at + 8 :],
                token.swapcase(),
                token + "=" * (at % 4),
            )
        )


def test_of_fifty_thousand_mutants_none_is_accepted() -> None:
    chance = random.Random(20261126)
    tried = 0
    for scope in PATHS:
        for numbers in ((1,), (1, 7), (3, 9, 1), (12_345, 2**31 - 1, 1_800_000_000)):
            token = LINKS.token(scope, *numbers)
            for wrong in mutants(token, chance, 1_650):
                if wrong != token:
                    tried += 1
                    with pytest.raises(TokenError):
                        LINKS.read(scope, wrong)
    assert tried > 50_000


def test_none_of_the_ninety_swaps_of_purpose_is_accepted() -> None:
    swaps = [(made, used) for made in PATHS for used in PATHS if made != used]
    assert len(swaps) == 90
    for made, used in swaps:
        token = LINKS.token(made, 1, 1, 2**40)
        with pytest.raises(TokenError):
            LINKS.read(used, token)
        with pytest.raises(TokenError):
            LINKS.holder(used, token, NOW)
