"""What mail providers said by webhook: their events as they came, for as long as they are kept."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from recommender.models.base import Base, primary_key


class WebhookEvent(Base):
    """One event of a provider; ``key`` is the same for every repetition of it, so that it counts
    once, and ``nonce`` (of providers that sign one) may be used once.

    ``name`` is the provider's word for it, ``meaning`` what it is for us. ``body`` is the event as
    JSON; null when it is about no reader, since nobody's address is kept who is not one. ``error``
    names what went wrong when it was acted on.
    """

    __tablename__ = "webhook_events"
    __table_args__ = (
        UniqueConstraint("provider", "key"),
        UniqueConstraint("provider", "nonce"),
    )

    id: Mapped[primary_key]
    provider: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64))
    nonce: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(64))
    meaning: Mapped[str] = mapped_column(String(16))
    subscriber_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("deliveries.id", ondelete="SET NULL"), index=True
    )
    body: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(String(100))
