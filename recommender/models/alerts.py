"""What is wrong with the service at this moment, and what operators are told of it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from recommender.models.base import Base, choice, primary_key


class Channel(StrEnum):
    """By which way an operator is told."""

    MAIL = "mail"
    URL = "url"


class Turn(StrEnum):
    """What has become of a trouble."""

    BEGAN = "began"
    OVER = "over"


class _TroubleColumns:
    kind: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(String(2000))
    sentence: Mapped[str] = mapped_column(Text)
    what_to_do: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime]


class OngoingTrouble(_TroubleColumns, Base):
    """A trouble that was found when it was last looked, or not long before (``seen_at``).
    ``told_at`` is when alerts of it were written; null while it may still pass by itself."""

    __tablename__ = "ongoing_troubles"
    __table_args__ = (UniqueConstraint("kind", "subject"),)

    id: Mapped[primary_key]
    seen_at: Mapped[datetime]
    told_at: Mapped[datetime | None]


class Alert(_TroubleColumns, Base):
    """One thing that an operator is told over one channel, once: that a trouble ``began`` or is
    ``over``. It waits from ``due_at`` on until it was taken (``sent_at``). Those of one moment
    (``made_at``) go out in one mail."""

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_sent_at_due_at", "sent_at", "due_at"),)

    id: Mapped[primary_key]
    channel: Mapped[Channel] = mapped_column(choice(Channel))
    turn: Mapped[Turn] = mapped_column(choice(Turn))
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
