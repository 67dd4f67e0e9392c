"""What keeps a service going and honest: troubles that are said once, threads that must not end.

A trouble is said when it begins, and once more when it is over; in between only if it turns into
another one. A thread that the service cannot live without may not end before it is told to: should
one do so all the same, ``Supervisor.failure`` says why, and whoever waits for the end of the
process ends it with an error, so that systemd or a container's restart begins it again. It knows
no store.
"""

import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from recommender.safety import scrubbing

QUIET_SECONDS = 60.0
"""For how long after a trouble was over a job may still fail because of it."""
MOST_WORDS = 10
"""Different words in which one trouble is said."""
LAST_SECONDS = 20.0
"""How long a process that must end may take to end well."""
FAILED = 70
"""The exit code of one that takes longer: EX_SOFTWARE of sysexits.h."""


def words(error: BaseException) -> str:
    """What went wrong, in one line: no statement, no parameters, no traceback."""
    return scrubbing.words(error).partition("\n")[0] or type(error).__name__


@dataclass
class _Trouble:
    since: float
    said: set[str] = field(default_factory=set)


class Troubles:
    """What is wrong at this moment, by name, each reported once. Safe to share between threads."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._open: dict[str, _Trouble] = {}
        self._over: dict[str, float] = {}

    def note(self, name: str, why: str, *, once: bool = False) -> None:
        """It has gone wrong, or does so still. ``once``: other words are no other trouble."""
        now = time.monotonic()
        alike = re.sub(r"\d+", "0", why)
        with self._lock:
            if name not in self._open:
                self._open[name] = _Trouble(now)
            said = self._open[name].said
            if alike in said or len(said) >= (1 if once else MOST_WORDS):
                return
            said.add(alike)
        self._report(f"error: {name}: {why}")

    def over(self, name: str) -> None:
        """It is well, or well again."""
        with self._lock:
            trouble = self._open.pop(name, None)
            if trouble is None:
                return
            now = self._over[name] = time.monotonic()
        self._report(f"{name}: well again after {now - trouble.since:.0f} s")

    def lately(self, name: str) -> bool:
        """Whether it is wrong now, or was a moment ago: what comes late has been said."""
        with self._lock:
            over = self._over.get(name, float("-inf"))
            return name in self._open or time.monotonic() - over < QUIET_SECONDS


class Supervisor:
    """Watches threads that may end only after ``stop`` was set."""

    def __init__(self) -> None:
        self.failure: str | None = None

    def run(self, name: str, work: Callable[[], None], may_end: Callable[[], bool]) -> None:
        """``work()``, in the thread that calls; its end is a failure unless ``may_end()``."""
        why = "it has ended"
        try:
            work()
        except BaseException as error:  # noqa: BLE001  (whatever ends a thread)
            why = f"{type(error).__name__}: {words(error)}"
        if not may_end():
            self.failure = self.failure or f"the {name} thread died ({why})"

    def start(
        self, name: str, work: Callable[[], None], may_end: Callable[[], bool]
    ) -> threading.Thread:
        """The same in a thread of its own."""
        thread = threading.Thread(target=self.run, args=(name, work, may_end), name=name)
        thread.start()
        return thread


def end_soon() -> None:
    """Let the process end now, however stuck its other threads are."""
    timer = threading.Timer(LAST_SECONDS, os._exit, (FAILED,))
    timer.daemon = True
    timer.start()
