"""Signs of life of the service's processes, kept in the store: written, taken away, looked up.

A heartbeat is one small transaction, so it also tells whether the store can be written. It waits
for a locked store for ``PATIENCE_SECONDS`` only, and raises whatever keeps it from being written.
"""

import os
import socket
import time
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from recommender.models import Heartbeat
from recommender.storage import bulk, database

EVERY_SECONDS = 10.0
FRESH = timedelta(seconds=60)
"""A heartbeat that is older says nothing any more."""
PATIENCE_SECONDS = 2.0
MISSED = timedelta(hours=1)
"""For how long a worker that died is missed; by then another has been started, or none is to be."""


class Kind(StrEnum):
    """What is alive. ``probe`` is none of it, but what is written only to try the store."""

    SCHEDULER = "scheduler"
    SENDER = "sender"
    WORKER = "worker"
    PROBE = "probe"


def process() -> str:
    """The name of this process among those of a store."""
    return f"{socket.gethostname()[:200]}:{os.getpid()}"


def beat(engine: Engine, kinds: list[Kind], who: str, now: datetime) -> None:
    """Write that these parts of ``who`` are alive, if any; the store is tried in any case. Raises
    what the store raises."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    with database.writing(engine, lambda: time.monotonic() > give_up) as session:
        rows = [{"kind": kind.value, "process": who, "at": now} for kind in kinds]
        rows.append({"kind": Kind.PROBE.value, "process": "", "at": now})
        new = bulk.insert(session, Heartbeat)
        session.execute(
            new.on_conflict_do_update(
                index_elements=["kind", "process"], set_={"at": new.excluded.at}
            ),
            rows,
        )


def take_over(session: Session, who: str) -> None:
    """Forget the schedulers and senders before ``who``: only one schedules at a time."""
    session.execute(
        sa.delete(Heartbeat).where(
            Heartbeat.process != who, Heartbeat.kind.in_((Kind.SCHEDULER, Kind.SENDER))
        )
    )


def leave(session: Session, who: str) -> None:
    """``who`` ends, and is to be missed by nobody."""
    session.execute(sa.delete(Heartbeat).where(Heartbeat.process == who))


def latest(session: Session) -> dict[Kind, datetime]:
    """The last sign of life of each part, of whichever process."""
    query = sa.select(Heartbeat.kind, sa.func.max(Heartbeat.at)).group_by(Heartbeat.kind)
    known = {str(kind) for kind in Kind}
    return {Kind(kind): at for kind, at in session.execute(query) if kind in known}


def replace(session: Session, who: str, now: datetime) -> None:
    """``who`` is a worker that begins: it takes the place of the one that is silent for longest, if
    any, and of those that died before it on this machine."""
    theirs = sa.select(Heartbeat.process, Heartbeat.at).where(
        Heartbeat.kind == Kind.WORKER, Heartbeat.process != who
    )
    rows = session.execute(theirs.order_by(Heartbeat.at)).all()
    silent = [name for name, at in rows if at < now - timedelta(seconds=2 * EVERY_SECONDS)][:1]
    gone = {name for name, at in rows if at < now - MISSED or _died_here(name)}
    session.execute(
        sa.delete(Heartbeat).where(
            Heartbeat.kind == Kind.WORKER, Heartbeat.process.in_(gone | set(silent))
        )
    )


def _died_here(name: str) -> bool:
    host, _, number = name.rpartition(":")
    if host != process().rpartition(":")[0]:
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError):
        return False
    return False


def workers(session: Session, now: datetime) -> tuple[int, list[datetime]]:
    """How many workers are alive, and the last signs of life of those that died within the last
    hour."""
    query = sa.select(Heartbeat.at).where(Heartbeat.kind == Kind.WORKER).order_by(Heartbeat.at)
    signs = [at for at in session.scalars(query) if at > now - MISSED]
    gone = [at for at in signs if not fresh(at, now)]
    return len(signs) - len(gone), gone


def fresh(at: datetime, now: datetime) -> bool:
    """Whether a sign of life is recent; one from the future was written by a clock gone wrong."""
    return now - FRESH <= at <= now + database.LARGEST_SKEW
