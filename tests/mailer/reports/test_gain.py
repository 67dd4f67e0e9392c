"""What personal issues are worth: said as it is, and when it is certain."""

from typing import Any

from mailer.reports import gain
from recommender.evaluation.intervals import Estimate

HOUSE = {"readers": 100, "copies": 400, "answered": 40, "rate": 0.1}
PERSONAL = {"readers": 900, "copies": 3600, "answered": 540, "rate": 0.15}


def said(low: float | None, high: float | None, *, certain: bool) -> str:
    known: dict[str, Any] = {"mean": 0.05, "low": low, "high": high}
    return gain.sentence({"house": HOUSE, "personal": PERSONAL, "gain": known, "certain": certain})


def test_a_gain_is_said_with_its_interval_and_whether_it_is_certain() -> None:
    rates = "15.0% of personal copies were answered, 10.0% of house digests"
    assert said(0.02, 0.08, certain=True) == (
        f"{rates}: +5.0 points (+2.0 to +8.0), which is certain"
    )
    assert said(-0.01, 0.11, certain=False).endswith("which is not certain yet")
    assert said(None, None, certain=False) == f"{rates}; too few answers to say more"


def test_before_anything_was_sent_nothing_is_known() -> None:
    nobody = {"readers": 0, "copies": 0, "answered": 0, "rate": None}
    document = {"house": nobody, "personal": PERSONAL, "gain": {}, "certain": False}
    assert "nothing is known" in gain.sentence(document)


def test_an_interval_without_ends_is_none_of_a_number() -> None:
    found = gain.interval_document(Estimate(0.1, float("-inf"), float("inf")))
    assert found == {"mean": 0.1, "low": None, "high": None}
