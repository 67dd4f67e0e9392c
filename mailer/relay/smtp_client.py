"""Talking to one SMTP server: smtplib's commands, read and written under deadlines.

A reply must be complete in time and of bounded length, or the connection is given up; what a server
says without being asked is noticed. Sockets never block: whoever has to wait does it by way of
``lanes``, so that other conversations go on. Here a connection is greeted, secured and signed in;
nothing is known of messages.
"""

import base64
import contextlib
import errno
import hmac
import os
import re
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from mailer.relay import green_threads
from recommender.errors import TransportError
from recommender.safety import escaping
from recommender.settings.limits import Rate

StartTls = Literal["require", "optional", "never"]
Auth = Literal["password", "xoauth2"]
_ONE_LINE = re.compile(rb"([2-5]\d\d) (.*)", re.DOTALL)
_MECHANISMS = ("CRAM-MD5", "PLAIN", "LOGIN")
NUL = b"\0"
MAX_REPLY_LINES = 100
MAX_LINE = 8_192
LAST_WORDS = 2.0
"""Seconds a server has to answer QUIT."""


@dataclass(frozen=True)
class Relay:
    """A server that takes mail. ``implicit_tls``: TLS from the first byte (``smtps``); ``weight``:
    its share of the messages, 0 for one in reserve; ``cafile``: the certificates to trust (PEM) in
    place of the system's; ``auth``: what ``password`` is, a password or an access token."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    starttls: StartTls = "require"
    implicit_tls: bool = False
    weight: int = 0
    rates: tuple[Rate, ...] = ()
    cafile: Path | None = None
    auth: Auth = "password"

    @property
    def name(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def key(self) -> str:
        """Under which its rate is counted."""
        return f"relay:{self.name}"

    def __repr__(self) -> str:
        return f"Relay({self.name!r})"  # never the password

    def __hash__(self) -> int:
        return hash((self.host, self.port))  # of all fields it would be made anew for every message


class ConnectionLost(smtplib.SMTPServerDisconnected):
    """The connection ended, the server fell silent, or what it said was no SMTP."""


class Server(smtplib.SMTP):
    """smtplib with replies read under a deadline. ``timeout`` is the longest a reply, or a piece
    of text on its way out, may take as a whole."""

    timeout: float
    sock: socket.socket | None
    unread = b""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """As smtplib's, which has no public way to be given a socket."""
        return _reached(host, port, timeout)

    def send(self, s: Any) -> None:  # as smtplib's
        self.write(s.encode(self.command_encoding) if isinstance(s, str) else bytes(s))

    def sign_in(self, user: str, password: str, auth: Auth) -> None:
        """AUTH by the first mechanism that both know. User and password go as UTF-8 (RFC 4616),
        which smtplib's own ``login`` does not do. Raises SMTPException."""
        offered = self.esmtp_features.get("auth", "").upper().split()
        known = ["XOAUTH2"] if auth == "xoauth2" else list(_MECHANISMS)
        chosen = [name for name in known if name in offered]
        if not chosen:
            raise smtplib.SMTPNotSupportedError(
                f"it offers no way to sign in that is known here (AUTH {' '.join(known)})"
            )
        answer: tuple[int, bytes] = (535, b"")
        for mechanism in chosen:
            answer = self._authenticate(mechanism, user.encode(), password.encode())
            if answer[0] in (235, 503):  # accepted; signed in already
                return
        raise smtplib.SMTPAuthenticationError(*answer)

    def _authenticate(self, mechanism: str, user: bytes, password: bytes) -> tuple[int, bytes]:
        """One AUTH command (RFC 4954) and its answer."""
        if mechanism == "PLAIN":
            return self.docmd("AUTH", f"PLAIN {_base64(b'%b%b%b%b' % (NUL, user, NUL, password))}")
        if mechanism == "XOAUTH2":
            token = b"user=%b\x01auth=Bearer %b\x01\x01" % (user, password)
            code, words = self.docmd("AUTH", f"XOAUTH2 {_base64(token)}")
            return self.docmd("") if code == 334 else (code, words)  # 334 says why not
        code, words = self.docmd("AUTH", mechanism)
        if mechanism == "CRAM-MD5":
            if code != 334:
                return code, words
            challenge = base64.b64decode(words)
            digest = hmac.new(password, challenge, "md5").hexdigest()  # as RFC 2195 has it
            return self.docmd(_base64(user + b" " + digest.encode()))
        for secret in (user, password):  # LOGIN
            if code == 334:
                code, words = self.docmd(_base64(secret))
        return code, words

    def getreply(self) -> tuple[int, bytes]:
        """The next reply: its code, and its lines joined by line feeds. Raises ConnectionLost."""
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
        """All of ``data``, or ConnectionLost."""
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

    def lost(self, why: str) -> ConnectionLost:
        """Give the connection up; what to raise."""
        self.close()
        return ConnectionLost(why)

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


