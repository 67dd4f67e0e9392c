"""The SMTP client: smtplib's commands, read and written under deadlines.

A reply must be complete in time and of bounded length, or the connection is given up; what a server
says without being asked is noticed. Sockets never block: whoever has to wait does it by way of
``green_threads``, so that other conversations go on. It knows nothing of messages.
"""

import contextlib
import re
import smtplib
import socket
import ssl
import time
from typing import Any

from mailer.relay import green_threads, sockets
from mailer.relay.transport import ConnectionLostError
from recommender.safety import escaping

_ONE_LINE = re.compile(rb"([2-5]\d\d) (.*)", re.DOTALL)
MAX_REPLY_LINES = 100
MAX_LINE = 8_192
LAST_WORDS = 2.0
"""Seconds a server has to answer QUIT."""


class Client(smtplib.SMTP):
    """smtplib with replies read under a deadline. ``timeout`` is the longest a reply, or a piece
    of text on its way out, may take as a whole."""

    timeout: float
    sock: socket.socket | None
    unread = b""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """As smtplib's, which has no public way to be given a socket."""
        return sockets.connect(host, port, timeout)

    def send(self, s: Any) -> None:  # as smtplib's
        self.write(s.encode(self.command_encoding) if isinstance(s, str) else bytes(s))

    def getreply(self) -> tuple[int, bytes]:
        """The next reply: its code, and its lines joined by line feeds; or ConnectionLostError."""
        arrived, end, rest = self.unread.partition(b"\n")
        if end and (found := _ONE_LINE.fullmatch(arrived)):  # as most are, and there already
            self.unread = rest
            return int(found[1]), found[2].strip()
        lines: list[bytes] = []
        deadline = time.monotonic() + self.timeout
        while len(lines) < MAX_REPLY_LINES:
            line = self._line(deadline)
            code, more = line[:3], line[3:4]
            if not code.isdigit() or not b"200" <= code < b"600" or more not in (b" ", b"-", b""):
                raise self.lost(f"not an SMTP reply: {escaping.one_line(line, 60)}")
            lines.append(line[4:].strip())
            if more != b"-":
                return int(code), b"\n".join(lines)
        raise self.lost("an endless reply")

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
                raise self.lost("lost while writing: timed out")

    def silent(self) -> bool:
        """Whether the server is still there and has said nothing that was not asked for."""
        if self.sock is None or self.unread:
            return False
        try:
            self.unread = self.sock.recv(MAX_LINE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def last_words(self) -> str:
        """What the server has said without being asked."""
        return escaping.one_line(self.unread)

    def lost(self, why: str) -> ConnectionLostError:
        """Give the connection up; what to raise."""
        self.close()
        return ConnectionLostError(why)

    def leave(self) -> None:
        """Say QUIT, if it is still there to hear it, and close."""
        self.timeout = min(self.timeout, LAST_WORDS)
        if self.silent():
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self.quit()
        self.close()

    def close(self) -> None:
        self.unread = b""
        super().close()

    def starttls(self, *args: Any, **keywords: Any) -> tuple[int, bytes]:  # as smtplib's
        """As smtplib's. What came in the clear behind the reply would be taken for protected."""
        answer = super().starttls(*args, **keywords)
        if self.unread:
            raise self.lost("the server sent more than its answer before TLS was on")
        return answer

    def _line(self, deadline: float) -> bytes:
        """A line without its end; lone line feeds end one, too."""
        while b"\n" not in self.unread:
            if len(self.unread) > MAX_LINE:
                raise self.lost("a reply without an end")
            self.unread += self._more(deadline - time.monotonic())
        line, _, self.unread = self.unread.partition(b"\n")
        return line.removesuffix(b"\r")

    def _more(self, wait: float) -> bytes:
        deadline = time.monotonic() + wait
        while self.sock is not None:
            unheard = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()
            if not unheard and not green_threads.readable(self.sock, deadline - time.monotonic()):
                raise self.lost(f"no answer within {self.timeout:g} s")
            try:
                piece = self.sock.recv(MAX_LINE)
            except (BlockingIOError, ssl.SSLWantReadError):
                continue
            except OSError as error:
                raise self.lost(f"lost while reading: {error.strerror or error}") from error
            if not piece:
                raise self.lost("the server closed the connection")
            return piece
        raise self.lost("the connection was closed")


class TlsClient(smtplib.SMTP_SSL, Client):
    """The same with TLS from the first byte."""
