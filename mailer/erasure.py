"""Erasing a reader: from the store, and from the files that were written for them.

Without a relay, mail lies in the outbox as files with the address in their names; those go, too, as
do notes of clicks on the reader's copies, and replies and messages in quarantine that name them.
The store keeps the salted hash, on the suppression list, and nothing else. What could not be
removed is said, with when it will be gone; what is out of reach is named by ``not_reached``.
"""

import base64
import binascii
import json
import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.parser import BytesHeaderParser
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer import transactional
from mailer.mime.headers import on_the_wire
from mailer.relay.outbox.folder import file_name
from recommender.models import AddressChange, Delivery, Segment, Subscriber
from recommender.settings import Settings
from recommender.storage import database, secure_deletion
from recommender.subscribers import addresses, consent, records

PATIENCE = 15.0
"""Seconds in which readers of the store, and clicks that are being written, come to an end."""
POLL_SECONDS = 0.1
LATER = "it is gone after the next `newsletter store prune`, which the service runs every night"
_ENCODED = re.compile(rb"(?:[A-Za-z0-9+/]{20,}\r?\n?)+={0,2}")


@dataclass(frozen=True)
class ErasureSummary:
    """``files`` removed, and what is ``left`` of the reader: where and until when, a sentence
    each."""

    files: int
    left: Sequence[str] = ()


@dataclass(frozen=True)
class _Known:
    """What a reader may be recognised by: addresses in use, salted hashes of former ones, the
    store's salt, their copies."""

    emails: Collection[str]
    former: Collection[str]
    salt: str
    copies: Collection[int]

    def has(self, address: str) -> bool:
        """Whether this is an address of theirs, as it was written in a file."""
        try:
            normal = addresses.normalise(address)
        except ValueError:
            normal = address
        if addresses.fold(normal) in {addresses.fold(email) for email in self.emails}:
            return True
        hashes = {
            addresses.hash_of(self.salt, normal),
            addresses.casefolded_hash(self.salt, normal),
        }
        return not hashes.isdisjoint(self.former)


def erase(
    engine: Engine, settings: Settings, email: str, *, now: datetime, patience: float = PATIENCE
) -> ErasureSummary:
    """Delete all that is held of the reader.

    Raises NotFoundError when nothing is held, ConflictError while a copy is on the wire.
    """
    with database.writing(engine) as session:
        reader = records.find(session, email)
        known = _known(session, reader)
        words = [*known.emails, reader.name if len(reader.name) > 5 else ""]
        _drop_requests(session, reader.email)
        consent.erase(session, email, now=now)
        rules = _rules(session, known.emails)
    until = time.monotonic() + patience
    removed, left = _remove(_files(settings, known, strangers=_Strangers(engine)))
    left += _clicks(settings.home / "clicks", known.copies, until)
    remains = secure_deletion.overwrite(engine, words, patience=max(0.0, until - time.monotonic()))
    left += [f"what was deleted may still lie in {where}; {LATER}" for where in remains]
    left += [f"the rule of segment {name!r} holds the address; change it" for name in rules]
    return ErasureSummary(removed, tuple(left))


def not_reached(engine: Engine) -> str:
    """What no erasure can reach, in one line."""
    files = "" if engine.dialect.name == "sqlite" else ", PostgreSQL's files until they are reused"
    return (
        "not reached: backups and exports made before, mail that a relay has taken, "
        f"logs of relays and web servers{files}"
    )


def _known(session: Session, reader: Subscriber) -> _Known:
    asked = sa.select(AddressChange.email).where(AddressChange.subscriber_id == reader.id)
    copies = sa.select(Delivery.id).where(Delivery.subscriber_id == reader.id)
    return _Known(
        [reader.email, *session.scalars(asked)],
        consent.former_hashes(session, reader),
        addresses.salt(session),
        set(session.scalars(copies)),
    )


def _drop_requests(session: Session, email: str) -> None:
    """Forget that another reader asked to be mailed at the address."""
    query = sa.select(AddressChange.subscriber_id, AddressChange.email)
    theirs = [who for who, wanted in session.execute(query) if _same(wanted, email)]
    session.execute(sa.delete(AddressChange).where(AddressChange.subscriber_id.in_(theirs)))


def _same(one: str, other: str) -> bool:
    return addresses.fold(one) == addresses.fold(other)


def _rules(session: Session, emails: Collection[str]) -> list[str]:
    """Segments in whose rule somebody wrote the address."""
    found = session.execute(sa.select(Segment.name, Segment.rule).order_by(Segment.name))
    wanted = [addresses.fold(email) for email in emails]
    return [name for name, rule in found if any(one in (rule or "").lower() for one in wanted)]


