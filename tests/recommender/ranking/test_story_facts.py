"""What ties a story to its event: names and numbers, however they are written."""

from collections.abc import Callable

import pytest

from recommender.ranking import story_facts
from recommender.ranking.values import Story

MakeStory = Callable[..., Story]


def test_names_are_what_is_never_written_small_and_no_topic(story: MakeStory) -> None:
    [one, _] = story_facts.of(
        [
            story("a", "Quality Matters at Veltrix", "The Orion N4 from Austin.",
                  topics={"Austin": 1.0}),
            story("b", "why quality matters", "Of orion stars"),
        ]
    )  # fmt: skip
    assert one.names == {"veltrix", "n4"}
    assert one.title == {"veltrix"}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("raises $42M in 2026", {"4.2e+07"}),
        ("42 Millionen Euro", {"4.2e+07"}),
        ("1,200 hosts", {"1200"}),
        ("1.200 Beschwerden", {"1200"}),
        ("version 9.4.2 of two", {"9.4.2"}),
        ("sixty terabytes", {"60"}),
        ("a rate of 9.5", {"9.5"}),
        ("9" * 400 + " digits", {"9" * 400}),
    ],
)
def test_numbers_are_compared_by_value(story: MakeStory, text: str, numbers: set[str]) -> None:
    [found] = story_facts.of([story("a", text)])
    assert found.numbers == numbers


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("Queues, part 1: why", "Queues, part 2: how", True),
        ("Letter 41: fonts", "Letter 42: colours", True),
        ("CVE-2026-31877 is exploited", "CVE-2026-31902 is not", True),
        ("Solstice 6 is out", "What Solstice 6 changes", False),
        ("Solstice 6 is out", "Marlin 3 is out", False),
    ],
)
def test_parts_of_a_series_count_differently(
    story: MakeStory, one: str, other: str, *, differ: bool
) -> None:
    first, second = story_facts.of([story("a", one), story("b", other)])
    assert story_facts.count_differently(first.versions, second.versions) is differ
