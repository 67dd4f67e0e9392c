"""Processes that carry out a task beside the one that starts them, on the same machine and store.

What they are to do is a value with a method, handed over by a pipe; what they say comes back by
another, a line of JSON each time. They stop when their input ends: on purpose, or because whoever
held the other end is gone, however that came about. It knows nothing of what the tasks are.
"""

import contextlib
import json
import os
import pickle
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from mailer import gc_tuning
from recommender.errors import NewsletterError
from recommender.safety import logs, scrubbing
from recommender.storage import damage, database, sharing

POLL_SECONDS = 0.1
FORK_POLL_SECONDS = 0.005
LAST_SECONDS = 8.0
"""A process that is still there so long after it was asked to stop is killed."""


class Task(Protocol):
    """Something to do, that can be pickled."""

    @property
    def store_url(self) -> str: ...

    def run(
        self, engine: Engine, stop: threading.Event, progress: Callable[[int], None]
    ) -> str | None:
        """Do it, until it is done or ``stop`` is set; why it ended before, if a limit made it."""


@dataclass
class ChildProcess:
    """A process of the group. ``last`` is its last word: why it halted, or what went wrong."""

    process: "subprocess.Popen[bytes] | ForkedProcess"
    input: IO[bytes]
    output: IO[bytes]
    handled: int = 0
    last: dict[str, Any] | None = None
    _unread: bytes = b""

    def read(self) -> bool:
        """Take in what it has said; False when it will say no more."""
        piece = self.output.read1()  # type: ignore[attr-defined]  # a BufferedReader
        *lines, self._unread = (self._unread + piece).split(b"\n")
        for line in lines:
            said = json.loads(line)
            self.handled = said["handled"]
            if "halt_reason" in said:
                self.last = said
        return bool(piece)

    def stop(self) -> None:
        with contextlib.suppress(OSError):  # it may be gone
            self.input.close()


@dataclass
class ProcessGroup:
    """Several processes, each with a task."""

    members: list[ChildProcess]
    leave_by: float = field(default=float("inf"))
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def __post_init__(self) -> None:
        for member in self.members:
            self._selector.register(member.output, selectors.EVENT_READ, member)

    @property
    def handled(self) -> int:
        return sum(member.handled for member in self.members)

    @property
    def died(self) -> bool:
        """Whether one has ended without a last word."""
        return any(member.last is None for member in self.members)

    @property
    def halt_reason(self) -> str | None:
        return self._first("halt_reason")

    @property
    def trouble(self) -> str | None:
        return self._first("trouble")

    def work(self, stop: threading.Event, progress: Callable[[int], None]) -> None:
        """Wait until all have ended; hand down ``stop``."""
        while self._selector.get_map() and time.monotonic() < self.leave_by:
            self.poll(stop, POLL_SECONDS)
            progress(self.handled)

    def poll(self, stop: threading.Event, seconds: float = 0.0) -> None:
        """Take in what they have said, within so many seconds; hand down ``stop``."""
        if stop.is_set():
            self.stop()
        for key, _ in self._selector.select(seconds):
            if not key.data.read():
                self._selector.unregister(key.fileobj)

    def stop(self) -> None:
        """Let each finish what it has on the wire, and end."""
        self.leave_by = min(self.leave_by, time.monotonic() + LAST_SECONDS)
        for member in self.members:
            member.stop()

    def end(self) -> None:
        """Leave none behind."""
        self.stop()
        for member in self.members:
            with contextlib.suppress(subprocess.TimeoutExpired):
                member.process.wait(max(0.0, self.leave_by - time.monotonic()))
            member.process.kill()
            member.process.wait()
            member.output.close()
        self._selector.close()

    def _first(self, key: str) -> str | None:
        words = (member.last[key] for member in self.members if member.last is not None)
        return next((word for word in words if word), None)


