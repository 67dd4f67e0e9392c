"""Many conversations in one thread: each is a lane, which steps aside whenever it has to wait.

A lane is a greenlet. It runs plain sequential code; where that waits for a server, for its turn or
for a while, it calls what is here, and the other lanes go on. Outside of any lane the same calls
simply block, so the same code serves in a thread of its own. Threads for connections would spend as
much on handing the interpreter's lock to each other as on everything else a message needs, and
would seldom have their notes for the ledger ready together. It knows nothing of mail.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from greenlet import getcurrent, greenlet

READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
WRITABLE = select.POLLOUT | select.POLLHUP | select.POLLERR
FOREVER = float("inf")


class Lane(greenlet):
    """One conversation."""

    def __init__(self, lanes: "Lanes", run: Callable[[], None]) -> None:
        super().__init__(run)
        self.lanes = lanes
        self._answer: Any = None  # whatever the one who wakes it has to say

    def park(self, until: float = FOREVER) -> Any:
        """Step aside until woken; what was said, or None when ``until`` (monotonic) came first."""
        self.lanes.parked[self] = until
        self.lanes.hub.switch()
        return self._answer

    def wake(self, answer: Any = True) -> None:
        """Let it go on in its turn, if it is parked."""
        if self.lanes.parked.pop(self, None) is not None:
            self._answer = answer
            self.lanes.ready.append(self)


class Lanes:
    """All lanes of one thread. Whoever made it lets them run, with ``run`` and ``rest``."""

    def __init__(self) -> None:
        self.hub = getcurrent()
        self.ready: deque[Lane] = deque()
        self.parked: dict[Lane, float] = {}
        self.alive = 0
        self.halted = False
        self._poll = select.poll()
        self._listening: dict[int, Lane] = {}
        self._pausing: set[Lane] = set()
        self._hurry = False

    def start(self, run: Callable[[], None]) -> None:
        """Begin one more lane; ``run`` must not raise."""

        def whole() -> None:
            run()
            self.alive -= 1

        self.alive += 1
        self.ready.append(Lane(self, whole))

    def run(self) -> None:
        """Let all lanes run until each of them waits for something that is not there yet."""
        while self.ready or self._look(0.0):
            while self.ready:
                self.ready.popleft().switch()

    def rest(self, seconds: float) -> bool:
        """Wait until a lane can go on, at most so long; whether one can."""
        return bool(self.ready) or self._look(seconds)

    def halt(self) -> None:
        """The run is to end: wake those that pause."""
        self.halted = True
        for lane in list(self._pausing):
            lane.wake()

    def hurry(self) -> None:
        """Let nobody wait for a server any longer: it did not answer in time."""
        self._hurry = True
        for lane in list(self._listening.values()):
            lane.wake(None)

    def listen(self, lane: Lane, fd: int, events: int, until: float) -> bool:
        """Park ``lane`` until ``fd`` is ready; False when it was not in time."""
        if self._hurry:
            return False
        self._poll.register(fd, events)
        self._listening[fd] = lane
        try:
            return lane.park(until) is not None
        finally:
            del self._listening[fd]
            self._poll.unregister(fd)

    def pause(self, seconds: float) -> bool:
        """Let the lane that calls wait for so long; it returns at once, with True, when the run is
        to end."""
        lane = current()
        if lane is not None and not self.halted:
            self._pausing.add(lane)
            lane.park(time.monotonic() + seconds)
            self._pausing.discard(lane)
        return self.halted

    def _look(self, seconds: float) -> bool:
        """Wake whoever can go on; wait for the first of them, at most so long."""
        if seconds:
            now = time.monotonic()
            seconds = max(0.0, min([seconds, *(until - now for until in self.parked.values())]))
        for fd, _ in self._poll.poll(seconds * 1000):
            self._listening[fd].wake()
        if not self.ready:
            now = time.monotonic()
            for lane in [lane for lane, until in self.parked.items() if until <= now]:
                lane.wake(None)
        return bool(self.ready)


def current() -> Lane | None:
    """The lane this is called in, if any."""
    found = getcurrent()
    return found if isinstance(found, Lane) else None


def readable(connected: socket.socket, seconds: float) -> bool:
    """Wait until there is something to read, or the end; False when it did not come in time."""
    return _await(connected, READABLE, seconds)


def writable(connected: socket.socket, seconds: float) -> bool:
    """Wait until there is room to write, or a connection is made; False when it was not in time."""
    return _await(connected, WRITABLE, seconds)


def _await(connected: socket.socket, events: int, seconds: float) -> bool:
    lane = current()
    if lane is not None:
        until = time.monotonic() + seconds
        return lane.lanes.listen(lane, connected.fileno(), events, until)
    poll = select.poll()
    poll.register(connected.fileno(), events)
    return bool(poll.poll(max(0.0, seconds) * 1000))
