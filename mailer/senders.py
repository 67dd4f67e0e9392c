"""Senders of one edition: this process, or several processes side by side.

Each process is a sender in its own right: its own lock, claims, connections and copies in the
ledger, so one that is killed leaves what any sender leaves. Rates, pauses and the automatic stop
live in the store and hold for all together. Whoever starts them adds up what they say, and sends
itself what one that died has left over. They stop when their standard input ends: on purpose, or
because whoever held the other end is gone.
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
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import IO, Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from mailer import delivery, ledger, schedule, transports
from mailer.copies import press as make_press
from mailer.delivery import Job
from mailer.gate import Gate
from mailer.ledger import Claim
from mailer.stopping import Watch
from recommender import database, limits
from recommender.errors import NewsletterError, TransportError
from recommender.models import Edition
from recommender.settings import Settings

ENOUGH = 1_000
"""Copies that are worth a process of their own: it takes as long to start as to send them."""
POLL_SECONDS = 0.1
LAST_SECONDS = 8.0
"""A process that is still there so long after it was asked to stop is killed."""


@dataclass(frozen=True)
class Order:
    """What to send, and over how many connections to each relay."""

    settings: Settings
    edition_id: int
    at_local_time: bool
    connections: int


def deliver(
    engine: Engine,
    order: Order,
    *,
    processes: int,
    due: int,
    clock: Callable[[], datetime],
    stop: threading.Event,
    progress: Callable[[int], None],
) -> str | None:
    """Send all that is due, about ``due`` copies, by at most so many ``processes``; otherwise as
    ``delivery.deliver``. Other processes have the real clock, whatever ``clock`` is."""
    number = min(processes, due // ENOUGH)
    if number < 2:
        return here(engine, order, clock=clock, stop=stop, progress=progress)
    crew = Crew([_start(share) for share in _shares(order, number)])
    try:
        crew.work(stop, progress)
    finally:
        crew.end()
    if crew.died:
        ledger.recover(engine, now=clock())
    if crew.trouble is not None:
        raise TransportError(crew.trouble)
    if crew.held is not None or stop.is_set():
        return crew.held
    done = crew.handled
    return here(engine, order, clock=clock, stop=stop, progress=lambda n: progress(done + n))


def _shares(order: Order, number: int) -> list[Order]:
    """``order`` for each of so many processes. Relays get as many connections as they would from
    one process; the outbox has one in each."""
    if order.settings.smtp_url is None:
        return [order] * number
    number = min(number, order.connections)
    each, more = divmod(order.connections, number)
    return [replace(order, connections=each + (place < more)) for place in range(number)]


def here(
    engine: Engine,
    order: Order,
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    progress: Callable[[int], None],
) -> str | None:
    """Send all that is due in this process; otherwise as ``delivery.deliver``."""
    settings = order.settings
    with database.reading(engine) as session:
        edition = session.get_one(Edition, order.edition_id)
        press = make_press(session, settings, edition)
        press.proof(clock())
        folder = settings.outbox / edition.name
    late = timedelta(hours=settings.catch_up_hours)
    gate = Gate(engine, settings, clock)
    quiet = None if settings.quiet_hours is None else limits.quiet_hours(settings.quiet_hours)

    def awake(claim: Claim, moment: datetime) -> datetime:
        return schedule.after_quiet(moment, ZoneInfo(claim.timezone or settings.timezone), quiet)

    job = Job(
        edition_id=order.edition_id,
        copy=lambda claim: press.message(claim, clock()),
        open_transport=transports.opener(settings, folder, gate),
        gate=gate,
        watch=Watch(order.edition_id, settings.stop_when_bouncing),
        awake=awake,
        connections=order.connections,
        at_local_time=order.at_local_time,
        too_late=late if order.at_local_time else None,
        retry_for=timedelta(hours=settings.retry_hours),
    )
    return delivery.deliver(engine, job, clock=clock, stop=stop, progress=progress)


@dataclass
class Member:
    """A process of a crew. ``last`` is its last word: what held it back, or went wrong."""

    process: subprocess.Popen[bytes]
    input: IO[bytes]
    output: IO[bytes]
    handled: int = 0
    last: dict[str, Any] | None = None
    _unread: bytes = b""

    def hear(self) -> bool:
        """Take in what it has said; False when it will say no more."""
        piece = self.output.read1()  # type: ignore[attr-defined]  # a BufferedReader
        *lines, self._unread = (self._unread + piece).split(b"\n")
        for line in lines:
            said = json.loads(line)
            self.handled = said["handled"]
            if "held" in said:
                self.last = said
        return bool(piece)

    def stop(self) -> None:
        with contextlib.suppress(OSError):  # it may be gone
            self.input.close()


@dataclass
class Crew:
    """Several processes that send one edition."""

    members: list[Member]
    leave_by: float = field(default=float("inf"))

    @property
    def handled(self) -> int:
        return sum(member.handled for member in self.members)

    @property
    def died(self) -> bool:
        """Whether one has ended without a last word."""
        return any(member.last is None for member in self.members)

    @property
    def held(self) -> str | None:
        return self._first("held")

    @property
    def trouble(self) -> str | None:
        return self._first("trouble")

    def work(self, stop: threading.Event, progress: Callable[[int], None]) -> None:
        """Wait until all have ended; hand down ``stop``."""
        with selectors.DefaultSelector() as selector:
            for member in self.members:
                selector.register(member.output, selectors.EVENT_READ, member)
            while selector.get_map() and time.monotonic() < self.leave_by:
                if stop.is_set():
                    self.stop()
                for key, _ in selector.select(POLL_SECONDS):
                    if not key.data.hear():
                        selector.unregister(key.fileobj)
                progress(self.handled)

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

    def _first(self, key: str) -> str | None:
        words = (member.last[key] for member in self.members if member.last is not None)
        return next((word for word in words if word), None)


def _start(order: Order) -> Member:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", "from mailer.senders import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a process without the pipes it was asked for")
    with contextlib.suppress(OSError):  # it has ended already, which is noticed later
        process.stdin.write(pickle.dumps(order))
        process.stdin.flush()
    return Member(process, process.stdin, process.stdout)


def main() -> None:
    """A process of a crew: takes its order, sends, and says how far it is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells all; we hear it by our parent
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301  (from who started us, by a pipe)
    except EOFError:  # who is gone
        return

    def listen() -> None:
        while os.read(sys.stdin.fileno(), 1):  # not the buffer: its lock would outlive us
            pass
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    report = Report(sys.stdout.buffer)
    held = trouble = None
    engine = database.connect(order.settings.store_url)
    try:
        held = here(
            engine,
            order,
            clock=lambda: datetime.now(UTC),  # noqa: TID251  (an edge: time is made here)
            stop=stop,
            progress=report.progress,
        )
    except (NewsletterError, DBAPIError, OSError) as error:
        trouble = str(error).partition("\n")[0]
    engine.dispose()
    report.say(held=held, trouble=trouble)


@dataclass
class Report:
    """What a process tells whoever started it, a line of JSON each time."""

    output: IO[bytes]
    handled: int = 0
    _next: float = 0.0

    def progress(self, handled: int) -> None:
        self.handled = handled
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + POLL_SECONDS
            self.say()

    def say(self, **more: str | None) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more; we are about to stop
            self.output.write(json.dumps({"handled": self.handled, **more}).encode() + b"\n")
            self.output.flush()