class ForkedProcess:
    """A process that was forked, as ``subprocess`` has its own."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ended = False

    def wait(self, timeout: float = float("inf")) -> None:
        """Until it has ended; TimeoutExpired when it has not within so many seconds."""
        deadline = time.monotonic() + timeout
        while not self._ended:
            self._ended = os.waitpid(self._pid, os.WNOHANG)[0] == self._pid
            if not self._ended:
                if time.monotonic() > deadline:
                    raise subprocess.TimeoutExpired("a process of ours", timeout)
                time.sleep(FORK_POLL_SECONDS)

    def kill(self) -> None:
        if not self._ended:
            os.kill(self._pid, signal.SIGKILL)


_spare: list[ChildProcess] = []
"""Processes that wait for a task."""
forking = False
"""Whether this is a program of ours, which has opened nothing before its command says so."""


@contextlib.contextmanager
def spare(number: int) -> Iterator[None]:
    """Have so many processes for what is to be started within: forked now, they have loaded what
    this one has, which takes nearly a second of a core otherwise. To be called before a store, a
    lock or a thread is there: what is open would be shared."""
    try:
        if forking and threading.active_count() == 1:
            while len(_spare) < number:
                _spare.append(_fork())
        yield
    finally:
        while _spare:
            child = _spare.pop()
            child.stop()
            child.process.wait()
            child.output.close()


def _fork() -> ChildProcess:
    (task, to_child), (from_child, said) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid:
        os.close(task)
        os.close(said)
        return ChildProcess(
            ForkedProcess(pid), os.fdopen(to_child, "wb"), os.fdopen(from_child, "rb")
        )
    status = 1
    try:
        for inherited in (to_child, from_child):
            os.close(inherited)
        for other in _spare:  # which shall hear when whoever started us is gone
            os.close(other.input.fileno())
        os.dup2(task, 0)  # a terminal is not ours
        os.dup2(said, 1)
        work(os.fdopen(task, "rb"), os.fdopen(said, "wb"), *logs.in_use())
        status = 0
    except Exception as error:  # noqa: BLE001  (nobody above would say it: this process ends here)
        os.write(2, f"error: a process beside this one ended: {scrubbing.line(error)}\n".encode())
    finally:
        os._exit(status)


def start(task: Task) -> ChildProcess:
    """A process that carries out ``task``."""
    child = _spare.pop() if _spare else _popen()
    with contextlib.suppress(OSError):  # it has ended already, which is noticed later
        child.input.write(pickle.dumps(task))
        child.input.flush()
    return child


def _popen() -> ChildProcess:
    process = subprocess.Popen(  # noqa: S603  (ourselves, and two words of ours)
        [
            sys.executable,
            "-P",
            "-c",
            "from mailer.gc_tuning import pause_gc; pause_gc(); "
            "from mailer.process_group import main; main()",
            *logs.in_use(),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a process without the pipes it was asked for")
    return ChildProcess(process, process.stdin, process.stdout)


def main() -> None:
    """The process, when it was started as a program."""
    work(sys.stdin.buffer, sys.stdout.buffer, *sys.argv[1:])


def work(given: IO[bytes], said: IO[bytes], form: str, level: str) -> None:
    """What the process does: takes its task, carries it out, and says how far it is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells all; we hear it by our parent
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        task: Task = pickle.load(given)  # noqa: S301  (from who started us, by a pipe)
    except EOFError:  # who is gone, or needs us no more
        return

    def listen() -> None:
        while os.read(given.fileno(), 1):  # not the buffer: its lock would outlive us
            pass
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    gc_tuning.relax_gc()
    logs.install()
    logs.use(form, level)  # type: ignore[arg-type]  # as ``start`` wrote them
    parent = ProgressPipe(said)
    halt_reason = trouble = None
    engine = database.connect(task.store_url)
    try:
        with sharing.using(engine):
            halt_reason = task.run(engine, stop, parent.progress)
    except (NewsletterError, DBAPIError, OSError) as error:
        if isinstance(error, DBAPIError):
            trouble = str(damage.refusal(engine, error)).partition("\n")[0]
        else:
            trouble = scrubbing.line(error)
    engine.dispose()
    parent.write(halt_reason=halt_reason, trouble=trouble)


@dataclass
class ProgressPipe:
    """What a process tells whoever started it, a line of JSON each time."""

    output: IO[bytes]
    handled: int = 0
    _next: float = 0.0

    def progress(self, handled: int) -> None:
        self.handled = handled
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + POLL_SECONDS
            self.write()

    def write(self, **more: str | None) -> None:
        try:
            self.output.write(json.dumps({"handled": self.handled, **more}).encode() + b"\n")
            self.output.flush()
        except OSError:  # nobody listens any more; the interpreter shall not try again at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.output.fileno())
