"""What holds sending back, kept so that it outlives a restart and is shared by all senders: what
was sent under each rate limit, domains that asked to be left alone, editions that were stopped."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from recommender.models.base import Base, primary_key


class RateLimit(Base):
    """What has been sent, or may be at any moment, under one limit such as ``domain:gmail.com``.

    ``windows`` holds for each window, named by its seconds, how many messages fell into which
    piece of it (``mailer/throttling/sliding_window.py``). ``started_at`` is the very first one,
    where a warm-up begins. After ``expires_at`` the row says nothing any more.
    """

    __tablename__ = "rate_limits"

    key: Mapped[str] = mapped_column(String(320), primary_key=True)
    windows: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Pause(Base):
    """A recipient domain whose servers asked for less. ``seconds`` is how long the latest pause
    was, ``changed_at`` when it was lengthened or shortened, ``why`` what they said."""

    __tablename__ = "pauses"

    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    until: Mapped[datetime]
    seconds: Mapped[int]
    changed_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)


class Stop(Base):
    """An edition was stopped because too many of its copies were turned away: the numbers then."""

    __tablename__ = "stops"

    id: Mapped[primary_key]
    edition_id: Mapped[int] = mapped_column(
        ForeignKey("editions.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    tried: Mapped[int]
    turned_away: Mapped[int]
    why: Mapped[str] = mapped_column(Text)
