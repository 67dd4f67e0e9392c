"""What goes out: newsletters, their editions, the ledger of deliveries, and what came back."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from recommender.models.base import Base, Key, choice, primary_key


class Property(Base):
    """A single value that belongs to the store itself, such as the salt of its address hashes."""

    __tablename__ = "properties"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Newsletter(Base):
    """A publication. ``settings`` is what it has of its own, by the keys of ``newsletter.toml``
    (``recommender.newsletters``); its audience is a segment, or everybody. One that has retired is
    published no more."""

    __tablename__ = "newsletters"

    id: Mapped[primary_key]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segments.id", ondelete="RESTRICT"))
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Subscription(Base):
    """What a reader said of one newsletter of several: that they want it no more, or again."""

    __tablename__ = "subscriptions"

    newsletter_id: Mapped[int] = mapped_column(
        ForeignKey("newsletters.id", ondelete="CASCADE"), primary_key=True
    )
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    subscribed: Mapped[bool]
    at: Mapped[datetime]
    proof: Mapped[dict[str, Any]] = mapped_column(default=dict)


class TemplateVersion(Base):
    """A template as it was compiled once, under the SHA-256 of its sources, for as long as any
    edition refers to it: a copy can be rendered again exactly as it was sent. ``mac`` proves that
    this installation wrote it; without one it is not compiled (``mailer.edition.templates``)."""

    __tablename__ = "template_versions"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    html: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    mac: Mapped[str | None] = mapped_column(String(64))


class EditionState(StrEnum):
    """``planning`` while readers are still being added; ``finished`` only when the sum holds."""

    PLANNING = "planning"
    PLANNED = "planned"
    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class Edition(Base):
    """One newsletter in one period (ISO week, ``2026-W48``).

    ``segment`` is that of the first planning, until it is planned for everybody. ``published_at``
    is set when the newsletter's hour has planned it for everybody, which happens once;
    ``closed_at`` when nobody may be added to it any more. ``slim_at`` is set when its copies no
    longer hold what only their web version needs (``mailer/edition/retention.py``).
    ``last_error`` is why the latest attempt to send it went wrong as a whole, such as a relay that
    is down; null when it did not."""

    __tablename__ = "editions"
    __table_args__ = (UniqueConstraint("newsletter_id", "period"),)

    id: Mapped[primary_key]
    newsletter_id: Mapped[int] = mapped_column(ForeignKey("newsletters.id"))
    period: Mapped[str] = mapped_column(String(16))
    state: Mapped[EditionState] = mapped_column(choice(EditionState))
    segment: Mapped[str | None] = mapped_column(String(100))
    template_hash: Mapped[str] = mapped_column(ForeignKey("template_versions.hash"))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    planned_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    slim_at: Mapped[datetime | None]
    why: Mapped[str | None] = mapped_column(Text)
    last_error: Mapped[str | None] = mapped_column(Text)
    last_error_at: Mapped[datetime | None]
    newsletter: Mapped[Newsletter] = relationship()

    @property
    def name(self) -> str:
        """``weekly-2026-W48``: what commands, folders and headers call it."""
        return f"{self.newsletter.name}-{self.period}"


class Shard(Base):
    """A run of an edition's readers, those with ids from ``first_id`` to ``last_id``, which is
    planned in one piece. ``start`` copies of the edition come before it; ``readers`` is how many
    there were when the audience was split: those of ``segment`` (null: everybody) as of
    ``planned_at`` who were not in the edition yet. Each planning of an edition adds its own."""

    __tablename__ = "shards"

    edition_id: Mapped[int] = mapped_column(
        ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int] = mapped_column(Key)
    last_id: Mapped[int] = mapped_column(Key)
    start: Mapped[int]
    readers: Mapped[int]
    done: Mapped[bool] = mapped_column(default=False)
    segment: Mapped[str | None] = mapped_column(String(100))
    planned_at: Mapped[datetime | None]


class EditionStory(Base):
    """A candidate of an edition as it read when planning began; what is sent and shown on the
    web."""

    __tablename__ = "edition_stories"

    edition_id: Mapped[int] = mapped_column(
        ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True
    )
    story_id: Mapped[int] = mapped_column(
        ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True
    )
    content: Mapped[dict[str, Any]]


class DeliveryState(StrEnum):
    """The states of one copy. Only ``mailer/ledger/deliveries.py`` writes them; the transitions are
    the table in docs/ledger.md."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    ON_WIRE = "on_wire"
    SENT = "sent"
    FAILED = "failed"
    DEFERRED = "deferred"
    SKIPPED = "skipped"
    IN_DOUBT = "in_doubt"


