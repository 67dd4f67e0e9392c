"""Links: what was signed is read back, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.links import PATHS, Links, TokenError

LINKS = Links("https://news.example.org/", [b"the current secret", b"the one before"])
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
    at = position % (len(token) - 1)  # the last character carries unused bits
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
    assert LINKS.feedback(5, 6, "more") != LINKS.feedback(5, 6, "less")
