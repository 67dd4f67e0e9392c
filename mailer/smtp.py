"""One SMTP connection that sends in two steps, pipelined where the server allows it.

The standard library's smtplib connects, says EHLO, starts TLS and signs in. From then on commands
are written in groups (RFC 2920): MAIL, RCPT and DATA in one go, then the text without its final
dot. ``commit`` writes the dot and reads the one answer that decides. It knows one server and keeps
no list; which server to use is ``relays``' affair.
"""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from typing import Literal

from mailer.message import Message
from mailer.transport import Verdict, VerdictKind
from recommender.errors import TransportError

StartTls = Literal["require", "optional", "never"]
MAX_REPLY_LINES = 100
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_LONE_LF = re.compile(rb"(?<!\r)\n|\r(?!\n)")


@dataclass(frozen=True)
class Relay:
    """A server that takes mail. ``implicit_tls``: TLS from the first byte (``smtps``)."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    starttls: StartTls = "require"
    implicit_tls: bool = False

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Relay({self.name!r})"  # never the password


class ConnectionLost(Exception):  # noqa: N818  (what happened, not a fault of ours)
    """The connection ended, or the server fell silent, before the final dot."""


class Connection:
    """An open, greeted and signed-in connection. Raises TransportError when it cannot be made."""

    def __init__(
        self, relay: Relay, timeout: float, *, context: ssl.SSLContext | None = None
    ) -> None:
        self.relay = relay
        self.sent = 0
        self.open = True
        self._server = _connect(relay, timeout, context or ssl.create_default_context())
        self._pipelining = self._server.has_extn("pipelining")
        self._utf8 = self._server.has_extn("smtputf8")
        self._eight_bit = self._server.has_extn("8bitmime")

    def offer(self, message: Message) -> Verdict | None:
        """Everything but the final dot; None when the text has been written.

        Raises ConnectionLost when the connection ends before that.
        """
        if message.smtputf8 and not self._utf8:
            return Verdict(
                VerdictKind.REFUSED,
                self.relay.name,
                550,
                "5.6.7",
                "550 5.6.7 the relay does not take international addresses (SMTPUTF8)",
            )
        options = " BODY=8BITMIME" if self._eight_bit else ""
        options += " SMTPUTF8" if message.smtputf8 else ""
        commands = [
            f"MAIL FROM:<{_path(message.envelope_from)}>{options}",
            f"RCPT TO:<{_path(message.recipient)}>",
            "DATA",
        ]
        replies = self._exchange(commands)
        failed = next((reply for reply in replies[:2] if reply[0] // 100 != 2), None)
        if failed is None and len(replies) == 3 and replies[2][0] != 354:
            failed = replies[2]
        if failed is None:
            self._write(_dot_stuffed(message.data))
            return None
        self._reset(to_end=len(replies) == 3 and replies[2][0] == 354)
        return self._verdict(*failed)

    def commit(self) -> Verdict:
        """Write the final dot and read the answer; ``unanswered`` when none comes."""
        try:
            self._write(b".\r\n")
            reply = self._reply()
        except ConnectionLost as lost:
            self.close(polite=False)
            return Verdict(VerdictKind.UNANSWERED, self.relay.name, reply=str(lost))
        self.sent += 1
        return self._verdict(*reply)

    def close(self, *, polite: bool = True) -> None:
        """End the connection, with QUIT if it is in a state to take one."""
        if not self.open:
            return
        self.open = False
        try:
            if polite:
                self._server.quit()
        except (OSError, smtplib.SMTPException, ConnectionLost):
            pass  # it is gone already, which is what we wanted
        finally:
            self._server.close()

    def _exchange(self, commands: list[str]) -> list[tuple[int, str]]:
        """Replies to ``commands``: in one group, or one by one up to the first that is refused."""
        if self._pipelining:
            self._write("".join(f"{command}\r\n" for command in commands).encode())
            return [self._reply() for _ in commands]
        replies = []
        for command in commands:
            self._write(f"{command}\r\n".encode())
            replies.append(self._reply())
            if replies[-1][0] // 100 not in (2, 3):
                break
        return replies

    def _reset(self, *, to_end: bool) -> None:
        """Make the connection ready for the next message; close it when it will not be."""
        try:
            if to_end:  # the server waits for a text although nobody is to get it (RFC 2920, 3.1)
                self._write(b".\r\n")
                self._reply()
            if self._exchange(["RSET"])[0][0] // 100 != 2:
                self.close(polite=False)
        except ConnectionLost:
            self.close(polite=False)

    def _verdict(self, code: int, text: str) -> Verdict:
        kinds = {2: VerdictKind.ACCEPTED, 5: VerdictKind.REFUSED}
        kind = kinds.get(code // 100, VerdictKind.DEFERRED)
        enhanced = _ENHANCED.match(text)
        if code == 421:
            self.close(polite=False)
        return Verdict(
            kind, self.relay.name, code, enhanced[1] if enhanced else None, f"{code} {text}"
        )

    def _write(self, data: bytes) -> None:
        sock = self._server.sock
        if sock is None:
            raise ConnectionLost("the connection was closed")
        try:
            sock.sendall(data)
        except OSError as error:
            self.close(polite=False)
            raise ConnectionLost(f"lost while writing: {error}") from error

    def _reply(self) -> tuple[int, str]:
        """The next reply: its code and its lines joined."""
        if self._server.file is None:
            if self._server.sock is None:
                raise ConnectionLost("the connection was closed")
            self._server.file = self._server.sock.makefile("rb")
        lines: list[str] = []
        while len(lines) < MAX_REPLY_LINES:
            try:
                raw = self._server.file.readline(2_000)
            except OSError as error:
                self.close(polite=False)
                raise ConnectionLost(f"no answer: {error}") from error
            if not raw.endswith(b"\n"):
                self.close(polite=False)
                raise ConnectionLost("the server closed the connection")
            code, more, text = raw[:3], raw[3:4], raw[4:].decode("utf-8", "replace").strip()
            if not code.isdigit() or not 200 <= int(code) < 600:
                self.close(polite=False)
                raise ConnectionLost(f"not an SMTP reply: {raw[:60]!r}")
            lines.append(text)
            if more != b"-":
                return int(code), " ".join(lines)[:1_000]
        self.close(polite=False)
        raise ConnectionLost("an endless reply")


def _connect(relay: Relay, timeout: float, context: ssl.SSLContext) -> smtplib.SMTP:
    name = relay.name
    try:
        server: smtplib.SMTP
        if relay.implicit_tls:
            server = smtplib.SMTP_SSL(relay.host, relay.port, timeout=timeout, context=context)
        else:
            server = smtplib.SMTP(relay.host, relay.port, timeout=timeout)
        server.ehlo_or_helo_if_needed()
        if not relay.implicit_tls and relay.starttls != "never":
            server = _start_tls(server, relay, timeout, context)
        if relay.user is not None:
            server.login(relay.user, relay.password or "")
        if server.sock is not None:
            server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except smtplib.SMTPAuthenticationError as error:
        raise TransportError(f"relay {name}: wrong user or password ({error.smtp_code})") from error
    except ssl.SSLError as error:
        raise TransportError(f"relay {name}: TLS failed: {error.reason or error}") from error
    except smtplib.SMTPException as error:
        raise TransportError(f"relay {name}: {error}") from error
    except OSError as error:
        raise TransportError(f"relay {name}: {error.strerror or error}") from error
    return server


def _start_tls(
    server: smtplib.SMTP, relay: Relay, timeout: float, context: ssl.SSLContext
) -> smtplib.SMTP:
    if not server.has_extn("starttls"):
        if relay.starttls == "require":
            server.close()
            raise TransportError(f"relay {relay.name}: it offers no STARTTLS, which is required")
        return server
    if relay.starttls == "require":
        server.starttls(context=context)
        server.ehlo_or_helo_if_needed()
        return server
    try:
        server.starttls(context=_any_certificate())  # opportunistic, RFC 7435: better than none
        server.ehlo_or_helo_if_needed()
    except (ssl.SSLError, smtplib.SMTPException, OSError):
        server.close()
        server = smtplib.SMTP(relay.host, relay.port, timeout=timeout)
        server.ehlo_or_helo_if_needed()
    return server


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _path(address: str) -> str:
    """An address fit for a command line: what could end it is refused."""
    if any(ord(character) <= 32 or character in "<>\x7f" for character in address):
        raise ValueError(f"{address!r} is not an address")
    return address


def _dot_stuffed(data: bytes) -> bytes:
    """``data`` as it goes after DATA: CRLF line ends only, leading dots doubled (RFC 5321, 4.5.2),
    ending in CRLF."""
    data = _LONE_LF.sub(b"\r\n", data)
    if data.startswith(b"."):
        data = b"." + data
    data = data.replace(b"\r\n.", b"\r\n..")
    return data if data.endswith(b"\r\n") else data + b"\r\n"
