"""Runs the scheduler's jobs so that none of them can end the service, and shows that it is alive.

A job that fails is noted, said once, and tried again at its next turn; the store remembers each run
(``job_runs``) as soon as it can be written. Every few seconds a heartbeat is written, in which
trouble with the store shows before a job meets it. A clock that was set back leaves no job waiting
for a time that was never reached: what is due is looked at afresh with every heartbeat.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from apscheduler.schedulers.base import BaseScheduler
from sqlalchemy.engine import Engine

from mailer.monitoring import heartbeats, job_runs
from mailer.monitoring.heartbeats import Kind
from mailer.monitoring.supervision import Troubles, words
from recommender.errors import StoreError
from recommender.models import JobRun
from recommender.storage import database, migrations

STORE = "store"
"""The name of all trouble with the store."""
SENDER_SECONDS = 180.0
"""After how long without a sign of it the sender is no longer taken to be alive: planning and
waiting for a lock take their time, and it looks for work every minute."""
LATE = timedelta(seconds=45)
"""How far behind the scheduler's loop may be before it is no longer taken to be alive."""
JUMP = timedelta(minutes=2)
"""By how much a clock must have moved, between two heartbeats, to be spoken of."""
POLL_SECONDS = 0.2


@dataclass
class Runner:
    """The jobs of one service on one store. Safe to share between threads."""

    engine: Engine
    clock: Callable[[], datetime]
    troubles: Troubles
    report: Callable[[str], None]
    who: str = field(default_factory=heartbeats.process)
    _file: tuple[int, int] | None = None
    _sender: float = field(default_factory=time.monotonic)
    _busy: set[str] = field(default_factory=set)
    _numbers: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _clocks: tuple[datetime, float] | None = None

    def run(self, name: str, work: Callable[[], str | None]) -> None:
        """Do the work of a job; whatever it raises is noted and said, and raised no further. The
        work returns the period of the edition that it was done for, if any."""
        self.sender_lives()
        try:
            self._look()
            with database.writing(self.engine) as session:
                job_runs.note_begin(session, name, self.clock())
            period = work()
            with database.writing(self.engine) as session:
                job_runs.note_success(session, name, self.clock(), period)
        except Exception as error:  # noqa: BLE001  (the loop goes on, whatever it is)
            self._failed(name, error)
        else:
            self.troubles.over(name)
        self.sender_lives()

    def _failed(self, name: str, error: Exception) -> None:
        if _of_the_store(error):
            self.beat([])
            if self.troubles.lately(STORE):  # it has been said
                return
        self.troubles.note(name, words(error))
        try:
            with database.writing(self.engine) as session:
                job_runs.note_failure(session, name, self.clock(), words(error))
        except Exception:  # noqa: BLE001  (the heartbeat speaks of it)
            self.beat([])

    def news(self, name: str, numbers: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
        """Of the numbers known under ``name``, the keys of those that are others than last time."""
        with self._lock:
            before = self._numbers.get(name, {})
            self._numbers[name] = dict(numbers)
        return [key for key, number in numbers.items() if before.get(key) != number]

    def known(self) -> dict[str, JobRun]:
        """What the store remembers of the jobs."""
        with database.reading(self.engine) as session:
            return job_runs.by_name(session)

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Whether no other job of this process is at the same work, for as long as it lasts."""
        with self._lock:
            free = name not in self._busy
            self._busy.add(name)
        try:
            yield free
        finally:
            if free:
                with self._lock:
                    self._busy.discard(name)

    def sender_lives(self, _handled: int = 0) -> None:
        """To be called by whatever sends, again and again."""
        self._sender = time.monotonic()

    def beat(self, kinds: list[Kind]) -> None:
        """Write a heartbeat, or say what is wrong with the store."""
        try:
            self._look()
            now = self.clock()
            now += database.skew(self.engine, now)
            heartbeats.beat(self.engine, kinds, self.who, now)
        except Exception as error:  # noqa: BLE001  (the loop goes on, whatever it is)
            self.troubles.note(STORE, words(error), once=True)
        else:
            self.troubles.over(STORE)

    def keep_beating(self, scheduler: BaseScheduler, stop: threading.Event) -> None:
        """Beat until ``stop`` is set, for as long as the loop of ``scheduler`` is on time."""
        self._step(self._take_over)
        while not stop.is_set():
            self._step(lambda: self.mind_the_clock(scheduler))
            kinds = [Kind.SCHEDULER] if _on_time(scheduler, self.clock()) else []
            if time.monotonic() - self._sender < SENDER_SECONDS:
                kinds.append(Kind.SENDER)
            self.beat(kinds)
            until = time.monotonic() + heartbeats.EVERY_SECONDS
            while not stop.is_set() and time.monotonic() < until:
                time.sleep(POLL_SECONDS)

    def _step(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001  (the loop goes on, whatever it is)
            if not _of_the_store(error):  # of which the heartbeat speaks
                self.troubles.note("heartbeat", words(error))

    def _take_over(self) -> None:
        with database.writing(self.engine) as session:
            heartbeats.take_over(session, self.who)

    def leave(self) -> None:
        """This process ends as it was told to, and is to be missed by nobody."""
        try:
            with database.writing(self.engine, lambda: True) as session:
                heartbeats.leave(session, self.who)
        except Exception:  # noqa: BLE001  (a store that is away learns it by silence)
            return

    def mind_the_clock(self, scheduler: BaseScheduler) -> None:
        """Let no job wait for a moment beyond its next; and say it when the clock was moved."""
        now, ticks = self.clock(), time.clock_gettime(time.CLOCK_BOOTTIME)
        before, self._clocks = self._clocks, (now, ticks)
        if before is not None:
            moved = (now - before[0]) - timedelta(seconds=ticks - before[1])
            if abs(moved) > JUMP:
                way = "ahead" if moved > timedelta(0) else "back"
                self.report(f"the clock was set {way} by {_round(abs(moved))}, to {now:%Y-%m-%d}")
        for job in scheduler.get_jobs():
            # A second on, so that what is run at this very moment is not run twice.
            due = job.trigger.get_next_fire_time(None, now + timedelta(seconds=1))
            if due is not None and job.next_run_time is not None and job.next_run_time > due:
                job.modify(next_run_time=due)
        scheduler.wakeup()

    def _look(self) -> None:
        """Raise StoreError when the file is no longer there; take up one that was put in its place.
        Connections that are open would go on with a file that nobody can see any more."""
        if self.engine.dialect.name != "sqlite":
            return
        try:
            found = Path(str(self.engine.url.database)).stat()
        except FileNotFoundError as error:
            raise StoreError(f"{database.place(self.engine)} is not there") from error
        file = (found.st_dev, found.st_ino)
        if self._file is not None and file != self._file:
            self.engine.dispose()
            migrations.check_version(self.engine)
        self._file = file


def _of_the_store(error: Exception) -> bool:
    return isinstance(error, StoreError | sa.exc.DBAPIError | sa.exc.TimeoutError | OSError)


def _on_time(scheduler: BaseScheduler, now: datetime) -> bool:
    due = [job.next_run_time for job in scheduler.get_jobs() if job.next_run_time is not None]
    return all(moment > now - LATE for moment in due)


def _round(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    return f"{hours / 24:.1f} days" if hours >= 24 else f"{hours:.1f} hours"
