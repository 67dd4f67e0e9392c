"""What editors have said of stories, apart from what sources said of them; and of editions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from recommender.models.base import Base, Document, choice, primary_key


class EditKind(StrEnum):
    """What an edit changes. All but the last four replace what the source says of a story."""

    TITLE = "title"
    SUMMARY = "summary"
    TAKEAWAY = "takeaway"
    INSIGHTS = "insights"
    PRINCIPLES = "principles"
    PRACTICE = "practice"
    CODE_REFERENCES = "code_references"
    IMAGE = "image"
    TOPICS = "topics"
    ROLES = "roles"
    URL = "url"
    NOT_BEFORE = "not_before"
    NOT_AFTER = "not_after"
    HOLD = "hold"
    PIN = "pin"


class Edit(Base):
    """One word of an editor on one story; it holds until ``ended_at``.

    ``value`` is JSON: a text, a list of names or points, a picture (``Image``), a moment in
    ISO 8601, or null; an empty text, list or picture says that there is none. A pin may be for one
    ``newsletter`` (its name), one ``period``, and the readers of one ``segment``. Rows are never
    changed but for their end, so that they tell who said what, and when.
    """

    __tablename__ = "edits"
    __table_args__ = (Index("ix_edits_story_id_ended_at", "story_id", "ended_at"),)

    id: Mapped[primary_key]
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"))
    kind: Mapped[EditKind] = mapped_column(choice(EditKind))
    value: Mapped[Any] = mapped_column(Document, nullable=False)
    period: Mapped[str | None] = mapped_column(String(20))
    segment: Mapped[str | None] = mapped_column(String(100))
    newsletter: Mapped[str | None] = mapped_column(String(64))
    made_by: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]


class EditionEditKind(StrEnum):
    """What editors give an edition beside its stories."""

    NOTE = "note"
    SUBJECT = "subject"


class EditionEdit(Base):
    """A note or subject of one edition, planned or not; it holds until ``ended_at``.

    ``value`` is the text as it was given, a note's in Markdown. A note may be for the readers of
    one ``segment`` (null: for everybody). Rows are never changed but for their end.
    """

    __tablename__ = "edition_edits"
    __table_args__ = (Index("ix_edition_edits_newsletter_id_period", "newsletter_id", "period"),)

    id: Mapped[primary_key]
    newsletter_id: Mapped[int] = mapped_column(ForeignKey("newsletters.id", ondelete="CASCADE"))
    period: Mapped[str] = mapped_column(String(16))
    kind: Mapped[EditionEditKind] = mapped_column(choice(EditionEditKind))
    segment: Mapped[str | None] = mapped_column(String(100))
    value: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]
