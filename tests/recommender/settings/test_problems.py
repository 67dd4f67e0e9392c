"""What is wrong with a setting is said in words of our own."""

import pytest

from recommender import settings
from recommender.errors import ConfigurationError


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PICKS", "abc", "NEWSLETTER_PICKS: 'abc' is no whole number"),
        ("PICKS", "99", "NEWSLETTER_PICKS: '99' must be at most 20"),
        ("RELEVANCE_FLOOR", "-1", "NEWSLETTER_RELEVANCE_FLOOR: '-1' must be at least 0"),
        ("TRACKING", "maybe", "NEWSLETTER_TRACKING: 'maybe' is neither true nor false"),
        ("IN_DOUBT", "ask", "NEWSLETTER_IN_DOUBT: 'ask' is none of 'skip' or 'resend'"),
        ("TIMEOUT_SECONDS", "0", "NEWSLETTER_TIMEOUT_SECONDS: '0' must be more than 0"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        settings.load(None, {f"NEWSLETTER_{name}": value})
    assert str(error.value) == said


def test_no_setting_answers_in_the_words_of_its_validator() -> None:
    for name in settings.names():
        for value in ("abc", "-1", "1000000000", "99:99"):
            key = f"NEWSLETTER_{name.upper()}"
            try:
                settings.load(None, {key: value})
            except ConfigurationError as error:
                assert "Input should" not in str(error)
                assert "should match pattern" not in str(error)
