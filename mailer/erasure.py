"""Erasing a reader: from the store, and from the files that were written for them.

Without a relay, mail lies in the outbox as files with the address in their names; those go, too.
What a relay has taken, and backups, are out of reach. The store keeps the salted hash, on the
suppression list, and nothing else.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.mime.headers import on_the_wire
from mailer.relay.outbox import file_name
from recommender import addresses, database
from recommender.errors import StoreError
from recommender.models import AddressChange
from recommender.settings import Settings
from recommender.subscribers import consent, moving, records


def erase(engine: Engine, settings: Settings, email: str, *, now: datetime) -> int:
    """Delete all that is held of the reader; how many files went with it.

    Raises NotFoundError when nothing is held, ConflictError while a copy is on the wire, StoreError
    when a file cannot be removed: the store is clean then, and the file is named.
    """
    with database.writing(engine) as session:
        reader = records.find(session, email)
        names = [reader.email, *_asked_for(session, reader.id)]
        hashes = moving.former_hashes(session, reader)
        salt = addresses.salt(session)
        consent.erase(session, email, now=now)
    database.forget(engine)
    return _remove(_files(settings.outbox, names, hashes, salt))


def _asked_for(session: Session, reader: int) -> list[str]:
    query = sa.select(AddressChange.email).where(AddressChange.subscriber_id == reader)
    return list(session.scalars(query))


def _files(
    outbox: Path, emails: Collection[str], former: Collection[str], salt: str
) -> Iterator[Path]:
    """The files of the outbox that were written to these addresses."""
    endings = {file_name(0, email).partition("-")[2]: on_the_wire(email) for email in emails}
    for path in outbox.glob("*/*.eml*"):
        ending = path.name.partition("-")[2].removesuffix(".part")
        known = ending in endings and _is_to(path, endings[ending])
        if known or (former and _hash(salt, ending.removesuffix(".eml")) in former):
            yield path


def _is_to(path: Path, email: str) -> bool:
    """Whether a file whose name fits is to ``email`` indeed: names are written with fewer
    characters than addresses. What has no header yet is taken to be."""
    with path.open("rb") as file:
        to = BytesHeaderParser(policy=policy.default).parse(file)["To"]
    return to is None or email.casefold() in str(to).casefold()


def _hash(salt: str, written: str) -> str:
    """The salted hash of an address as file names have it."""
    try:
        return addresses.hash_of(salt, addresses.normalise(written))
    except ValueError:
        return ""


def _remove(paths: Iterator[Path]) -> int:
    number = 0
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"erased from the store, but {path} is still there: {error.strerror}; remove it"
            ) from error
        number += 1
    return number
