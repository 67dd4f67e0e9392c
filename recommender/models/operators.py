"""Who runs the newsletter: their accounts, where they are signed in, and what they did."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from recommender.models.base import Base, choice, primary_key


class UserRole(StrEnum):
    """What an operator may do: look, edit as well, and see who did what as well."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


class User(Base):
    """An operator. ``password`` is a hash (argon2id), ``totp_secret`` the key of the second factor
    where there is one (base32), ``totp_step`` the latest time step of which a code was taken: none
    counts twice."""

    __tablename__ = "users"

    id: Mapped[primary_key]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[UserRole] = mapped_column(choice(UserRole))
    password: Mapped[str] = mapped_column(String(255))
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_step: Mapped[int | None]
    created_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class UserSession(Base):
    """A browser in which an operator is signed in. ``key`` is the hash (SHA-256) of what the
    browser holds."""

    __tablename__ = "user_sessions"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    began_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user: Mapped[User] = relationship()


class AuditEntry(Base):
    """One thing that an operator did, on the pages or by a command. Append-only; no reader is
    named."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_at", "at"),)

    id: Mapped[primary_key]
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(64))
    about: Mapped[str] = mapped_column(Text, default="")
