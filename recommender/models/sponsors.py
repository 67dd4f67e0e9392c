"""Sponsors of a newsletter: who pays for the one labelled place in its issues."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from recommender.models.base import Base, Key, primary_key


class Sponsor(Base):
    """One announcement, shown in the editions of the days from ``first_day`` to ``last_day`` (null:
    without end), to the readers of ``segment`` (null: to everybody). Rows are never changed but for
    their removal, so a copy that names one reads the same for ever: a changed one is a new row,
    and ``changed_from`` the id of the first of its rows (null: it is that)."""

    __tablename__ = "sponsors"

    id: Mapped[primary_key]
    newsletter_id: Mapped[int] = mapped_column(
        ForeignKey("newsletters.id", ondelete="CASCADE"), index=True
    )
    changed_from: Mapped[int | None] = mapped_column(Key)
    name: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    image_url: Mapped[str | None] = mapped_column(Text)
    image_alt: Mapped[str | None] = mapped_column(String(300))
    segment: Mapped[str | None] = mapped_column(String(100))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    made_by: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]
    removed_by: Mapped[str | None] = mapped_column(String(200))
    removed_at: Mapped[datetime | None]
