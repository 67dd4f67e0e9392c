"""Whom to tell is checked when the settings are loaded, and shows no secret."""

import pytest

from recommender.errors import ConfigurationError
from recommender.settings import load

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("ALERT_TO", "nobody", "ALERT_TO: "),
        ("ALERT_URL", "ftp://example.com/", "ALERT_URL: is not an http(s) address"),
        ("ALERT_URL", "https://example.com/", "alert_secret: must be set where alert_url is"),
        ("ALERT_SECRET", "whsec_c2hvcnQ=", "ALERT_SECRET: is not whsec_ and 24 to 64 bytes"),
    ],
)
def test_what_cannot_be_used_is_named(key: str, value: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load(None, {f"NEWSLETTER_{key}": value})
    assert why in str(refusal.value)
    assert key == "ALERT_TO" or value not in str(refusal.value)


def test_address_and_secret_are_shown_nowhere() -> None:
    settings = load(
        None, {"NEWSLETTER_ALERT_URL": "https://h.example/tok", "NEWSLETTER_ALERT_SECRET": SECRET}
    )
    assert "tok" not in repr(settings)
    assert SECRET not in repr(settings)
