"""Runs what reads strangers' input in a process of its own, under limits of time and memory.

A parser that hangs, grows or crashes ends that process and nothing else; whoever asked is told by
a ``LimitError`` what happened. One process serves many calls and is replaced after a call that went
wrong. Where the system knows no resource limits, the wall clock still holds. It knows nothing of
what is read.
"""

import contextlib
import dataclasses
import enum
import importlib
import io
import math
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, ParamSpec, Self, TypeVar

from recommender.errors import InputError, LimitError, NewsletterError

P = ParamSpec("P")
T = TypeVar("T")

MOST_ANSWERED = 128 * 1024 * 1024
"""Bytes in which an answer may come back."""
START_SECONDS = 30.0
"""Added to the limit of a process's first call: it has modules to load."""
_LENGTH = struct.Struct("!Q")
_PLAIN = frozenset({"datetime", "date", "time", "timedelta", "timezone"})


@dataclass(frozen=True)
class Limits:
    """What one call may take: seconds of the processor, seconds in all, and bytes of memory beyond
    what the process holds before its first call."""

    cpu_seconds: float = 20.0
    seconds: float = 60.0
    memory: int = 512 * 1024 * 1024


class Isolation:
    """A process for calls under ``limits``, started by the first one. Threads may share it; their
    calls go one after the other."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process; another call would start a new one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not written yet
                    pipe.close()

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``function`` of a module, called with plain values, returns: values, dataclasses
        and dates.

        Its own NewsletterErrors are raised here, InputError as such. Raises LimitError when it
        took too much, or failed in a way it does not know itself.
        """
        with self._lock:
            deadline = time.monotonic() + self._limits.seconds
            if self._process is None:
                self._process = _started(self._limits)
                deadline += START_SECONDS
            try:
                _write(
                    self._process.stdin, (function.__module__, function.__qualname__, args, kwargs)
                )
                verdict, value = self._answer(self._process, deadline)
            except BaseException:
                self.close()
                raise
            if verdict == "limit":
                self.close()
        result: T = _outcome(verdict, value)
        return result

    def _answer(self, process: subprocess.Popen[bytes], deadline: float) -> tuple[str, Any]:
        try:
            length = _LENGTH.unpack(_read(process.stdout, _LENGTH.size, deadline))[0]
            if length > MOST_ANSWERED:
                raise LimitError(f"came to more than {MOST_ANSWERED // 2**20} MB")
            data = _read(process.stdout, length, deadline)
        except TimeoutError as error:
            raise LimitError(f"took more than {self._limits.seconds:g} s") from error
        except EOFError as error:
            raise LimitError(_last_words(process.wait(), self._limits)) from error
        try:
            verdict, value = _Plain(io.BytesIO(data)).load()
        except Exception as error:  # whatever a process that strangers took over may have written
            raise LimitError("was answered with what is no value") from error
        return verdict, value


def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """One call in a process of its own, under the usual limits; see ``Isolation.run``."""
    with Isolation() as isolation:
        return isolation.run(function, *args, **kwargs)


def _outcome(verdict: str, value: Any) -> Any:  # Any: what the function returned
    match verdict:
        case "value":
            return value
        case "input":
            raise InputError(*value)
        case "error":
            raise NewsletterError(str(value))
        case _:
            raise LimitError(str(value))


def _last_words(code: int, limits: Limits) -> str:
    if code == -signal.SIGXCPU:
        return f"took more than {limits.cpu_seconds:g} s of the processor"
    if code < 0:
        return f"ended its process ({signal.Signals(-code).name})"
    return f"ended its process (status {code})"


class _Plain(pickle.Unpickler):
    """Reads values only: of classes, dataclasses and enumerations of ours, and dates."""

    def find_class(self, module: str, name: str) -> Any:  # as pickle's
        found = super().find_class(module, name)
        ours = module.partition(".")[0] in ("recommender", "mailer")
        plain = isinstance(found, type) and (
            dataclasses.is_dataclass(found) or issubclass(found, enum.Enum)
        )
        if (ours and plain) or (module == "datetime" and name in _PLAIN):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no plain value")


def _started(limits: Limits) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", "from recommender.safety.isolation import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with contextlib.suppress(LimitError):  # it has ended already, which its first call notices
        _write(process.stdin, (sys.path, limits))
    return process


def _write(pipe: IO[bytes] | None, value: object) -> None:
    data = pickle.dumps(value)
    try:
        if pipe is not None:
            pipe.write(_LENGTH.pack(len(data)) + data)
            pipe.flush()
    except OSError as error:
        raise LimitError("found its process ended") from error


def _read(pipe: IO[bytes] | None, length: int, deadline: float) -> bytes:
    """So many bytes; TimeoutError when they are late, EOFError when they never come."""
    if pipe is None:
        raise EOFError
    pieces: list[bytes] = []
    while length:
        wait = deadline - time.monotonic()
        if wait <= 0 or not select.select([pipe], [], [], wait)[0]:
            raise TimeoutError
        piece = os.read(pipe.fileno(), min(length, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def main() -> None:
    """The process: takes calls until its input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells all; our parent ends us
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a parser prints is no answer
    with contextlib.suppress(EOFError):
        sys.path[:], limits = _order()
        before = None
        while True:
            module, name, args, kwargs = _order()
            function = importlib.import_module(module)
            for part in name.split("."):
                function = getattr(function, part)
            before = before or _memory()
            _limit(limits, before)
            data = _called(function, args, kwargs, limits)
            answers.write(_LENGTH.pack(len(data)) + data)
            answers.flush()


def _order() -> Any:  # Any: whatever our parent hands over
    header = sys.stdin.buffer.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        raise EOFError
    # From who started us, by a pipe.
    return pickle.loads(sys.stdin.buffer.read(_LENGTH.unpack(header)[0]))  # noqa: S301


def _called(function: Any, args: Any, kwargs: Any, limits: Limits) -> bytes:
    """The answer, ready to be written."""
    answer: tuple[str, object]
    try:
        return pickle.dumps(("value", function(*args, **kwargs)))
    except InputError as error:
        answer = "input", (error.path, error.line, error.why)
    except NewsletterError as error:
        answer = "error", str(error)
    except MemoryError:
        answer = "limit", f"took more than {limits.memory // 2**20} MB of memory"
    except RecursionError:
        answer = "limit", "is nested too deeply"
    except Exception as error:  # noqa: BLE001  (the parent says it)
        answer = "limit", f"cannot be read ({type(error).__name__})"
    return pickle.dumps(answer)


def _limit(limits: Limits, before: int) -> None:
    """Set what the next call may take, where the system knows such limits."""
    try:
        import resource
    except ImportError:
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(usage.ru_utime + usage.ru_stime + limits.cpu_seconds)
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, until),
        (resource.RLIMIT_AS, before + limits.memory),
    ):
        hard = resource.getrlimit(kind)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):  # a system that has no such limit
            resource.setrlimit(kind, (soft, hard))


def _memory() -> int:
    """Bytes of address space this process has; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  (no file of ours)
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
