"""Days, frequencies and pauses, as people write them."""

import pytest

from mailer.inbound import schedule_words


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("only fridays", ("day", "friday")),
        ("nur noch am sonntag", ("day", "sunday")),
        ("every other week", ("frequency", "fortnightly")),
        ("einmal im monat reicht", ("frequency", "monthly")),
        ("pause for two weeks", ("pause", "2")),
        ("pause for 90 weeks", None),
        ("see you on friday", None),
        ("the monthly issue was good", None),
    ],
)
def test_a_whole_sentence_must_be_a_wish(sentence: str, found: tuple[str, str] | None) -> None:
    assert schedule_words.find(sentence) == found
