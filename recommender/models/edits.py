"""What editors have said of stories, apart from what sources said of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from recommender.models.base import Base, Document, choice, primary_key


class EditKind(StrEnum):
    """What an edit changes. The first six replace what the source says of a story."""

    TITLE = "title"
    TOPICS = "topics"
    ROLES = "roles"
    URL = "url"
    NOT_BEFORE = "not_before"
    NOT_AFTER = "not_after"
    HOLD = "hold"
    PIN = "pin"


class Edit(Base):
    """One word of an editor on one story; it holds until ``ended_at``.

    ``value`` is JSON: a text, a list of names, a moment in ISO 8601, or null. A pin may be for one
    ``period``. Rows are never changed but for their end, so that
    they tell who said what, and when.
    """

    __tablename__ = "edits"
    __table_args__ = (Index("ix_edits_story_id_ended_at", "story_id", "ended_at"),)

    id: Mapped[primary_key]
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"))
    kind: Mapped[EditKind] = mapped_column(choice(EditKind))
    value: Mapped[Any] = mapped_column(Document, nullable=False)
    period: Mapped[str | None] = mapped_column(String(20))
    made_by: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]
