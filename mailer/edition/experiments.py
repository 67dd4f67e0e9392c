"""Experiments of a newsletter: started, stopped and listed; and what of them an edition freezes.

An edition takes part from the first to the last of its copies if it is planned between start and
stop: what it froze stays frozen. The caller commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition import schedule
from mailer.edition.edition_settings import EditionSettings
from mailer.issue import plaintext, wording
from recommender.errors import ConflictError, NewsletterError, NotFoundError
from recommender.models import Edition, Experiment, ExperimentKind, Newsletter
from recommender.ranking import knobs
from recommender.ranking.settings import RankingSettings
from recommender.settings import Settings

MOST_SUBJECTS = 4


@dataclass(frozen=True)
class Plan:
    """What shall be compared: ``kind``, ``share`` of readers and ``values`` (``Experiment``)."""

    kind: ExperimentKind
    share: float
    values: Mapping[str, Any]


def of_rankers(kind: ExperimentKind, a: str, b: str, share: float) -> Plan:
    """Two settings of the ranker; an empty text is what there is. NewsletterError for a setting
    that is none, or when both are the same."""
    first, second = (knobs.changed(RankingSettings(), text) for text in (a, b))
    if first == second:
        raise NewsletterError("both settings are the same; there is nothing to compare")
    return Plan(kind, share, {"a": a, "b": b})


def of_subjects(subjects: Sequence[str], period: str, share: float, hours: float) -> Plan:
    """Subjects of the edition of ``period``. NewsletterError for one that is too long, too few or
    too many."""
    cleaned = list(dict.fromkeys(plaintext.clean(one) for one in subjects))
    if not 2 <= len(cleaned) <= MOST_SUBJECTS:
        raise NewsletterError(f"give 2 to {MOST_SUBJECTS} different subjects")
    for one in cleaned:
        if not 1 <= len(one) <= wording.LONGEST_SUBJECT:
            raise NewsletterError(
                f"subject: has {len(one)} characters; 1 to {wording.LONGEST_SUBJECT} are taken"
            )
    values = {"subjects": cleaned, "period": period, "hours": hours}
    return Plan(ExperimentKind.SUBJECT, share, values)


def start(
    session: Session, newsletter: Newsletter, name: str, plan: Plan, *, by: str, now: datetime
) -> Experiment:
    """A new experiment, from the next edition on that is planned.

    Raises ConflictError for a name there is already, while another runs that would compare the same
    thing, and for subjects of an edition that is planned.
    """
    # Whoever plans an edition, or starts another experiment, waits for this transaction.
    session.refresh(newsletter, with_for_update=True)
    rows = listing(session, newsletter.id)
    if name in {row.name for row in rows}:
        raise ConflictError(f"there is an experiment {name!r} already; give it another name")
    subjects = plan.kind == ExperimentKind.SUBJECT
    for row in rows:
        same = (row.kind == ExperimentKind.SUBJECT) == subjects
        if same and subjects:
            same = row.settings["period"] == plan.values["period"]
        if row.stopped_at is None and same:
            raise ConflictError(
                f"{row.name!r} is running; `newsletter experiments stop {row.name}`"
            )
    if subjects:
        _not_planned(session, newsletter, plan.values["period"])
    row = Experiment(
        newsletter_id=newsletter.id,
        name=name,
        kind=plan.kind,
        share=plan.share,
        settings=dict(plan.values),
        started_at=now,
        started_by=by,
    )
    session.add(row)
    session.flush()
    return row


def _not_planned(session: Session, newsletter: Newsletter, period: str) -> None:
    here = (Edition.newsletter_id == newsletter.id) & (Edition.period == period)
    if session.scalar(sa.select(Edition.id).where(here)) is not None:
        raise ConflictError(
            f"{newsletter.name}-{period} is planned: its copies stay as they are; --period names "
            "another edition"
        )


def stop(session: Session, row: Experiment, *, by: str, now: datetime) -> None:
    """Let no further edition take part. Raises ConflictError when it was stopped already."""
    if row.stopped_at is not None:
        raise ConflictError(f"{row.name!r} was stopped on {row.stopped_at:%Y-%m-%d}")
    row.stopped_at, row.stopped_by = now, by
    session.flush()


def listing(session: Session, newsletter_id: int) -> list[Experiment]:
    """The experiments of a newsletter, the latest first."""
    query = sa.select(Experiment).where(Experiment.newsletter_id == newsletter_id)
    return list(session.scalars(query.order_by(Experiment.id.desc())))


def get(session: Session, newsletter: Newsletter, name: str) -> Experiment:
    """The experiment of that name; NotFoundError names those there are."""
    rows = listing(session, newsletter.id)
    for row in rows:
        if row.name == name:
            return row
    names = ", ".join(row.name for row in rows) or "none yet"
    raise NotFoundError(f"{newsletter.name} has no experiment {name!r}; there are: {names}")


def editions(session: Session, row: Experiment) -> list[Edition]:
    """The editions that took part, the earliest first."""
    query = (
        sa.select(Edition)
        .options(sa.orm.joinedload(Edition.newsletter))
        .where(Edition.newsletter_id == row.newsletter_id, Edition.planned_at >= row.started_at)
        .order_by(Edition.planned_at, Edition.id)
    )
    return [
        edition
        for edition in session.scalars(query)
        if row.id in {one["id"] for one in edition.settings.get("experiments", ())}
    ]


def frozen(
    session: Session, settings: Settings, newsletter_id: int, period: str
) -> EditionSettings:
    """The settings of an edition that is planned now: those of its newsletter, and what is compared
    in it. First issues compare nothing but what they are worth."""
    usual = EditionSettings.of(settings)
    if period.startswith(schedule.WELCOME):
        return usual
    running = [row for row in listing(session, newsletter_id)[::-1] if row.stopped_at is None]
    documents = []
    for row in running:
        if row.kind != ExperimentKind.SUBJECT:
            documents.append(
                {"id": row.id, "kind": str(row.kind), "share": row.share, **row.settings}
            )
        elif row.settings["period"] == period:
            named = {key: row.settings[key] for key in ("subjects", "hours")}
            documents.append({"id": row.id, "share": row.share, **named})
    return replace(usual, experiments=tuple(documents))
