"""What administrators have corrected: readers, topics and roles. Append-only."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from recommender.models.base import Base, Document, choice, primary_key


class CorrectionKind(StrEnum):
    """What was done: to a reader, or to a term of the vocabulary."""

    UPDATE = "update"
    MERGE = "merge"
    ADD = "add"
    ALIAS = "alias"
    SPLIT = "split"
    OFFER = "offer"
    HIDE = "hide"
    REMOVE = "remove"


class Correction(Base):
    """One correction: who made it and when. Rows are never changed, but that erasing a reader takes
    ``subscriber_id`` and ``values`` away.

    ``subject`` is ``subscriber``, ``topic`` or ``role``; ``term`` the name of the topic or role.
    ``summary`` names nobody: fields that changed, counts of what was moved. ``values`` is the
    personal part: by field, what was there ``before`` and ``after``.
    """

    __tablename__ = "corrections"
    __table_args__ = (Index("ix_corrections_subject_term", "subject", "term"),)

    id: Mapped[primary_key]
    at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(200))
    kind: Mapped[CorrectionKind] = mapped_column(choice(CorrectionKind))
    subject: Mapped[str] = mapped_column(String(16))
    subscriber_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscribers.id", ondelete="SET NULL"), index=True
    )
    term: Mapped[str | None] = mapped_column(String(200))
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    values: Mapped[dict[str, Any] | None] = mapped_column(Document)
