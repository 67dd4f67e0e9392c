"""What our errors say is told apart into what is the matter and what to do."""

import pytest

from mailer.diagnosis.finding import refused
from recommender.errors import StoreError


@pytest.mark.parametrize(
    ("said", "found", "what_to_do"),
    [
        ("there is none at x; run `init`", "there is none at x", "run `init`"),
        ("it is old: run `init`", "it is old", "run `init`"),
        ("it is odd", "it is odd", "look"),
    ],
)
def test_the_remedy_of_an_error_is_its_own_or_the_one_given(
    said: str, found: str, what_to_do: str
) -> None:
    one = refused("store", StoreError(said), "look")
    assert (one.state, one.found, one.what_to_do) == ("error", found, what_to_do)
    assert one.words == f"{found}; {what_to_do}"
