"""What keeps this deployment from its work at this moment: the store, signs of life, editions.

Whether there is a scheduler to be missed, the store says: one that was stopped takes its heartbeat
away, one that died leaves it behind. So pages alone are ready without, and pages on one machine
miss a scheduler that died on another. The words name no reader, path or server.
"""

import os
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition import first_hour, planning, schedule
from mailer.monitoring import heartbeats, job_runs
from mailer.monitoring.heartbeats import Kind
from recommender import newsletters
from recommender.errors import StoreError
from recommender.models import Edition, EditionState
from recommender.settings import Settings
from recommender.storage import database, migrations

GRACE = timedelta(minutes=10)
"""How long after its hour an edition may still be in planning."""
MISSED = timedelta(days=14)
"""For how long after a scheduler was last at work an edition is missed."""
LEAST_BYTES = 1024 * 1024
"""Free space under which nothing can be expected to be written."""
FEW_BYTES = 200 * LEAST_BYTES
TRIED_BYTES = 64 * 1024
OPEN = (EditionState.PLANNED, EditionState.SENDING)


@dataclass(frozen=True)
class Problem:
    """One reason not to be ready: what it is about, and what is the matter."""

    what: str
    why: str


def problems(engine: Engine, settings: Settings, now: datetime) -> list[Problem]:
    """Everything that is wrong; of a store that cannot be used, only that."""
    try:
        if database.missing(engine):
            return [Problem("store", "the store is not there")]
        found = migrations.revision(engine)
        if found != migrations.head():
            return [Problem("store", "the store must be migrated: newsletter init")]
        now += database.skew(engine, now)
        heartbeats.beat(engine, [], "", now)
        with database.reading(engine) as session:
            wrong = [*silent(session, now), *_editions(session, settings, now)]
    except (StoreError, sa.exc.SQLAlchemyError) as error:
        return [Problem("store", f"the store {_in_words(error)}")]
    full = [place for place in places(engine, settings) if free_bytes(place) < LEAST_BYTES]
    return [*wrong, *([Problem("disk", "the disk is full")] if full else [])]


def places(engine: Engine, settings: Settings) -> list[Path]:
    """The folders that the service writes to, those that are there."""
    wanted = {settings.home}
    if engine.dialect.name == "sqlite":
        wanted.add(Path(str(engine.url.database)).parent)
    return sorted(place for place in wanted if place.is_dir())


def free_bytes(place: Path) -> int:
    """How much can still be written to the disk of ``place``."""
    return shutil.disk_usage(place).free


def written(place: Path | None) -> list[datetime]:
    """When the files were written that ``place`` is, or directly holds; nothing where it is not."""
    if place is None:
        return []
    try:
        files = [one for one in place.iterdir() if one.is_file()] if place.is_dir() else [place]
        return [datetime.fromtimestamp(one.stat().st_mtime, UTC) for one in files]
    except OSError:
        return []


def cannot_be_written(place: Path) -> str | None:
    """Why no file can be written in a folder; None when it can. It is tried."""
    try:
        with NamedTemporaryFile(dir=place, prefix=".try-") as file:
            file.write(bytes(TRIED_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.strerror or str(error)
    return None


def overdue(session: Session, settings: Settings, now: datetime) -> timedelta:
    """By how much the latest edition of any newsletter is late (``lateness``)."""
    late = [much for _, much in lateness(session, settings, now)]
    return max(late, default=timedelta(0))


def lateness(
    session: Session, settings: Settings, now: datetime
) -> list[tuple[Settings, timedelta]]:
    """The settings of each newsletter, and by how much its latest edition is late: its hour is
    over, and not everybody is in it. Nothing where no scheduler was at work lately, or it is too
    late for it anyway."""
    run = job_runs.by_name(session).get("deliver")
    if run is None or run.begun_at is None or run.begun_at < now - MISSED:
        return []
    first = settings.newsletter
    return [(one, _late(session, one, now, first)) for one in newsletters.all_of(session, settings)]


def _late(session: Session, settings: Settings, now: datetime, first: str) -> timedelta:
    zone = schedule.publishing_zone(settings)
    period, moment = schedule.latest(settings.schedule, zone, now)
    late = now - moment
    if first_hour.precedes(session, settings, moment, first=settings.newsletter == first):
        return timedelta(0)
    waiting = not planning.published(session, settings.newsletter, period)
    return late if waiting and late <= timedelta(hours=settings.catch_up_hours) else timedelta(0)


def in_trouble(session: Session) -> list[Edition]:
    """Editions that are on their way, and could not be sent when that was last tried."""
    query = sa.select(Edition).where(Edition.state.in_(OPEN), Edition.last_error.is_not(None))
    return list(session.scalars(query.options(sa.orm.joinedload(Edition.newsletter))))


def silent(session: Session, now: datetime) -> list[Problem]:
    """The parts of the service that give no sign of life, and were not stopped."""
    latest = heartbeats.latest(session)
    alive, gone = heartbeats.workers(session, now)
    workers = [
        Problem("worker", f"a worker has given no sign of life {_since(at)}; {alive} are alive")
        for at in gone[:1]
    ]
    if Kind.SCHEDULER not in latest and Kind.SENDER not in latest:
        return workers
    return workers + [
        Problem(kind.value, f"the {kind} has given no sign of life {_since(latest.get(kind))}")
        for kind in (Kind.SCHEDULER, Kind.SENDER)
        if kind not in latest or not heartbeats.fresh(latest[kind], now)
    ]


def _since(at: datetime | None) -> str:
    return "at all" if at is None else f"since {at:%Y-%m-%d %H:%M:%S} UTC"


def _editions(session: Session, settings: Settings, now: datetime) -> list[Problem]:
    found = []
    late = overdue(session, settings, now)
    if late > GRACE:
        minutes = late.total_seconds() // 60
        found.append(Problem("edition", f"an edition is overdue by {minutes:.0f} minutes"))
    return found + [
        Problem("edition", f"{edition.name} cannot be sent; see `newsletter editions show`")
        for edition in in_trouble(session)
    ]


def _in_words(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error.__cause__ or error
    cause = getattr(cause, "orig", None) or cause
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return "cannot be reached"
    return {
        sqlite3.SQLITE_BUSY: "is locked",
        sqlite3.SQLITE_LOCKED: "is locked",
        sqlite3.SQLITE_FULL: "cannot be written: the disk is full",
        sqlite3.SQLITE_READONLY: "cannot be written: it is read-only",
    }.get(code & 0xFF, "cannot be used")
