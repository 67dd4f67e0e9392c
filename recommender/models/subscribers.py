"""Who reads: subscribers, what they said they like, their consent, and sets of them."""

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from recommender.models.articles import Role, Topic
from recommender.models.base import Base, choice, primary_key


class Status(StrEnum):
    """Where a subscriber stands; only ``active`` ones are mailed."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Frequency(StrEnum):
    """How often a reader wants an issue: of every week, of every other, of one a month."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"


def _key() -> int:
    return secrets.randbelow(2**31)


class Subscriber(Base):
    """One reader.

    ``email`` is the normalised address as it is mailed; ``address_hash`` is its salted SHA-256
    without regard to case, the key under which addresses are unique and suppressions are found.
    ``day`` (``monday`` …) and ``hour`` (0–23, on the clocks of ``timezone``) are the reader's own;
    where they are None the newsletter's hold. ``languages`` (tags) are those of the stories they
    get; none means all. ``link_key`` is part of every link that opens what is
    the reader's: another key voids all that were made before. ``last_active_at`` is the reader's
    latest verified answer (click, feedback, preference); ``sunset_asked_at`` is when an issue was
    planned that asks whether they still want any.
    """

    __tablename__ = "subscribers"
    __table_args__ = (
        Index("ix_subscribers_status_id", "status", "id"),
        {"sqlite_autoincrement": True},  # the id of one who was erased is nobody else's later
    )

    id: Mapped[primary_key]
    email: Mapped[str] = mapped_column(String(320))
    address_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    status: Mapped[Status] = mapped_column(choice(Status))
    timezone: Mapped[str | None] = mapped_column(String(64))
    locale: Mapped[str | None] = mapped_column(String(35))
    frequency: Mapped[Frequency] = mapped_column(
        choice(Frequency), default=Frequency.WEEKLY, server_default=Frequency.WEEKLY.value
    )
    day: Mapped[str | None] = mapped_column(String(9))
    hour: Mapped[int | None]
    link_key: Mapped[int] = mapped_column(default=_key, server_default="0")
    languages: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    paused_until: Mapped[datetime | None]
    last_active_at: Mapped[datetime | None]
    sunset_asked_at: Mapped[datetime | None]
    topics: Mapped[list["SubscriberTopic"]] = relationship(
        cascade="all, delete-orphan",
        order_by="SubscriberTopic.position, SubscriberTopic.topic_id",
        passive_deletes=True,
    )
    roles: Mapped[list["SubscriberRole"]] = relationship(
        cascade="all, delete-orphan", order_by="SubscriberRole.role_id", passive_deletes=True
    )


ADDED_LATER = 1_000
"""Position of a topic that was not given among others, behind those that were."""


class SubscriberTopic(Base):
    """A stated interest, −2 (never) … +3 (love). ``position`` is its place, from 0, among those
    the reader gave together."""

    __tablename__ = "subscriber_topics"
    __table_args__ = (
        CheckConstraint("weight BETWEEN -2 AND 3", name="weight_range"),
        Index("ix_subscriber_topics_readers", "topic_id", "weight", "subscriber_id"),
    )

    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    topic_id: Mapped[int] = mapped_column(
        ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True
    )
    weight: Mapped[float]
    position: Mapped[int] = mapped_column(default=ADDED_LATER, server_default=str(ADDED_LATER))
    topic: Mapped[Topic] = relationship()


class SubscriberRole(Base):
    __tablename__ = "subscriber_roles"

    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    role_id: Mapped[int] = mapped_column(
        ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[Role] = relationship()


class AddressChange(Base):
    """The address a reader wants to be mailed at from now on, until they confirm it from there.

    ``key`` is part of the link that does; asking again makes a new one, and voids the old link.
    """

    __tablename__ = "address_changes"

    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    email: Mapped[str] = mapped_column(String(320))
    key: Mapped[int] = mapped_column(default=_key)
    at: Mapped[datetime]


class ConsentEvent(Base):
    """One change of a subscriber's status; append-only. ``source`` says from where, ``proof``
    what is known of it (import file and line, address of the request, token …)."""

    __tablename__ = "consent_events"
    __table_args__ = (
        Index(
            "ix_consent_events_confirmed",  # who has just confirmed, every few seconds
            "at",
            sqlite_where=text("source = 'confirm'"),
            postgresql_where=text("source = 'confirm'"),
        ),
    )

    id: Mapped[primary_key]
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    before: Mapped[Status | None] = mapped_column(choice(Status))
    after: Mapped[Status] = mapped_column(choice(Status))
    source: Mapped[str] = mapped_column(String(64))
    proof: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Suppression(Base):
    """An address that must never be mailed again. Only its salted hash is kept.

    ``casefolded``: the hash was made while ß was ss to the store, of an address that it does not
    hold, so it bars both. The server's default is for rows of an older version at work beside this.
    """

    __tablename__ = "suppressions"

    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    casefolded: Mapped[bool] = mapped_column(default=False, server_default=true())


class SegmentKind(StrEnum):
    """A ``static`` segment lists its members, a ``rule`` segment finds them when it is used."""

    STATIC = "static"
    RULE = "rule"


class Segment(Base):
    __tablename__ = "segments"

    id: Mapped[primary_key]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[SegmentKind] = mapped_column(choice(SegmentKind))
    rule: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class SegmentMember(Base):
    __tablename__ = "segment_members"

    segment_id: Mapped[int] = mapped_column(
        ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True
    )
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
