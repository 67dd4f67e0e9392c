"""Mail that came back, and answers: which messages were acted on, while that is kept."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from recommender.models.base import Base, primary_key


class InboundMessage(Base):
    """One message that was acted on. ``key`` is the digest of its content (SHA-256), so that it
    counts once, by whatever way and however often it comes.

    ``way`` is how it came (``file``, ``imap``, ``pop3``, ``maildir``, ``lmtp``), ``kind`` what it
    was taken for, ``about`` the class of a failure (``refusals``). ``answer`` is what is still to
    be mailed because of it, as JSON; null when nothing is, or it was. ``undo`` is what was so
    before the message changed it, as JSON.
    """

    __tablename__ = "inbound_messages"
    __table_args__ = (
        Index(
            "ix_inbound_messages_answer",
            "id",
            sqlite_where=text("answer IS NOT NULL"),
            postgresql_where=text("answer IS NOT NULL"),
        ),
    )

    id: Mapped[primary_key]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[datetime] = mapped_column(index=True)
    way: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    about: Mapped[str | None] = mapped_column(String(16))
    subscriber_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("deliveries.id", ondelete="SET NULL"), index=True
    )
    answer: Mapped[str | None] = mapped_column(Text)
    undo: Mapped[str | None] = mapped_column(Text)
