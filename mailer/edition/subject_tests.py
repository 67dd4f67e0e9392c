"""Subjects that are tried with a share of an edition's readers before the best goes to the rest.

The share is planned, and sent to, first. The rest is not in the edition until the winner is known:
when it is certain, when the trial's hours are over, or when the experiment is stopped; then they
are planned with it, like readers who come to any edition later. So what a copy says is frozen when
it is planned, and nothing that was planned changes. The caller commits.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition.edition_settings import EditionSettings, SubjectTest
from recommender.models import Edition, EditionState, Experiment, ExperimentKind, Newsletter

if TYPE_CHECKING:
    from recommender.evaluation.sequences import Arm


@dataclass(frozen=True)
class Tried:
    """The readers of each subject in numbers; the subject that is ``certain`` to be the best, if
    any, and the one that is ``ahead``: of equals, and of those nobody answered, the first."""

    arms: "dict[str, Arm]"
    certain: str | None
    ahead: str


def of(edition: Edition) -> SubjectTest | None:
    """What is tried in an edition; one that was planned before there were tests tries nothing."""
    if not edition.settings.get("experiments"):
        return None
    return EditionSettings(**edition.settings).subject_test


def tried(session: Session, edition_id: int, subjects: list[str]) -> Tried:
    """What came of the subjects of an edition so far. Each is compared with the one that is ahead;
    the chance to be wrong is divided among them (Bonferroni)."""
    # Here, for who plans an edition without a trial does without numpy.
    from mailer.edition import arm_answers
    from recommender.evaluation import sequences

    numbered = arm_answers.by_subject(session, edition_id, map(str, range(len(subjects))))
    arms = {subjects[int(number)]: arm for number, arm in numbered.items()}
    rates = {name: arm.rate if arm.copies.sum() else 0.0 for name, arm in arms.items()}
    ahead = max(subjects, key=lambda name: rates[name])  # the first of equals
    alpha = sequences.ALPHA / (len(subjects) * (len(subjects) - 1) / 2)
    clear = [
        sequences.of_arms(arms[name], arms[ahead], tuned_at=0.02, alpha=alpha).low > 0
        for name in subjects
        if name != ahead
    ]
    return Tried(arms, ahead if all(clear) else None, ahead)


def waits(session: Session, edition: Edition) -> bool:
    """Whether the rest of an edition's readers wait for its subject to be decided."""
    test = of(edition)
    return test is not None and _row(session, test).decided_at is None


def decide(session: Session, edition: Edition, now: datetime) -> bool:
    """Decide which subject the rest gets, once that can be done; whether it is decided. Whoever
    asks holds the newsletter's lock."""
    test = of(edition)
    if test is None:
        return True
    row = _row(session, test)
    if row.decided_at is not None:
        return True
    found = tried(session, edition.id, test.subjects)
    winner = found.certain
    if winner is None and (row.stopped_at is not None or _over(edition, test, now)):
        winner = found.ahead
    if winner is None:
        return False
    row.winner, row.decided_at = str(test.subjects.index(winner)), now
    row.stopped_at, row.stopped_by = row.stopped_at or now, row.stopped_by or "its result"
    session.flush()
    return True


def _over(edition: Edition, test: SubjectTest, now: datetime) -> bool:
    """Whether the subjects have been tried for long enough, from the first copy on."""
    started = edition.started_at
    return started is not None and now - started >= timedelta(hours=test.hours)


def _row(session: Session, test: SubjectTest) -> Experiment:
    return session.get_one(Experiment, test.id)


def open_trials(session: Session, newsletter: str) -> list[str]:
    """The periods of editions whose subjects are being tried, or whose rest is still to be planned
    with the winner."""
    query = (
        sa.select(Edition, Experiment)
        .join(Newsletter, Newsletter.id == Edition.newsletter_id)
        .join(Experiment, Experiment.newsletter_id == Newsletter.id)
        .where(Newsletter.name == newsletter, Experiment.kind == ExperimentKind.SUBJECT)
        .where(Experiment.settings["period"].as_string() == Edition.period)
        .where(Edition.published_at.is_(None), Edition.closed_at.is_(None))
        .where(Edition.started_at.is_not(None), Edition.state != EditionState.CANCELLED)
        .order_by(Edition.id)
    )
    return [
        edition.period
        for edition, row in session.execute(query)
        if (test := of(edition)) is not None and test.id == row.id
    ]


@dataclass(frozen=True)
class Subjects:
    """The subjects of readers who are planned at one moment: who tries which, or the ``winner``
    for all."""

    test: SubjectTest
    winner: str | None

    def text(self, arm: int | None) -> str:
        """The subject of a reader who tries the one of that number; None: of the rest."""
        number = int(self.winner or 0) if arm is None else arm
        return self.test.subjects[number]


def at(session: Session, edition_settings: EditionSettings, moment: datetime) -> Subjects | None:
    """The subjects of those whose planning began at ``moment``; None where none is tried."""
    test = edition_settings.subject_test
    if test is None:
        return None
    row = _row(session, test)
    decided = row.decided_at is not None and row.decided_at <= moment
    return Subjects(test, row.winner if decided else None)
