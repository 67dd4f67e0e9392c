"""Experiments: two settings of the ranker, or several subjects, compared by readers' answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from recommender.models.base import Base, choice, primary_key


class ExperimentKind(StrEnum):
    """``interleaving``: both settings in one issue; ``ab``: each for its own readers; ``subject``:
    subjects of one edition, a share of its readers first."""

    INTERLEAVING = "interleaving"
    AB = "ab"
    SUBJECT = "subject"


class Experiment(Base):
    """One comparison, for ``share`` of the readers, from the first edition that is planned after it
    was started. What it compares never changes, so that an edition may name it: ``settings`` holds
    ``a`` and ``b`` (``recommender.ranking.knobs``), or the ``subjects`` of the edition of
    ``period`` and for how many ``hours`` they are tried. ``winner`` is set once."""

    __tablename__ = "experiments"
    __table_args__ = (UniqueConstraint("newsletter_id", "name"),)

    id: Mapped[primary_key]
    newsletter_id: Mapped[int] = mapped_column(ForeignKey("newsletters.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    kind: Mapped[ExperimentKind] = mapped_column(choice(ExperimentKind))
    share: Mapped[float]
    settings: Mapped[dict[str, Any]]
    started_at: Mapped[datetime]
    started_by: Mapped[str] = mapped_column(String(200))
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[str | None] = mapped_column(String(200))
    winner: Mapped[str | None] = mapped_column(String(16))
    decided_at: Mapped[datetime | None]