def _files(settings: Settings, known: _Known, strangers: "_Strangers") -> Iterator[Path]:
    """Mail that was written to the reader, and what was set aside and names them.

    Service mail to an address nobody has may be theirs too: addresses that were asked for and never
    confirmed are soon forgotten.
    """
    for path in settings.outbox.glob("*/*.eml*"):
        if (_may_be_to(path, known) and _is_to(path, known)) or (
            path.parent == settings.outbox / transactional.FOLDER and strangers.got(path)
        ):
            yield path
    words = [
        word.encode().lower()  # of bytes that are not ASCII no case is known
        for email in known.emails
        for word in {email, addresses.fold(email), on_the_wire(email)}
    ]
    kept = (settings.home / "quarantine", settings.home / "replies")
    for path in (file for folder in kept for file in folder.rglob("*")):
        if path.is_file() and (_names(path.name.encode(), words) or _names(_bytes(path), words)):
            yield path


def _may_be_to(path: Path, known: _Known) -> bool:
    """Whether a name fits. Names are cut, and have ``_`` for what not every file system takes."""
    ending = path.name.partition("-")[2].removesuffix(".part")
    if ending in {file_name(0, email).partition("-")[2] for email in known.emails}:
        return True
    written = ending.removesuffix(".eml")
    return bool(known.former) and ("_" in written or len(written) >= 100 or known.has(written))


def _to(path: Path) -> Any:
    """The To header of a message; None where it has none yet. Typeshed has no type for it."""
    with path.open("rb") as file:
        return BytesHeaderParser(policy=policy.default).parse(file)["To"]


@dataclass(frozen=True)
class _Strangers:
    """Addresses that no reader has or asked for."""

    engine: Engine

    def got(self, path: Path) -> bool:
        """Whether a message is to such addresses only."""
        to = [one.addr_spec for one in getattr(_to(path), "addresses", ())]
        return bool(to) and not any(map(self._is_known, to))

    def _is_known(self, address: str) -> bool:
        try:
            email = addresses.normalise(address)
        except ValueError:
            return False
        with database.reading(self.engine) as session:
            asked = session.scalars(sa.select(AddressChange.email))
            if any(_same(wanted, email) for wanted in asked):
                return True
            key = addresses.address_hash(session, email)
            reads = sa.select(Subscriber.id).where(Subscriber.address_hash == key)
            return session.scalar(reads) is not None


def _is_to(path: Path, known: _Known) -> bool:
    """Whether the message is to the reader indeed. What has no header yet is taken to be."""
    to = _to(path)
    if to is None:
        return True
    found = getattr(to, "addresses", ())
    if not found:  # an address so odd that the library does not see one
        return any(addresses.fold(email) in str(to).lower() for email in known.emails)
    return any(known.has(one.addr_spec) for one in found)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _names(data: bytes, words: Collection[bytes]) -> bool:
    """Whether ``data`` holds one of ``words``, also as mail encodes it."""
    plain = data.replace(b"=\r\n", b"").replace(b"=\n", b"").replace(b"=40", b"@")
    views = [data, plain, *(_decoded(found[0]) for found in _ENCODED.finditer(data))]
    return any(word in view.lower() for view in views for word in words)


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""


def _remove(paths: Iterator[Path]) -> tuple[int, list[str]]:
    number, left = 0, []
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            left.append(f"{path} cannot be removed ({error.strerror}); remove it")
        else:
            number += 1
    return number, left


def _clicks(folder: Path, copies: Collection[int], until: float) -> list[str]:
    """Take clicks on these copies out of the notes that wait to be written. A process that lives
    writes its own in a moment, and the store takes none of a copy that is gone."""
    left = []
    for path in sorted(folder.glob("*.clicks")):
        while _noted(path, copies) and not _rewritten(path, lambda line: _is_on(line, copies)):
            if time.monotonic() > until:
                left.append(f"{path} notes clicks on the reader's copies, until they are written")
                break
            time.sleep(POLL_SECONDS)
    return left


def _noted(path: Path, copies: Collection[int]) -> bool:
    return any(_is_on(line, copies) for line in _bytes(path).splitlines())


def _is_on(line: bytes, copies: Collection[int]) -> bool:
    try:
        fields = json.loads(line)
    except ValueError:
        return False
    return isinstance(fields, list) and bool(fields) and fields[0] in copies


def _rewritten(path: Path, drop: Callable[[bytes], bool]) -> bool:
    """Write the file without such lines; False when a process is at work on it."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        flock(handle, LOCK_EX | LOCK_NB)
        kept = [line for line in _bytes(path).splitlines() if not drop(line)]
        os.ftruncate(handle, 0)
        os.write(handle, b"\n".join(kept) + b"\n")
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
