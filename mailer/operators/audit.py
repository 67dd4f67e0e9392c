"""What operators did, kept for good: who, when, what, and what about. The caller commits."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import AuditEntry
from recommender.safety import scrubbing

LONGEST = 500
"""Characters of what an entry is about."""
LATELY = 5_000
"""Entries among which people are looked for."""


def note(session: Session, who: str, action: str, about: str = "", *, now: datetime) -> None:
    """Note that ``who`` did something; addresses in the words are left out."""
    words = scrubbing.text(about)[:LONGEST]
    session.add(AuditEntry(at=now, who=who[:100], action=action[:64], about=words))


class AuditKind(StrEnum):
    """What an entry is about."""

    STORIES = "stories"
    EDITIONS = "editions"
    SPONSORS = "sponsors"
    READERS = "readers"
    ACCOUNTS = "accounts"
    SIGNING_IN = "signing in"


def entries(
    session: Session,
    most: int,
    *,
    who: str = "",
    kind: AuditKind | None = None,
    before: int | None = None,
) -> list[AuditEntry]:
    """The latest ``most`` entries, the newest first: of a person ('': anybody), of a ``kind``
    (None: any), and with smaller ids than ``before``."""
    query = sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(most)
    if who:
        query = query.where(AuditEntry.who == who)
    if kind is not None:
        query = query.where(_of(kind))
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return list(session.scalars(query))


def people(session: Session) -> list[str]:
    """Who did something lately, by name."""
    lately = sa.select(AuditEntry.who).order_by(AuditEntry.id.desc()).limit(LATELY).subquery()
    return sorted(session.scalars(sa.select(lately.c.who).distinct()))


def _of(kind: AuditKind) -> sa.ColumnElement[bool]:
    """Saving is of an edition where a period is named, else of a story."""
    action, saved = AuditEntry.action, AuditEntry.action == "save"
    edition = AuditEntry.about.contains("period=")
    match kind:
        case AuditKind.STORIES:
            limits = action.in_(("hold", "pin", "unpin", "release"))
            return sa.or_(limits, sa.and_(saved, ~edition))
        case AuditKind.EDITIONS:
            return sa.or_(action == "test", sa.and_(saved, edition))
        case AuditKind.SPONSORS:
            return action.in_(("add", "change", "remove"))
        case AuditKind.READERS:
            return action.in_(("looked up", "searched readers"))
        case AuditKind.ACCOUNTS:
            return action.startswith("user ")
        case AuditKind.SIGNING_IN:
            return action.startswith("sign")
