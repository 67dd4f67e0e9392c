"""Weights move as a reader says."""

import pytest

from mailer.inbound.reply_grammar import Change
from mailer.inbound.steering import _weight


@pytest.mark.parametrize(
    ("old", "what", "new"),
    [
        (None, "more", 2), (2, "more", 3), (3, "more", 3), (-2, "more", 2),
        (None, "less", -1), (3, "less", -1), (-1, "less", -2), (-2, "less", -2),
        (None, "mute", -2), (3, "mute", -2),
    ],
)  # fmt: skip
def test_a_weight_follows_the_word(old: float | None, what: str, new: float) -> None:
    assert _weight(old, Change(what, "Robotics")) == new  # type: ignore[arg-type]
