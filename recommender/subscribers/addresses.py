"""Email addresses: validated, normalised, and known by a salted hash.

Two addresses that differ only in case are one reader; ß and ss, or ς and σ, are different letters
(IDNA 2008, RFC 6531), so two readers. The hash is what suppressions keep, so that an erased address
can be recognised without being held.
"""

import hashlib
import re
import secrets
import unicodedata
from functools import lru_cache

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from recommender.models import Property
from recommender.storage.bulk import insert
from recommender.storage.properties import ADDRESS_SALT
from recommender.subscribers import pasted


def normalise(text: str) -> str:
    """The address as it is mailed: domain lower-cased and in Unicode, local part as written.

    What comes along when it is copied (a name, ``mailto:``, invisible characters) is taken off.
    ``.test`` domains are accepted (RFC 6761: they never resolve), since test lists use them.
    Raises ValueError with the reason.
    """
    text = pasted.address(text)
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


def fold(email: str) -> str:
    """What two ways to write one address have in common: lower case (never ``casefold``, for which
    ß is ss), composed letters (NFC), the domain in Unicode."""
    text = email.strip()
    if text.isascii() and "xn--" not in (lowered := text.lower()):
        return lowered
    local, at, domain = text.rpartition("@")
    local = unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).lower())
    return f"{local}{at}{_normal_domain(domain) or domain.lower()}"


def hash_of(salt: str, email: str) -> str:
    """SHA-256 (hex) of the salt and the address as ``fold`` has it."""
    return hashlib.sha256(f"{salt}{fold(email)}".encode()).hexdigest()


def casefolded_hash(salt: str, email: str) -> str | None:
    """The hash under which stores knew the address while ß was ss to them; None when it is the
    same."""
    folded = fold(email)
    if folded == (cased := folded.casefold()):
        return None
    return hashlib.sha256(f"{salt}{cased}".encode()).hexdigest()


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
