"""Browsers in which operators are signed in: begun, found again, ended. The caller commits."""

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from recommender.models import User, UserSession

LENGTH = timedelta(hours=12)
"""How long one stays signed in."""


def begin(session: Session, user: User, now: datetime) -> str:
    """What the browser holds from now on; the store keeps its hash alone."""
    session.execute(sa.delete(UserSession).where(UserSession.expires_at <= now))
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(key=_key(token), user_id=user.id, began_at=now, expires_at=now + LENGTH)
    )
    return token


def user_of(session: Session, token: str, now: datetime) -> User | None:
    """Whose browser it is; None when the session is over, or the account is disabled."""
    query = sa.select(UserSession).options(joinedload(UserSession.user))
    found = session.scalar(query.where(UserSession.key == _key(token)))
    if found is None or not found.began_at <= now + LENGTH or found.expires_at <= now:
        return None
    return found.user if found.user.disabled_at is None else None


def end(session: Session, token: str) -> None:
    """Sign this browser out."""
    session.execute(sa.delete(UserSession).where(UserSession.key == _key(token)))


def end_all(session: Session, user: User) -> int:
    """Sign a user out everywhere; how many browsers that were."""
    gone = sa.delete(UserSession).where(UserSession.user_id == user.id)
    return len(session.scalars(gone.returning(UserSession.key)).all())


def open_of(session: Session, user: User, now: datetime) -> int:
    """In how many browsers a user is signed in."""
    query = sa.select(sa.func.count()).select_from(UserSession)
    mine = (UserSession.user_id == user.id, UserSession.expires_at > now)
    return session.scalar(query.where(*mine)) or 0


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
