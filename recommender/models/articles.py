"""What there is to read: vocabulary, articles and their stories, watched feeds."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from recommender.models.base import Base, Key, primary_key
from recommender.models.pictures import Picture
from recommender.story_text import Image


class Topic(Base):
    """One subject of the controlled vocabulary. ``key`` is the name, folded for comparison.

    ``offered``: readers can choose it on the pages. A name that came with an article or a reader
    is not, until an administrator says so.
    """

    __tablename__ = "topics"

    id: Mapped[primary_key]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    definition: Mapped[str] = mapped_column(Text, default="")
    related: Mapped[list[str]] = mapped_column(default=list)
    offered: Mapped[bool] = mapped_column(default=False, server_default=false())
    aliases: Mapped[list["TopicAlias"]] = relationship(
        back_populates="topic", cascade="all, delete-orphan", order_by="TopicAlias.key"
    )


class TopicAlias(Base):
    __tablename__ = "topic_aliases"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), index=True)
    topic: Mapped[Topic] = relationship(back_populates="aliases")


class Role(Base):
    """What a reader does for a living, in the controlled vocabulary; ``offered`` as for topics."""

    __tablename__ = "roles"

    id: Mapped[primary_key]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    definition: Mapped[str] = mapped_column(Text, default="")
    related: Mapped[list[str]] = mapped_column(default=list)
    offered: Mapped[bool] = mapped_column(default=False, server_default=false())
    aliases: Mapped[list["RoleAlias"]] = relationship(
        back_populates="role", cascade="all, delete-orphan", order_by="RoleAlias.key"
    )


class RoleAlias(Base):
    __tablename__ = "role_aliases"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = relationship(back_populates="aliases")


class _StoryColumns:
    """A column for each field of a ``StoryText``."""

    title: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, default="")
    takeaway: Mapped[str] = mapped_column(Text, default="")
    insights: Mapped[list[str]] = mapped_column(default=list)
    principles: Mapped[list[str]] = mapped_column(default=list)
    practice: Mapped[list[str]] = mapped_column(default=list)
    code_references: Mapped[list[str]] = mapped_column(default=list)
    image: Mapped[Image | None] = mapped_column(Picture)


class Article(_StoryColumns, Base):
    """A published editorial brief, as imported. ``key`` is the id its editors gave it.

    ``feed_id`` is the watched feed that first brought it, which may have been removed since.
    ``content_hash`` is the SHA-256 of the brief in canonical form: an import that finds it
    unchanged touches nothing. ``withdrawn_at`` takes all its stories out of every later choice.
    """

    __tablename__ = "articles"

    id: Mapped[primary_key]
    key: Mapped[str] = mapped_column(String(255), unique=True)
    topics: Mapped[list[str]] = mapped_column(default=list)
    roles: Mapped[list[str]] = mapped_column(default=list)
    body: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str | None] = mapped_column(Text)
    curator: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(35))
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    must_read: Mapped[bool] = mapped_column(default=False)
    content_hash: Mapped[str] = mapped_column(String(64))
    imported_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    feed_id: Mapped[int | None] = mapped_column(Key)
    stories: Mapped[list["Story"]] = relationship(
        back_populates="article", cascade="all, delete-orphan", order_by="Story.position"
    )


class Story(_StoryColumns, Base):
    """One separately rankable piece of an article; what readers are recommended.

    ``key`` is unique within the article. ``retired_at`` is set when a later import of the article
    no longer has the story; the row stays, since readers may have been sent it.
    """

    __tablename__ = "stories"
    __table_args__ = (UniqueConstraint("article_id", "key"),)

    id: Mapped[primary_key]
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255))
    position: Mapped[int]
    retired_at: Mapped[datetime | None]
    article: Mapped[Article] = relationship(back_populates="stories")
    topics: Mapped[list["StoryTopic"]] = relationship(
        cascade="all, delete-orphan", order_by="StoryTopic.topic_id"
    )
    roles: Mapped[list["StoryRole"]] = relationship(
        cascade="all, delete-orphan", order_by="StoryRole.role_id"
    )


class StoryTopic(Base):
    """A topic of a story; ``weight`` in (0, 1]: 1 its own, less when inherited from the digest."""

    __tablename__ = "story_topics"

    story_id: Mapped[int] = mapped_column(
        ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True
    )
    topic_id: Mapped[int] = mapped_column(
        ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    weight: Mapped[float]
    topic: Mapped[Topic] = relationship()


class StoryRole(Base):
    """A role a story is best for; ``weight`` as for topics."""

    __tablename__ = "story_roles"

    story_id: Mapped[int] = mapped_column(
        ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True
    )
    role_id: Mapped[int] = mapped_column(
        ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    weight: Mapped[float]
    role: Mapped[Role] = relationship()


class Feed(Base):
    """A watched RSS, Atom or JSON feed, with what is needed to ask for it politely.

    ``problem`` is what is wrong now, ``last_error`` what was wrong when it last was. ``failures``
    counts those since the last success. From ``due_at`` on the service asks again (none: now), but
    never while ``paused_at`` is set.
    """

    __tablename__ = "feeds"
    __table_args__ = (Index("ix_feeds_fetched_at", "fetched_at"),)

    id: Mapped[primary_key]
    url: Mapped[str] = mapped_column(String(2000), unique=True)
    title: Mapped[str] = mapped_column(Text, default="")
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    added_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    last_error_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    weekly_items: Mapped[float | None]
