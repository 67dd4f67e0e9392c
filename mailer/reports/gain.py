"""What personal issues are worth on a newsletter's own readers: those of the holdout beside all
others, over every edition so far.

The interval holds at every look (``recommender.evaluation.sequences``), so each report may state
it, and whoever acts on the first that is certain does no harm.
"""

import math
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition.arms import Arm
from recommender.evaluation.intervals import Estimate
from recommender.models import Edition

if TYPE_CHECKING:
    from recommender.evaluation import sequences

GROUPS = {
    "house": (Arm.HOUSE.value,),
    "personal": (Arm.PERSONAL.value, Arm.A.value, Arm.B.value, Arm.BOTH.value),
}


def gain(session: Session, edition: Edition) -> dict[str, Any] | None:
    """The gain as of an edition, from the first one with a holdout: the share of copies that were
    answered by arm, and the difference; None without a holdout."""
    if not edition.settings.get("holdout"):
        return None
    from mailer.edition import arm_answers  # they load SciPy, which takes 0.2 s
    from recommender.evaluation import sequences

    query = (
        sa.select(Edition)
        .where(
            Edition.newsletter_id == edition.newsletter_id,
            Edition.planned_at <= edition.planned_at,
        )
        .order_by(Edition.planned_at, Edition.id)
    )
    with_holdout = [one for one in session.scalars(query) if one.settings.get("holdout")]
    arms = arm_answers.by_arm(session, [one.id for one in with_holdout], GROUPS)
    found = sequences.of_arms(arms["house"], arms["personal"])
    return {
        "holdout": edition.settings["holdout"],
        "editions": len(with_holdout),
        "since": with_holdout[0].period,
        **{name: arm_document(arm) for name, arm in arms.items()},
        "gain": interval_document(found),
        "certain": found.low > 0 or found.high < 0,
    }


def arm_document(arm: "sequences.Arm") -> dict[str, Any]:
    """The readers of an arm in numbers."""
    return {
        "readers": len(arm.copies),
        "copies": int(arm.copies.sum()),
        "answered": int(arm.answered.sum()),
        "rate": finite(arm.rate),
    }


def interval_document(found: Estimate) -> dict[str, float | None]:
    """An interval whose ends may not be known yet."""
    return {"mean": finite(found.mean), "low": finite(found.low), "high": finite(found.high)}


def finite(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None


def sentence(document: dict[str, Any]) -> str:
    """The gain in one sentence."""
    house, personal = document["house"]["rate"], document["personal"]["rate"]
    if house is None or personal is None:
        return "nothing was sent to the holdout yet, so nothing is known of the gain"
    rates = f"{personal:.1%} of personal copies were answered, {house:.1%} of house digests"
    found = document["gain"]
    if found["low"] is None:
        return f"{rates}; too few answers to say more"
    low, mean, high = (100 * found[end] for end in ("low", "mean", "high"))
    interval = f"{mean:+.1f} points ({low:+.1f} to {high:+.1f})"
    if not document["certain"]:
        return f"{rates}: {interval}, which is not certain yet"
    return f"{rates}: {interval}, which is certain"
