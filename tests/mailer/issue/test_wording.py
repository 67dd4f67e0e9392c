"""Sentences that stand by themselves."""

import pytest

from mailer import localization
from mailer.issue import wording


@pytest.mark.parametrize(
    ("schedule", "english", "german"),
    [
        ("daily 07:30", "Every day", "Jeden Tag"),
        ("weekdays 07:30", "From Monday to Friday", "Montag bis Freitag"),
        ("thursday 08:00", "Every Thursday", "Jeden Donnerstag"),
        ("every other friday 08:00", "Every other Friday", "Jeden zweiten Freitag"),
        (
            "first monday 08:00",
            "Every first Monday of the month",
            "Jeden ersten Montag im Monat",
        ),
    ],
)
def test_how_often_a_newsletter_comes_is_said_in_words(
    schedule: str, english: str, german: str
) -> None:
    said = [wording.cadence(schedule, localization.choose(code)) for code in ("en", "de")]
    assert said == [english, german]
