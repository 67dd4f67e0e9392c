"""Shares with their intervals, as reports show them."""

from recommender.evaluation import intervals

Rate = dict[str, float]
"""``mean``, and ``low`` and ``high``: the ends of its 95 % interval."""


def rate(successes: int, trials: int) -> Rate | None:
    """The share of ``successes``; None of no trials."""
    if not trials:
        return None
    share = intervals.wilson(successes, trials)
    return {"mean": round(share.mean, 4), "low": round(share.low, 4), "high": round(share.high, 4)}
