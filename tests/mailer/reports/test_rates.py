"""Shares come with their intervals, and of nothing there is none."""

from mailer.reports.rates import rate


def test_a_share_lies_in_its_interval() -> None:
    found = rate(3, 10)
    assert found is not None
    assert found["low"] < found["mean"] == 0.3 < found["high"]


def test_of_no_trials_there_is_no_share() -> None:
    assert rate(0, 0) is None
