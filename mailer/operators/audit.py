"""What operators did, kept for good: who, when, what, and what about. The caller commits."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import AuditEntry
from recommender.safety import scrubbing

LONGEST = 500
"""Characters of what an entry is about."""


def note(session: Session, who: str, action: str, about: str = "", *, now: datetime) -> None:
    """Note that ``who`` did something; addresses in the words are left out."""
    words = scrubbing.text(about)[:LONGEST]
    session.add(AuditEntry(at=now, who=who[:100], action=action[:64], about=words))


def latest(session: Session, most: int) -> list[AuditEntry]:
    """The latest entries, the newest first."""
    query = sa.select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    return list(session.scalars(query.limit(most)))
