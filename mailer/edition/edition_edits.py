"""What editors give an edition beside its stories: a note, for everybody or a segment, and a
subject. Kept by newsletter and period, so that both may be there before the edition is planned.

Until the first copy is on its way they may be changed; from then on they stay, so that every copy,
and its web version, says the same. Which segments a reader is in is frozen with their copy. Nothing
is overwritten: the rows say who said what, and when. The caller commits.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition import sponsors
from mailer.issue.sponsors import SponsorContent
from mailer.ledger import deliveries
from recommender import segments
from recommender.errors import ConflictError
from recommender.models import Edition, EditionEdit, EditionEditKind, EditionState, Newsletter


@dataclass(frozen=True)
class EditionEdits:
    """What holds for an edition. ``notes`` are in Markdown, by segment (None: for everybody);
    ``sponsors`` is what each of the newsletter's says."""

    subject: str = ""
    notes: Mapping[str | None, str] = field(default_factory=dict)
    sponsors: Mapping[int, SponsorContent] = field(default_factory=dict)

    @property
    def segments(self) -> Collection[str]:
        """Segments whose readers see something of their own."""
        return [name for name in self.notes if name is not None]


def current(session: Session, newsletter: str, period: str) -> EditionEdits:
    """What holds now for the edition of ``period``."""
    rows = history(session, newsletter, period, ended=False)
    subject = next((row.value for row in rows if row.kind == EditionEditKind.SUBJECT), "")
    notes = {row.segment: row.value for row in rows if row.kind == EditionEditKind.NOTE}
    return EditionEdits(subject, notes, sponsors.contents(session, newsletter))


def history(
    session: Session, newsletter: str, period: str, *, ended: bool = True
) -> Sequence[EditionEdit]:
    """All that was said of the edition of ``period``, the latest last; without ``ended`` only what
    holds."""
    query = (
        sa.select(EditionEdit)
        .join(Newsletter, Newsletter.id == EditionEdit.newsletter_id)
        .where(Newsletter.name == newsletter, EditionEdit.period == period)
        .order_by(EditionEdit.id)
    )
    if not ended:
        query = query.where(EditionEdit.ended_at.is_(None))
    return session.scalars(query).all()


def make(
    session: Session,
    newsletter: Newsletter,
    period: str,
    kind: EditionEditKind,
    value: str | None,
    *,
    by: str,
    now: datetime,
    segment: str | None = None,
) -> None:
    """Say ``value`` in place of what was said before; None: take that back.

    Raises ConflictError once the edition is on its way, NotFoundError for an unknown segment.
    """
    edition = _open(session, newsletter, period)
    if segment is not None and value is not None:
        segments.get(session, segment)
    session.execute(
        sa.update(EditionEdit)
        .where(
            EditionEdit.newsletter_id == newsletter.id,
            EditionEdit.period == period,
            EditionEdit.kind == kind,
            EditionEdit.segment.is_(None) if segment is None else EditionEdit.segment == segment,
            EditionEdit.ended_at.is_(None),
        )
        .values(ended_at=now, ended_by=by)
    )
    if value is None:
        return
    session.add(
        EditionEdit(
            newsletter_id=newsletter.id,
            period=period,
            kind=kind,
            segment=segment,
            value=value,
            made_by=by,
            made_at=now,
        )
    )
    session.flush()
    if edition is not None and segment is not None:
        belongs = segments.condition(session, segment, now)
        deliveries.add_segment(session, edition.id, segment, belongs)


def subjects(session: Session, editions: Collection[Edition]) -> Mapping[int, str]:
    """The subjects that editors gave these editions, by the edition's id."""
    query = (
        sa.select(Edition.id, EditionEdit.value)
        .join(EditionEdit, EditionEdit.newsletter_id == Edition.newsletter_id)
        .where(EditionEdit.period == Edition.period, EditionEdit.ended_at.is_(None))
        .where(EditionEdit.kind == EditionEditKind.SUBJECT)
        .where(Edition.id.in_([one.id for one in editions]))
        .order_by(EditionEdit.id)
    )
    return {edition: value for edition, value in session.execute(query)}  # noqa: C416  (rows, typed)


def planned(session: Session, newsletter: str, period: str) -> Edition | None:
    """The edition of ``period``, if it is planned."""
    query = sa.select(Edition).join(Newsletter, Newsletter.id == Edition.newsletter_id)
    return session.scalar(query.where(Newsletter.name == newsletter, Edition.period == period))


def may_change(edition: Edition) -> bool:
    """Whether its note and subject may be changed: no copy of it is on its way, and it is not
    being planned just now."""
    ended = edition.started_at is not None or edition.finished_at is not None
    return not ended and edition.state not in (EditionState.PLANNING, EditionState.CANCELLED)


def _open(session: Session, newsletter: Newsletter, period: str) -> Edition | None:
    """The edition, if it is planned; ConflictError when it cannot be changed any more."""
    edition = session.scalar(
        sa.select(Edition)
        .where(Edition.newsletter_id == newsletter.id, Edition.period == period)
        .with_for_update()
    )
    if edition is None or may_change(edition):
        return edition
    if edition.state == EditionState.PLANNING:
        raise ConflictError(f"{edition.name} is being planned; try again when it is planned")
    raise ConflictError(
        f"{edition.name} is {edition.state}: what its copies say stays as it is; choose the period "
        "of a later edition"
    )


def document(session: Session, newsletter: str, period: str) -> dict[str, Any]:
    """What holds for the edition, for a machine: who said it, and when."""
    rows = history(session, newsletter, period, ended=False)
    said = [
        {"segment": row.segment, "text": row.value, "by": row.made_by, "at": row.made_at}
        for row in rows
        if row.kind == EditionEditKind.NOTE
    ]
    subjects = [
        {"text": row.value, "by": row.made_by, "at": row.made_at}
        for row in rows
        if row.kind == EditionEditKind.SUBJECT
    ]
    return {"subject": subjects[-1] if subjects else None, "notes": said}
