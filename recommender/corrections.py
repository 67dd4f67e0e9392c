"""The log of corrections: who changed what of a reader, a topic or a role, and when.

It is written beside the correction itself, in the same transaction, and only ever added to; when a
reader is erased their part of it goes. The caller commits.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Correction, CorrectionKind, Subscriber

Subject = Literal["subscriber", "topic", "role"]


@dataclass(frozen=True)
class Author:
    """Who corrects something (``name``), and when (``at``, aware)."""

    name: str
    at: datetime


def of_reader(
    session: Session,
    kind: CorrectionKind,
    reader: Subscriber,
    *,
    author: Author,
    summary: Mapping[str, Any],
    values: Mapping[str, Any],
) -> None:
    """Note a correction of ``reader``; nothing in ``summary`` may tell who they are."""
    session.add(
        Correction(
            at=author.at, made_by=author.name[:200], kind=kind, subject="subscriber",
            subscriber_id=reader.id, summary=dict(summary), values=dict(values),
        )
    )  # fmt: skip
    session.flush()


def of_term(
    session: Session,
    kind: CorrectionKind,
    subject: Literal["topic", "role"],
    term: str,
    *,
    author: Author,
    summary: Mapping[str, Any],
) -> None:
    """Note a correction of the topic or role called ``term``."""
    session.add(
        Correction(
            at=author.at, made_by=author.name[:200], kind=kind, subject=subject,
            term=term[:200], summary=dict(summary),
        )
    )  # fmt: skip
    session.flush()


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """By name, what is not ``after`` as it was ``before``. An address is not kept, only that there
    was another."""
    found = {
        name: {"before": before.get(name), "after": value}
        for name, value in after.items()
        if before.get(name) != value
    }
    if "email" in found:
        found["email"] = {}
    return found


def of(session: Session, reader: int) -> list[dict[str, Any]]:
    """The corrections of the reader with this row id as documents, the latest last."""
    query = sa.select(Correction).where(Correction.subscriber_id == reader)
    return [
        {**_document(row), "changes": row.values or {}}
        for row in session.scalars(query.order_by(Correction.id))
    ]


def of_terms(
    session: Session, subject: Literal["topic", "role"], term: str | None = None
) -> list[dict[str, Any]]:
    """The corrections of all topics or roles, or of the one called ``term``, the latest last."""
    query = sa.select(Correction).where(Correction.subject == subject)
    if term is not None:
        query = query.where(Correction.term == term)
    rows = session.scalars(query.order_by(Correction.id))
    return [{**_document(row), subject: row.term} for row in rows]


def taken_out(session: Session, subject: Literal["topic", "role"]) -> list[str]:
    """The names of terms that were split or removed at some time."""
    query = sa.select(Correction.term).where(
        Correction.subject == subject,
        Correction.kind.in_((CorrectionKind.SPLIT, CorrectionKind.REMOVE)),
    )
    return [term for term in session.scalars(query) if term is not None]


def _document(row: Correction) -> dict[str, Any]:
    return {
        "at": row.at.isoformat(),
        "by": row.made_by,
        "kind": row.kind.value,
        "summary": row.summary,
    }


def forget(session: Session, readers: Collection[int]) -> None:
    """Take the personal part of these readers' corrections away; that there were some stays."""
    session.execute(
        sa.update(Correction)
        .where(Correction.subscriber_id.in_(readers))
        .values(subscriber_id=None, values=sa.null()),
        execution_options={"synchronize_session": False},
    )
