import pytest

from recommender.models import Frequency
from recommender.subscribers import calendar_words, fields


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *(("Thursday", "thursday"), ("thu", "thursday"), ("Donnerstag", "thursday")),
        *(
            ("Do.", "thursday"),
            ("so", "sunday"),
            ("Sonnabend", "saturday"),
            ("SAMSTAG", "saturday"),
        ),
        *(("th", None), ("d", None), ("", None), ("Feiertag", None), ("14", None)),
    ],
)
def test_a_day_is_understood_in_either_language(text: str, day: str | None) -> None:
    assert calendar_words.day(text) == day


@pytest.mark.parametrize(
    ("text", "frequency"),
    [
        *((one.value.title(), one) for one in Frequency),
        *((word, one) for one, words in calendar_words.FREQUENCIES.items() for word in words),
        *(("Alle  zwei Wochen", Frequency.FORTNIGHTLY), ("täglich", None), ("", None)),
    ],
)
def test_a_frequency_is_understood_in_either_language(
    text: str, frequency: Frequency | None
) -> None:
    assert calendar_words.frequency(text) == frequency


def test_a_reader_of_a_table_in_another_language_keeps_day_and_frequency() -> None:
    given = {"email": "a@example.com", "day": "Donnerstag", "frequency": "monatlich"}
    values = fields.draft(1, given).values
    assert (values["day"], values["frequency"]) == ("thursday", Frequency.MONTHLY)
    with pytest.raises(ValueError, match="'täglich' is none of weekly, fortnightly, monthly"):
        fields.draft(1, {"email": "a@example.com", "frequency": "täglich"})
