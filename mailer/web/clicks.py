"""Clicks on their way into the store: noted at once, answered, and written a little later.

A redirect must not wait for whoever is writing to the store, so a click is first noted in a file of
this process, in the time of one system call. A thread takes what has come together into the store,
a few times a second and in one transaction, and then drops the file. A process that is killed
leaves its file, and whoever starts next takes it over: a lock on it shows that its owner is gone.
Recording the same click again changes nothing, so none is lost or counted twice.
"""

import json
import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from secrets import token_hex

from sqlalchemy.engine import Engine

from mailer.engagement import feedback
from mailer.engagement.feedback import Click
from recommender.errors import ConfigurationError
from recommender.safety import private_files, quarantine
from recommender.storage import database

log = logging.getLogger("newsletter.web")
PAUSE = 0.25
"""Seconds in which clicks come together before they are written."""
RETRY = 2.0
"""Seconds after which a store that could not be written is tried again."""
MOST_AT_ONCE = 500
SUFFIX = ".clicks"
LARGEST = 2**63 - 1
"""Of the numbers a store can hold."""


class Clicks:
    """The clicks of one process; ``folder`` holds its notes, and those of processes that died."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._changed = threading.Condition()
        self._note = _note(folder)
        self._put = self._written = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="clicks", daemon=True)
        self._thread.start()

    def put(self, delivery_id: int, click: Click) -> None:
        """Note a click on a copy; when this returns, it survives the end of the process."""
        with self._changed:
            try:
                self._note.add(delivery_id, click)
            except OSError:
                log.exception("a click could not be noted")  # the reader gets to the story anyway
                return
            self._put += 1
            self._changed.notify_all()

    def flush(self) -> None:
        """Return when all that was put so far is in the store."""
        with self._changed:
            wanted = self._put
            self._changed.wait_for(lambda: self._written >= wanted)

    def close(self) -> None:
        """Write what is waiting, then end. What cannot be written stays in its file."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._note.close()

    def _run(self) -> None:
        if not self._until_done(self._take_over):
            return
        while (note := self._next()) is not None:
            if self._until_done(note.record, self._engine):
                note.drop()
            note.close()
            with self._changed:
                self._written += note.size
                self._changed.notify_all()

    def _next(self) -> "_Note | None":
        """What has come together; None when nothing more will, or no other file can be begun."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._note.size)
            self._changed.wait_for(lambda: self._closing, PAUSE)
            if not self._note.size:
                self._note.drop()
                return None
        full = self._note  # which nobody else exchanges
        return full if self._until_done(self._begin_another) else None

    def _begin_another(self) -> None:
        with self._changed:
            self._note = _note(self._folder)

    def _until_done(self, step: Callable[..., None], *values: object) -> bool:
        """Do it, again while the store cannot be written; False when that lasts to the end."""
        while True:
            try:
                step(*values)
            except Exception as error:  # noqa: BLE001  (the thread must live)
                log.error("clicks are kept in a file until they can be written: %s", error)  # noqa: TRY400
            else:
                return True
            with self._changed:
                if self._changed.wait_for(lambda: self._closing, RETRY):
                    return False

    def _take_over(self) -> None:
        """Record what processes that died have left."""
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            orphan = _locked(path, os.O_RDWR)
            if orphan is not None:
                orphan.record(self._engine)
                orphan.drop()
                orphan.close()


class _Note:
    """A file of clicks, one in a line, locked by who writes it. ``size``: clicks added here."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle
        self.size = 0

    def add(self, delivery_id: int, click: Click) -> None:
        fields = [delivery_id, click.at.isoformat(), click.story_id, click.method, click.agent]
        # A line begins on its own, so that one cut short by a full disk spoils no other.
        os.write(self._handle, b"\n" + json.dumps(fields).encode() + b"\n")
        self.size += 1

    def record(self, engine: Engine) -> None:
        """Into the store, and nothing twice."""
        unread: list[bytes] = []
        lines = [line for line in self._path.read_bytes().splitlines() if line.strip()]
        for start in range(0, len(lines), MOST_AT_ONCE):
            some = lines[start : start + MOST_AT_ONCE]
            clicks = [(line, _read(line)) for line in some]
            unread += [line for line, click in clicks if click is None]
            with database.writing(engine) as session:
                feedback.record_clicks(session, [click for _, click in clicks if click is not None])
        if unread:
            self._set_aside(unread)

    def _set_aside(self, lines: list[bytes]) -> None:
        """Keep lines that hold no click where a person may look at them, and go on."""
        kept = quarantine.set_aside(
            self._path.parent.parent / "quarantine",
            b"\n".join(lines) + b"\n",
            kind="clicks",
            source=str(self._path),
            why="lines of a click file that cannot be read",
            now=datetime.fromtimestamp(self._path.stat().st_mtime, UTC),
        )
        log.warning("%d lines of clicks cannot be read; kept in %s", len(lines), kept)

    def drop(self) -> None:
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._handle)


def _note(folder: Path) -> _Note:
    """A new file, locked."""
    try:
        private_files.make_folder(folder)
        while True:
            path = folder / f"{token_hex(8)}{SUFFIX}"
            note = _locked(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL)
            if note is not None:
                return note
    except OSError as error:
        raise ConfigurationError(f"home: cannot write {folder}: {error.strerror}") from error


def _locked(path: Path, flags: int) -> _Note | None:
    """The file, when its lock can be had and it is still there."""
    try:
        handle = os.open(path, flags, 0o600)
    except FileNotFoundError:
        return None
    try:
        flock(handle, LOCK_EX | LOCK_NB)
        there = os.fstat(handle).st_nlink > 0
    except BlockingIOError:
        there = False
    if not there:
        os.close(handle)
        return None
    return _Note(path, handle)


def _read(line: bytes) -> tuple[int, Click] | None:
    """A click as noted; None for a line that was cut short, or holds anything else."""
    try:
        delivery, at, story, method, agent = json.loads(line)
        moment = datetime.fromisoformat(at)
    except (ValueError, TypeError, RecursionError):
        return None
    numbers = all(type(one) is int and -LARGEST <= one <= LARGEST for one in (delivery, story))
    words = all(isinstance(one, str) and "\0" not in one for one in (method, agent))
    if not numbers or not words or moment.tzinfo is None:
        return None
    return delivery, Click(moment, story, method, agent)
