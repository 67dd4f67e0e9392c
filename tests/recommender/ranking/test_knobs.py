"""Ranker settings as people write them."""

import pytest

from recommender.errors import NewsletterError
from recommender.ranking import knobs
from recommender.ranking.settings import RankingSettings


def test_a_setting_changes_what_it_names_and_nothing_else() -> None:
    before = RankingSettings()
    found = knobs.changed(before, "diversity = 0.4, profile.role=1, explore=off, max_per_source=2")
    assert (found.diversity, found.profile.role, found.explore) == (0.4, 1.0, False)
    assert found.max_per_source == 2
    assert found.freshness == before.freshness
    assert knobs.changed(before, " ") == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("diversty=0.4", "did you mean diversity?"),
        ("diversity", "expected KNOB=VALUE"),
        ("diversity=lots", "'lots' is no number"),
        ("diversity=nan", "expected a number from 0"),
        ("pool=1.5", "expected a whole number"),
        ("explore=2", "expected true or false"),
        ("vary=0.5", "no knob 'vary'"),
        ("profile=1", "no knob 'profile'"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(NewsletterError, match="setting") as error:
        knobs.changed(RankingSettings(), text)
    assert words in str(error.value)


def test_every_knob_can_be_set() -> None:
    for name in knobs.names():
        assert isinstance(knobs.changed(RankingSettings(), f"{name}=1"), RankingSettings)
