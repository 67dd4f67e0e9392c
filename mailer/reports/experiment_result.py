"""What came of an experiment so far: each arm in numbers, the difference, and whether it is
certain. Its interval holds at every look."""

import math
from typing import Any

from sqlalchemy.orm import Session

from mailer.edition import arm_answers, experiments, subject_tests
from mailer.reports.gain import arm_document, interval_document
from recommender.evaluation import sequences
from recommender.evaluation.intervals import Estimate
from recommender.models import Experiment, ExperimentKind

MOST_EDITIONS = 100
"""More editions than that are not foretold."""


def result(session: Session, row: Experiment) -> dict[str, Any]:
    """``arms`` (for subjects, under each of them), ``difference`` (of b beside a, in answered
    copies or, interleaved, in answers a copy), ``better`` (``a``, ``b`` or the best subject, once
    it is certain), and about how many ``more_editions`` that takes at this rate."""
    editions = experiments.editions(session, row)
    document = described(row) | {"editions": [edition.name for edition in editions]}
    ids = [edition.id for edition in editions]
    if row.kind == ExperimentKind.SUBJECT:
        tried = subject_tests.tried(session, ids[0], row.settings["subjects"]) if ids else None
        arms = {} if tried is None else tried.arms
        document["arms"] = {name: arm_document(arm) for name, arm in arms.items()}
        document["better"] = None if tried is None else tried.certain
        return document
    if row.kind == ExperimentKind.AB:
        arms = arm_answers.by_arm(session, ids, {"a": ("a",), "b": ("b",)})
        tuned_at = sequences.TUNED_AT
        found = sequences.of_arms(arms["a"], arms["b"], tuned_at=tuned_at)
        error = sequences.compare(arms["a"], arms["b"]).error
        document["arms"] = {name: arm_document(arm) for name, arm in arms.items()}
    else:
        teams = arm_answers.by_team(session, ids)
        tuned_at = sequences.TEAMS_TUNED_AT
        found, error = sequences.of_arm(teams, tuned_at=tuned_at), teams.error
        document["arms"] = {
            "both": {
                "readers": len(teams.copies),
                "copies": int(teams.copies.sum()),
                "readers_for_a": int((teams.answered < 0).sum()),
                "readers_for_b": int((teams.answered > 0).sum()),
            }
        }
    document["difference"] = interval_document(found)
    document["better"] = "b" if found.low > 0 else "a" if found.high < 0 else None
    document["more_editions"] = _more(found, error, len(editions), tuned_at)
    return document


def described(row: Experiment) -> dict[str, Any]:
    """What an experiment compares, since when, and what was decided."""
    return {
        "name": row.name,
        "kind": str(row.kind),
        "share": row.share,
        **row.settings,
        "started_at": row.started_at,
        "started_by": row.started_by,
        "stopped_at": row.stopped_at,
        "stopped_by": row.stopped_by,
        "winner": row.winner,
        "decided_at": row.decided_at,
    }


def _more(
    found: Estimate, error: float, editions: int, tuned_at: float = sequences.TUNED_AT
) -> int | None:
    """About how many more editions make a difference of this size certain; None where it is, or
    that cannot be foretold."""
    if found.low > 0 or found.high < 0 or not (math.isfinite(error) and math.isfinite(found.mean)):
        return None
    for number in range(1, MOST_EDITIONS + 1):
        later = error * math.sqrt(editions / (editions + number))
        ahead = sequences.interval(abs(found.mean), later, tuned_at=tuned_at)
        if ahead.low > 0:
            return number
    return None
