"""A connected socket that is read and written under deadlines, while other lanes go on.

It knows neither HTTP nor what is said over it.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from typing import TypeVar

from mailer.relay import green_threads, sockets
from mailer.relay.transport import ConnectionLostError

T = TypeVar("T")
PIECE = 65_536
"""Bytes that are read at once."""


class Stream:
    """A connection to ``host``; with a ``context``, by TLS. Raises OSError when there is none."""

    def __init__(
        self, host: str, port: int, timeout: float, context: ssl.SSLContext | None
    ) -> None:
        self._unread = b""
        plain = sockets.connect(host, port, timeout)
        try:
            self._sock: socket.socket | None = (
                plain
                if context is None
                else sockets.Handshakes(context, timeout).wrap_socket(plain, host)
            )
        except BaseException:
            plain.close()
            raise
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def open(self) -> bool:
        return self._sock is not None

    def write(self, data: bytes, deadline: float) -> None:
        """All of ``data`` before ``deadline`` (monotonic), or ConnectionLostError."""
        rest = memoryview(data)

        def some(sock: socket.socket) -> int:
            return sock.send(rest)

        while rest:
            rest = rest[self._try(some, deadline, "writing") :]

    def read(self, deadline: float) -> bytes:
        """What comes next; empty at the end of the connection. ConnectionLostError when nothing
        comes before ``deadline``."""
        if self._unread:
            piece, self._unread = self._unread, b""
            return piece
        return self._try(lambda sock: sock.recv(PIECE), deadline, "reading")

    def silent(self) -> bool:
        """Whether the other side is still there, and has said nothing that was not asked for."""
        if self._sock is None or self._unread:
            return False
        try:
            self._unread = self._sock.recv(PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):  # TLS may have had words of its own
            return True
        except OSError:
            return False
        return False

    @property
    def spoken(self) -> bool:
        """Whether there is something to read that ``silent`` came upon."""
        return bool(self._unread)

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _try(self, call: Callable[[socket.socket], T], deadline: float, doing: str) -> T:
        while self._sock is not None:
            try:
                return call(self._sock)
            except (BlockingIOError, ssl.SSLWantReadError):
                wait = green_threads.readable
            except ssl.SSLWantWriteError:
                wait = green_threads.writable
            except OSError as error:
                raise self.lost(f"lost while {doing}: {error.strerror or error}") from error
            if not wait(self._sock, deadline - time.monotonic()):
                raise self.lost(f"lost while {doing}: no answer in time")
        raise ConnectionLostError("the connection was closed")

    def lost(self, why: str) -> ConnectionLostError:
        """Give the connection up; what to raise."""
        self.close()
        return ConnectionLostError(why)
