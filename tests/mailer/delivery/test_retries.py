"""When a deferred copy is tried again."""

from datetime import datetime, timedelta

import pytest

from mailer.delivery import retries
from mailer.ledger.claims import Claim
from mailer.relay.transport import Verdict, VerdictKind


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


@pytest.mark.parametrize(("seconds", "minutes"), [(30, 5), (3_600, 60)])
def test_who_says_for_how_long_is_not_asked_before(
    now: datetime, seconds: int, minutes: int
) -> None:
    claim = Claim(7, 1, 1, "r@example.com", "[]", "{}", 0)
    verdict = Verdict(
        VerdictKind.DEFERRED, "relay", 451, "4.7.0", "HTTP 429", "MAIL", retry_after=seconds
    )
    outcome = retries.outcome_of(verdict, claim, now, timedelta(hours=48))
    assert outcome.retry_at is not None
    assert outcome.retry_at - now >= timedelta(minutes=minutes)
    assert not outcome.tried
