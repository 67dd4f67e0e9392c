"""The HTTP server of the pages: uvicorn, with limits on connections and on the time they may take.

uvicorn waits for a request's head and body, and for a slow reader of an answer, as long as they
like, and takes connections until the process has no file descriptors left, of which sending needs
some too. So every connection is known here with what it waits for and since when. One that waits
too long is closed; and when there is no room, the one that has waited longest makes it, so that
whoever sends a request at once always gets in.
"""

import asyncio
import contextlib
import logging
import resource
import socket
from collections import defaultdict
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from mailer.web.limits import network

log = logging.getLogger("newsletter.web")
MOST = 1_000
"""Connections at once, where there are file descriptors for twice as many."""
SHARE = 8
"""A client that is no proxy may have one of so many of them."""
QUEUE = 1_024
"""Connections the system keeps until they are taken."""
BATCH = 16
"""Connections taken in one go."""
ANSWER_BYTES = 65_536
"""What the system is asked to keep of an answer: whoever reads nothing costs no more than that."""
FILES = 65_536
"""File descriptors that are asked for, if the system gives as many."""
IDLE_SECONDS = 5
SWEEP_SECONDS = 1.0
SILENCE = 60.0
"""Seconds between two lines of the log that say the same."""


class Wait(Enum):
    """What a connection waits for of its client."""

    REQUEST = "request"
    BODY = "body"
    READER = "reader"


SECONDS = {Wait.REQUEST: 10.0, Wait.BODY: 20.0, Wait.READER: 30.0}
"""For how long at most."""


class Connection(H11Protocol):
    """uvicorn's HTTP/1.1, and since when it waits for the client (``waits``; None: for us)."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: Any,  # Any: uvicorn's own, to be handed on
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        if not isinstance(config, Config):
            raise TypeError("this server was not made by server.make")
        self._admission = config.admission
        self.waits: Wait | None = None
        self.since = 0.0
        self.network = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._admission.enter(self, self.client[0] if self.client else "")

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._admission.leave(self)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.look()

    def look(self) -> None:
        """Find out what is waited for now."""
        waits = self._awaited()
        if waits is not self.waits:
            self.waits, self.since = waits, self.loop.time()
            self._admission.changed(self)

    def _awaited(self) -> Wait | None:
        if self.transport.get_write_buffer_size():
            return Wait.READER
        if self.conn.their_state is h11.SEND_BODY:
            return Wait.BODY
        return Wait.REQUEST if self.conn.their_state is h11.IDLE else None


class ConnectionLimiter:
    """The connections there are: at most ``most``, and of one client no more than its share.
    ``proxy`` tells addresses of those who stand for many clients; ``seconds`` is for how long the
    client is waited for."""

    def __init__(
        self,
        most: int,
        proxy: Callable[[str], bool],
        seconds: Mapping[Wait, float] = SECONDS,
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._proxy = proxy
        self._here: dict[str, set[Connection]] = defaultdict(set)
        self._count = 0
        self._waiting: dict[Connection, None] = {}
        self._sweeping = False
        self._say = LogLimiter()

    def enter(self, new: Connection, address: str) -> None:
        """Let it in; the one that waits longest goes when there is no room, or else this one."""
        proxy = self._proxy(address)
        new.network = address if proxy else network(address)
        its = self._here[new.network]
        refused = False
        if not proxy and len(its) >= max(self._most // SHARE, SHARE):
            refused = not self._close_longest(lambda one: one in its)
        elif self._count >= self._most:
            self._say.once(f"{self._most} connections at once: those that wait longest are closed")
            refused = not self._close_longest(lambda _: True)
        self._count += 1
        self._here[new.network].add(new)
        if refused:
            new.transport.abort()
            return
        new.look()
        if not self._sweeping:
            self._sweeping = True
            new.loop.call_later(SWEEP_SECONDS, self._sweep, new.loop)

    def leave(self, gone: Connection) -> None:
        self._waiting.pop(gone, None)
        its = self._here[gone.network]
        if gone in its:
            its.discard(gone)
            self._count -= 1
        if not its:
            del self._here[gone.network]

    def changed(self, one: Connection) -> None:
        """It waits for something else, or for nothing: the order is that of how long."""
        self._waiting.pop(one, None)
        if one.waits is not None and one in self._here.get(one.network, ()):
            self._waiting[one] = None

    def _close_longest(self, among: Callable[[Connection], bool]) -> bool:
        for one in self._waiting:
            if among(one):
                self._close(one)
                return True
        return False

    def _close(self, one: Connection) -> None:
        one.transport.abort()
        self.leave(one)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close what has waited too long."""
        now = loop.time()
        for its in [*self._here.values()]:
            for one in [*its]:
                one.look()
                if one.waits is not None and now - one.since > self._seconds[one.waits]:
                    self._close(one)
        self._sweeping = bool(self._count)
        if self._sweeping:
            loop.call_later(SWEEP_SECONDS, self._sweep, loop)


class LogLimiter:
    """Says the same thing once a minute at most, however often it happens."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def once(self, words: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._last.get(words, -SILENCE) >= SILENCE:
            self._last[words] = now
            log.warning(words)

    def trouble(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handles what nobody has caught in ``loop``: out of file descriptors, for one."""
        words = str(context.get("message"))
        now = loop.time()
        if now - self._last.get(words, -SILENCE) >= SILENCE:
            self._last[words] = now
            loop.default_exception_handler(context)


class Config(uvicorn.Config):
    """uvicorn's configuration, and who gets in."""

    def __init__(self, app: ASGIApp, admission: ConnectionLimiter, last_words: int) -> None:
        super().__init__(
            app,
            http=Connection,
            ws="none",
            backlog=BATCH,
            log_level="error",  # what strangers send is no reason for a line in the log
            access_log=False,
            proxy_headers=False,  # mailer.web.proxies
            server_header=False,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=last_words,
        )
        self.admission = admission


class Server(uvicorn.Server):
    """uvicorn's server, which says once what happens a thousand times."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(LogLimiter().trouble)
        await super().startup(sockets)
        for place in sockets or ():
            place.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ANSWER_BYTES)  # is inherited
            place.listen(QUEUE)  # uvicorn's backlog is also how many are taken in one go


def make(app: ASGIApp, proxy: Callable[[str], bool], *, last_words: int) -> Server:
    """The server for ``app``; ``last_words`` are the seconds that requests under way have when it
    ends."""
    return Server(Config(app, ConnectionLimiter(room(), proxy), last_words))


def room() -> int:
    """How many connections there may be: half of the process's file descriptors, of which it is
    given as many as the system allows; the others are for the store, relays and files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a unit may forbid it
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return MOST if soft == resource.RLIM_INFINITY else min(MOST, soft // 2)
