"""Sockets that never block: connecting, handshakes, reading and writing, while other lanes go on.

It knows no protocol but TLS.
"""

import errno
import os
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

from mailer.relay import green_threads
from mailer.relay.transport import ConnectionLostError
from recommender.safety.escaping import one_line

PIECE = 8_192
"""Bytes that are read at once."""


def cause(error: OSError) -> str:
    """Why there is no connection, in a few words; '' where nothing says."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or error}"
        case TimeoutError():
            return "no answer in time"
    return error.strerror or one_line(str(error))


@dataclass(frozen=True)
class Handshakes:
    """What smtplib needs of an SSLContext, with a handshake that lets others go on meanwhile."""

    context: ssl.SSLContext
    timeout: float

    def wrap_socket(self, sock: socket.socket, server_hostname: str) -> ssl.SSLSocket:
        tls = self.context.wrap_socket(
            sock, server_hostname=server_hostname, do_handshake_on_connect=False
        )
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                ready = green_threads.readable(tls, deadline - time.monotonic())
            except ssl.SSLWantWriteError:
                ready = green_threads.writable(tls, deadline - time.monotonic())
            except OSError:
                tls.close()
                raise
            else:
                return tls
            if not ready:
                tls.close()
                raise TimeoutError


def connect(host: str, port: int, timeout: float) -> socket.socket:
    """A socket connected to the first address of ``host`` that answers, and that never blocks."""
    trouble: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            _finish(sock, address, timeout)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            trouble = error
        else:
            return sock
    raise trouble or OSError(f"{host!r} has no address")


def _finish(sock: socket.socket, address: Any, timeout: float) -> None:
    code = sock.connect_ex(address)
    if code == errno.EINPROGRESS:
        if not green_threads.writable(sock, timeout):
            raise TimeoutError
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


class Stream:
    """A connected socket that is read and written under deadlines. ``timeout`` is the longest that
    writing may take as a whole; ``unread`` is what came without being asked for."""

    unread = b""

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        self.sock: socket.socket | None = sock
        self.timeout = timeout

    def write(self, data: bytes) -> None:
        """All of ``data``, or ConnectionLostError."""
        if self.sock is None:
            raise self.lost("the connection was closed")
        rest = memoryview(data)
        deadline = None
        while rest:
            try:
                rest = rest[self.sock.send(rest) :]
                continue
            except (BlockingIOError, ssl.SSLWantWriteError):
                wait = green_threads.writable
            except ssl.SSLWantReadError:
                wait = green_threads.readable
            except OSError as error:
                raise self.lost(f"lost while writing: {error.strerror or error}") from error
            deadline = deadline or time.monotonic() + self.timeout
            if not wait(self.sock, deadline - time.monotonic()):
                raise self.lost("lost while writing: no answer in time")

    def read(self, deadline: float) -> bytes:
        """What comes next; empty at the end of the connection. ConnectionLostError when nothing
        comes before ``deadline`` (monotonic)."""
        if self.unread:
            piece, self.unread = self.unread, b""
            return piece
        wait = green_threads.readable
        while self.sock is not None:
            unheard = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()
            if not unheard and not wait(self.sock, deadline - time.monotonic()):
                raise self.lost(f"no answer within {self.timeout:g} s")
            try:
                return self.sock.recv(PIECE)
            except (BlockingIOError, ssl.SSLWantReadError):
                wait = green_threads.readable
            except ssl.SSLWantWriteError:
                wait = green_threads.writable
            except OSError as error:
                raise self.lost(f"lost while reading: {error.strerror or error}") from error
        raise self.lost("the connection was closed")

    def silent(self) -> bool:
        """Whether the other side is still there, and has said nothing that was not asked for."""
        if self.sock is None or self.unread:
            return False
        try:
            self.unread = self.sock.recv(PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):  # TLS may have had words of its own
            return True
        except OSError:
            return False
        return False

    def lost(self, why: str) -> ConnectionLostError:
        """Give the connection up; what to raise."""
        self.close()
        return ConnectionLostError(why)

    def close(self) -> None:
        self.unread = b""
        if self.sock is not None:
            self.sock.close()
            self.sock = None
