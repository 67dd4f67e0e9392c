"""What the service remembers of itself, as plain values: when its jobs last ran, and which of its
processes are alive. It is read by probes, metrics and the next process that takes over."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from recommender.models.base import Base


class JobRun(Base):
    """The latest runs of one job of the scheduler. ``error`` is what the latest run failed with,
    null when it did not; ``period`` is the edition for which ``publish`` last did its work."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    begun_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    period: Mapped[str | None] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(Text)


class Heartbeat(Base):
    """The last sign of life of a process in one of its parts (``scheduler``, ``sender``,
    ``worker``). A process that ends well takes its rows away; one that dies leaves them behind, to
    grow old."""

    __tablename__ = "heartbeats"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    process: Mapped[str] = mapped_column(String(255), primary_key=True)
    at: Mapped[datetime]
