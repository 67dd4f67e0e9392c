"""When a deferred copy is tried again."""

from datetime import timedelta

import pytest

from mailer.delivery import retries


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(0, 5), (1, 15), (2, 45), (3, 135), (4, 240), (5, 240), (1_000, 240)]
)
def test_waits_triple_up_to_four_hours_and_are_spread_by_a_quarter(
    attempts: int, minutes: int
) -> None:
    waits = [retries.backoff(attempts, seed) for seed in range(200)]
    shortest = timedelta(minutes=minutes)
    assert all(shortest <= wait <= shortest * 1.25 for wait in waits)
    assert max(waits) - min(waits) > shortest * 0.2  # they do not come back all at once


def test_the_same_copy_waits_the_same_time_whoever_asks() -> None:
    assert retries.backoff(2, 7) == retries.backoff(2, 7)
