"""Accounts of operators, with roles: made, found, disabled. Passwords are kept as argon2id hashes,
the second factor is a code by time (TOTP, RFC 6238). The caller commits.
"""

import functools
import re
import threading
from dataclasses import dataclass
from datetime import datetime

import argon2
import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.errors import ConfigurationError, ConflictError, NotFoundError
from recommender.models import User, UserRole, UserSession
from recommender.settings import keys

ORDER = (UserRole.VIEWER, UserRole.EDITOR, UserRole.ADMIN)
"""Each may do what those before may."""
ISSUER = "newsletter"
STEP = 30
"""Seconds for which a code is shown; the one before and the one after count as well."""
_hasher = argon2.PasswordHasher()
_one_at_a_time = threading.Lock()
"""A hash takes 64 MiB of memory: strangers shall not make it many at once."""


def may(role: UserRole, wanted: UserRole) -> bool:
    """Whether a ``role`` includes what is for ``wanted``."""
    return ORDER.index(role) >= ORDER.index(wanted)


@dataclass(frozen=True)
class Operator:
    """Who asks for a page. ``by_name``: in a session of their own, not by the key."""

    name: str
    role: UserRole
    by_name: bool

    def may(self, wanted: str) -> bool:
        """Whether this is within their role."""
        return may(self.role, UserRole(wanted))


def add(
    session: Session, name: str, role: UserRole, password: str, *, totp: bool, now: datetime
) -> User:
    """Make an account, or give one that was disabled a new password, role and factor. ConflictError
    when there is one; ConfigurationError for a name or password that is no good."""
    if re.fullmatch(r"[\w.-]{1,64}", name) is None:
        raise ConfigurationError(f"{name!r}: a name has letters, digits, dots and hyphens only")
    if (why := keys.weakness(password)) is not None:
        raise ConfigurationError(f"the password {why}")
    found = session.scalar(sa.select(User).where(User.name == name))
    if found is not None and found.disabled_at is None:
        raise ConflictError(f"there is a user {name} already; `newsletter users list`")
    if found is None:
        found = User(name=name, created_at=now)
        session.add(found)
    found.role, found.password, found.disabled_at = role, _hasher.hash(password), None
    found.totp_secret, found.totp_step = pyotp.random_base32() if totp else None, None
    session.flush()
    return found


def listing(session: Session) -> list[User]:
    """All accounts, by name."""
    return list(session.scalars(sa.select(User).order_by(User.name)))


def any_enabled(session: Session) -> bool:
    """Whether anybody can sign in by name."""
    query = sa.select(User.id).where(User.disabled_at.is_(None)).limit(1)
    return session.scalar(query) is not None


def get(session: Session, name: str) -> User:
    """The account of that name; NotFoundError when there is none."""
    found = session.scalar(sa.select(User).where(User.name == name))
    if found is None:
        raise NotFoundError(f"there is no user {name}; `newsletter users list`")
    return found


def disable(session: Session, name: str, *, now: datetime) -> None:
    """Let an account in no more, and sign it out everywhere. NotFoundError when there is none."""
    user = get(session, name)
    user.disabled_at = user.disabled_at or now
    session.execute(sa.delete(UserSession).where(UserSession.user_id == user.id))


def provisioning(user: User) -> str | None:
    """The otpauth URI that an authenticator takes; None without a second factor."""
    if user.totp_secret is None:
        return None
    return pyotp.TOTP(user.totp_secret).provisioning_uri(name=user.name, issuer_name=ISSUER)


def proven(session: Session, name: str, password: str, code: str, now: datetime) -> User | None:
    """The user who has that password and code; None for everybody else, which takes as long
    whether there is such a name or not. A code is taken once."""
    user = session.scalar(sa.select(User).where(User.name == name, User.disabled_at.is_(None)))
    right = _verified(_of_nobody() if user is None else user.password, password)
    if user is None or not right:
        return None
    if user.totp_secret is not None:
        step = _step(user.totp_secret, code, now)
        if step is None or (user.totp_step is not None and step <= user.totp_step):
            return None
        user.totp_step = step
    if _hasher.check_needs_rehash(user.password):
        user.password = _hasher.hash(password)
    user.signed_in_at = now
    return user


@functools.cache
def _of_nobody() -> str:
    return _hasher.hash("of nobody")


def _verified(kept: str, password: str) -> bool:
    with _one_at_a_time:
        try:
            return _hasher.verify(kept, password)
        except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.VerificationError):
            return False


def _step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is."""
    totp, given = pyotp.TOTP(secret), code.replace(" ", "")
    current = int(now.timestamp()) // STEP
    for step in (current - 1, current, current + 1):
        if pyotp.utils.strings_equal(totp.at(step * STEP), given):
            return step
    return None
