"""The SMTP client: smtplib's commands, read and written under deadlines.

A reply must be complete in time and of bounded length, or the connection is given up; what a server
says without being asked is noticed. Sockets never block: whoever has to wait does it by way of
``green_threads``, so that other conversations go on. It knows nothing of messages.
"""

import contextlib
import re
import smtplib
import socket
import time
from typing import Any

from mailer.relay import sockets
from mailer.relay.sockets import Stream
from recommender.safety import escaping

_ONE_LINE = re.compile(rb"([2-5]\d\d) (.*)", re.DOTALL)
MAX_REPLY_LINES = 100
MAX_LINE = 8_192
LAST_WORDS = 2.0
"""Seconds a server has to answer QUIT."""


class Client(smtplib.SMTP, Stream):
    """smtplib with replies read under a deadline. ``timeout`` is the longest a reply, or a piece
    of text on its way out, may take as a whole."""

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

    def last_words(self) -> str:
        """What the server has said without being asked."""
        return escaping.one_line(self.unread)

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
        arrived = b""
        while b"\n" not in arrived:
            if len(arrived) > MAX_LINE:
                raise self.lost("a reply without an end")
            if not (piece := self.read(deadline)):
                raise self.lost("the server closed the connection")
            arrived += piece
        line, _, self.unread = arrived.partition(b"\n")
        return line.removesuffix(b"\r")


class TlsClient(smtplib.SMTP_SSL, Client):
    """The same with TLS from the first byte."""