class TlsServer(smtplib.SMTP_SSL, Server):
    """The same with TLS from the first byte."""


@dataclass(frozen=True)
class _Handshakes:
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


def _reached(host: str, port: int, timeout: float) -> socket.socket:
    """A socket connected to the first address of ``host`` that answers, and that never blocks."""
    trouble: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            _connect(sock, address, timeout)
        except OSError as error:
            sock.close()
            trouble = error
        else:
            return sock
    raise trouble or OSError(f"{host!r} has no address")


def _connect(sock: socket.socket, address: Any, timeout: float) -> None:
    code = sock.connect_ex(address)
    if code == errno.EINPROGRESS:
        if not green_threads.writable(sock, timeout):
            raise TimeoutError
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


def connect(relay: Relay, timeout: float, context: ssl.SSLContext) -> Server:
    """A server that has been greeted, secured and signed in to; TransportError says why not."""
    server: Server | None = None
    try:
        server = _greeted(relay, timeout, context)
        if not relay.implicit_tls and relay.starttls != "never":
            server = _secured(server, relay, timeout, context)
        server.ehlo_or_helo_if_needed()
        if relay.user is not None:
            server.sign_in(relay.user, relay.password or "", relay.auth)
        if server.sock is not None:
            server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        if server is not None:
            server.close()
        raise TransportError(f"relay {relay.name}: {_why(error)}") from error
    return server


def _greeted(relay: Relay, timeout: float, context: ssl.SSLContext) -> Server:
    server: Server
    if relay.implicit_tls:
        handshakes: Any = _Handshakes(context, timeout)  # smtplib's types ask for a whole context
        server = TlsServer(relay.host, relay.port, _own_name(), timeout=timeout, context=handshakes)
    else:
        server = Server(relay.host, relay.port, _own_name(), timeout=timeout)
    return server


def _secured(server: Server, relay: Relay, timeout: float, context: ssl.SSLContext) -> Server:
    """STARTTLS as the relay wants it; a new connection where it was optional and failed."""
    required = relay.starttls == "require"
    try:
        server.ehlo_or_helo_if_needed()
        if server.has_extn("starttls"):
            # Opportunistic TLS takes any certificate (RFC 7435): it is still better than none.
            chosen: Any = context if required else _any_certificate()
            server.starttls(context=_Handshakes(chosen, timeout))
            return server
    except (smtplib.SMTPException, OSError, ValueError):
        server.close()
        if required:
            raise
        return _greeted(relay, timeout, context)
    if required:
        server.close()
        raise smtplib.SMTPNotSupportedError("it offers no STARTTLS, which is required")
    return server


def _why(error: Exception) -> str:
    """The cause in a few words, without anything that was a secret."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return f"wrong user or password ({error.smtp_code})"
        case smtplib.SMTPResponseException():
            return f"{error.smtp_code} {escaping.one_line(error.smtp_error)}"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or error}"
        case TimeoutError():
            return "no answer in time"
        case OSError() if error.strerror:
            return error.strerror
    return escaping.one_line(str(error))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def trusting(relay: Relay) -> ssl.SSLContext:
    """Whose certificates count: those of ``cafile``, or of the system."""
    return ssl.create_default_context(cafile=relay.cafile)


@lru_cache(maxsize=1)
def _own_name() -> str | None:
    """This machine's name for EHLO, looked up once: a slow resolver would hold up each connection.
    None lets smtplib give an address literal."""
    name = socket.getfqdn()
    return name if "." in name and name.isascii() else None


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
