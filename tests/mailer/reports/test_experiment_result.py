"""How much longer an experiment takes is foretold from how it went so far."""

from mailer.reports import experiment_result
from recommender.evaluation import sequences
from recommender.evaluation.intervals import Estimate


def test_about_how_many_more_editions_are_needed_is_foretold() -> None:
    error = 0.02
    found = sequences.interval(0.05, error, tuned_at=0.01)
    assert found.low < 0
    more = experiment_result._more(found, error, 4)
    assert more is not None
    assert 1 <= more <= 8
    assert experiment_result._more(Estimate(0.05, 0.01, 0.09), error, 4) is None
    assert (
        experiment_result._more(sequences.interval(0.0001, error, tuned_at=0.01), error, 4) is None
    )
    assert (
        experiment_result._more(Estimate(0.05, float("-inf"), float("inf")), float("inf"), 4)
        is None
    )
