"""The memory of the scheduler's jobs: what was last begun, done, and what went wrong.

Rows of plain values in the store. The caller commits.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import JobRun
from recommender.storage import bulk

LONGEST = 1_000
"""Characters of an error that are kept."""


def note_begin(session: Session, name: str, now: datetime) -> None:
    """The job has begun."""
    _note(session, name, begun_at=now)


def note_success(session: Session, name: str, now: datetime, period: str | None = None) -> None:
    """The job has done its work, for the edition of ``period`` if it was about one."""
    values: dict[str, Any] = {"succeeded_at": now, "error": None}
    _note(session, name, **values, **({"period": period} if period else {}))


def note_failure(session: Session, name: str, now: datetime, error: str) -> None:
    """The job has failed."""
    _note(session, name, failed_at=now, error=error[:LONGEST])


def by_name(session: Session) -> dict[str, JobRun]:
    """Every job that ever ran, by name."""
    return {run.name: run for run in session.scalars(sa.select(JobRun).order_by(JobRun.name))}


def _note(session: Session, name: str, **values: object) -> None:
    new = bulk.insert(session, JobRun).values(name=name, **values)
    session.execute(new.on_conflict_do_update(index_elements=["name"], set_=values))