class Delivery(Base):
    """One subscriber's copy of one edition: the ledger.

    ``picks`` is the frozen choice, in order: story id, score and reasons; ``story_ids`` the same
    stories as bare ids, for the question "was this reader ever sent it?". ``reader`` is what of
    the reader the copy shows. ``number`` counts copies within the edition from 1. ``due_at`` is
    the queue: when the copy, or its next attempt, is due. ``expires_at`` is set by the first
    deferral; a copy that is still deferred then is given up. ``address_hash`` is the salted hash of
    the address it was sent to, where that is not the reader's present one. ``arm`` says by what it
    was chosen where newsletters are compared (``mailer/edition/arms.py``), ``subject_arm`` which of
    several subjects it has; null: neither is compared.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("edition_id", "subscriber_id"),
        Index("ix_deliveries_queue", "edition_id", "state", "due_at", "id"),
        Index("ix_deliveries_subscriber_id_id", "subscriber_id", "id"),
        Index(
            "ix_deliveries_claimed_by",
            "claimed_by",
            sqlite_where=text("claimed_by IS NOT NULL"),
            postgresql_where=text("claimed_by IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_address_hash",
            "address_hash",
            sqlite_where=text("address_hash IS NOT NULL"),
            postgresql_where=text("address_hash IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_arm",
            "edition_id",
            "arm",
            "subscriber_id",
            sqlite_where=text("arm IS NOT NULL"),
            postgresql_where=text("arm IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_sent",
            "edition_id",
            "settled_at",
            sqlite_where=text("state = 'sent'"),
            postgresql_where=text("state = 'sent'"),
        ),
        {"sqlite_autoincrement": True},  # links name a copy by its id: no other may ever have it
    )

    id: Mapped[primary_key]
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    number: Mapped[int]
    state: Mapped[DeliveryState] = mapped_column(choice(DeliveryState))
    due_at: Mapped[datetime]
    picks: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    story_ids: Mapped[list[int]] = mapped_column(default=list)
    reader: Mapped[dict[str, Any]] = mapped_column(default=dict)
    template_hash: Mapped[str] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    relay: Mapped[str | None] = mapped_column(String(255))
    reply: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(String(64))
    address_hash: Mapped[str | None] = mapped_column(String(64))
    arm: Mapped[str | None] = mapped_column(String(16))
    subject_arm: Mapped[str | None] = mapped_column(String(16))


class MergedCopy(Base):
    """A copy of a reader who was merged into another with a copy of the same edition: ``id`` is the
    one that links, bounces and reports of it name, ``delivery_id`` the copy that stands for both,
    ``address_hash`` as of a delivery."""

    __tablename__ = "merged_copies"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("deliveries.id", ondelete="CASCADE"), index=True
    )
    address_hash: Mapped[str | None] = mapped_column(String(64), index=True)


class EventKind(StrEnum):
    """What came back from a reader, a mail server or a provider."""

    CLICK = "click"
    MORE = "more"
    LESS = "less"
    MUTE = "mute"
    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    OPEN = "open"


class Event(Base):
    """One answer. ``verified`` is false while it may be a machine's (a scanner following links)."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_subscriber_id_at", "subscriber_id", "at"),
        Index("ix_events_at", "at"),
        Index(
            "ix_events_raw",
            "at",
            sqlite_where=text("verified = 0"),
            postgresql_where=text("NOT verified"),
        ),
    )

    id: Mapped[primary_key]
    at: Mapped[datetime]
    kind: Mapped[EventKind] = mapped_column(choice(EventKind))
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("deliveries.id", ondelete="SET NULL"), index=True
    )
    story_id: Mapped[int | None] = mapped_column(
        ForeignKey("stories.id", ondelete="SET NULL"), index=True
    )
    verified: Mapped[bool] = mapped_column(default=True)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
