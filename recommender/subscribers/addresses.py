"""Email addresses: validated, normalised, and known by a salted hash.

Two addresses that differ only in case are one reader. The hash is what suppressions keep, so that
an erased address can be recognised without being held.
"""

import hashlib
import re
import secrets
from functools import lru_cache

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from recommender.models import Property
from recommender.storage.bulk import insert
from recommender.storage.properties import ADDRESS_SALT


def normalise(text: str) -> str:
    """The address as it is mailed: domain lower-cased and in Unicode, local part as written.

    ``.test`` domains are accepted (RFC 6761: they never resolve), since test lists use them.
    Raises ValueError with the reason.
    """
    local, at, domain = text.strip().rpartition("@")
    if at and _PLAIN_LOCAL.fullmatch(local) and (known := _normal_domain(domain)):
        return f"{local}@{known}"  # a list holds few domains: each is checked in full once
    try:
        return validate_email(
            text.strip(), check_deliverability=False, test_environment=True
        ).normalized
    except EmailNotValidError as error:
        raise ValueError(str(error).rstrip(".")) from error


_PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*")
"""Local parts of which RFC 5321 leaves no doubt; the others are validated one by one."""


@lru_cache(maxsize=10_000)
def _normal_domain(domain: str) -> str | None:
    """The domain as mailed; None when it is not valid, or so long that the local part matters."""
    try:
        checked = validate_email(f"a@{domain}", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return checked.domain if len(checked.normalized.encode()) < 180 else None


def hash_of(salt: str, email: str) -> str:
    """SHA-256 (hex) of the salt and the address without regard to case."""
    return hashlib.sha256(f"{salt}{email.casefold()}".encode()).hexdigest()


def salt(session: Session) -> str:
    """The store's own salt; made when first asked for, and never changed after."""
    find = sa.select(Property.value).where(Property.name == ADDRESS_SALT)
    found = session.scalar(find)
    if found is None:
        made = insert(session, Property).values(name=ADDRESS_SALT, value=secrets.token_hex(16))
        session.execute(made.on_conflict_do_nothing())
        found = session.scalars(find).one()
    return found


def address_hash(session: Session, email: str) -> str:
    """``hash_of`` with the store's own salt."""
    return hash_of(salt(session), email)
