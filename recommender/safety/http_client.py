"""Gets one document from the open web, for feeds and whatever else strangers serve, or hands one
over.

Only http and https, only public addresses (``network``), at the first address and at every
redirect; the connection goes to the address that was checked. The whole of it, from looking up the
name to the last byte, has one deadline, and header and body have a largest size, before and after
decompression. A redirect from https to http is not followed: what was protected stays so.
"""

import email.message
import http.client
import io
import socket
import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from recommender.errors import NewsletterError
from recommender.safety import network
from recommender.safety.escaping import one_line
from recommender.safety.hosts import ascii_host

MAX_HEADER = 64 * 1024
"""Bytes of status line and header fields."""
MAX_REDIRECTS = 5
CONNECT_SECONDS = 10.0
"""The longest wait for one of the addresses of a name."""
MAX_URL = 2_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
_FIRST_FREE_PORT = 1024
"""Ports below belong to other protocols, but for those of http and https."""


class FetchError(NewsletterError):
    """A document could not be had; the message says why, in words that are safe to print."""


@dataclass(frozen=True)
class Limits:
    """Seconds for everything, bytes of the body, whether private addresses may be asked, and how
    many redirects are followed."""

    seconds: float
    body: int
    private: bool = False
    redirects: int = MAX_REDIRECTS


@dataclass(frozen=True)
class Answer:
    """What a server said last; ``url`` is where, ``headers`` have their names in small letters."""

    url: str
    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


def get(url: str, headers: Mapping[str, str], limits: Limits) -> Answer:
    """The document at ``url``, redirects followed; FetchError says why there is none."""
    deadline = time.monotonic() + limits.seconds
    for _ in range(limits.redirects + 1):
        parts = checked(url)
        with _explained(limits):
            answer = _asked(url, parts, headers, limits, deadline)
        target = answer.headers.get("location")
        if answer.status not in _REDIRECTS or not target:
            return answer
        url = _followed(url, target)
    raise FetchError(f"redirects more than {limits.redirects} times")


def post(url: str, headers: Mapping[str, str], body: bytes, limits: Limits) -> Answer:
    """What the server at ``url`` answers to ``body``; no redirect is followed. FetchError says why
    there is no answer."""
    deadline = time.monotonic() + limits.seconds
    with _explained(limits):
        return _asked(url, checked(url), headers, limits, deadline, body)


def charset(answer: Answer) -> str:
    """The encoding that the server names in its Content-Type; '' when it names none."""
    message = email.message.Message()
    message["content-type"] = answer.headers.get("content-type", "")[:500]
    return str(message.get_content_charset(""))[:40]


def checked(url: str) -> SplitResult:
    """The parts of an address that may be asked; FetchError for any other."""
    shown = one_line(url, 200)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchError(f"{shown} is not an http(s) address") from error
    if parts.scheme not in _PORTS or not parts.hostname or len(url) > MAX_URL:
        raise FetchError(f"{shown} is not an http(s) address")
    if parts.username is not None or parts.password is not None:
        raise FetchError("an address with a user name or password is not asked")
    if port is not None and port < _FIRST_FREE_PORT and port not in _PORTS.values():
        raise FetchError(f"port {port} is not one of the web")
    return parts


@contextmanager
def _explained(limits: Limits) -> Iterator[None]:
    """Whatever goes wrong within as a FetchError."""
    try:
        yield
    except TimeoutError as error:
        raise FetchError(f"no answer in time, which is {limits.seconds:g} s") from error
    except network.AddressError as error:
        raise FetchError(one_line(str(error))) from error
    except ssl.SSLCertVerificationError as error:
        raise FetchError(f"its certificate is not trusted: {error.verify_message}") from error
    except (OSError, http.client.HTTPException, zlib.error) as error:
        raise FetchError(_why(error)) from error


def _followed(url: str, target: str) -> str:
    try:
        followed = urljoin(url, target.strip())
        checked(followed)
    except ValueError as error:
        raise FetchError(f"redirects to {one_line(target, 200)!r}, no address") from error
    except FetchError as error:
        raise FetchError(f"redirects where it must not: {error}") from error
    if url.startswith("https:") and not followed.startswith("https:"):
        raise FetchError(f"redirects from https to {one_line(followed, 200)}; not followed")
    return followed


def _asked(
    url: str,
    parts: SplitResult,
    headers: Mapping[str, str],
    limits: Limits,
    deadline: float,
    content: bytes | None = None,
) -> Answer:
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        host = host if ":" in host else ascii_host(host)
    except ValueError as error:
        raise FetchError(f"{one_line(host, 100)} is no name of a host") from error
    connection = http.client.HTTPConnection(host, port)
    sock = _Reached(host, port, parts.scheme == "https", limits.private, deadline)
    connection.sock = sock  # all of a socket that http.client uses
    try:
        target = quote(parts.path or "/", safe="!$%&'()*+,/:;=@~")
        if parts.query:
            target += "?" + quote(parts.query, safe="!$%&'()*+,/:;=?@[]~")
        method = "GET" if content is None else "POST"
        connection.request(method, target, content, headers=_fields(parts, headers))
        response = connection.getresponse()
        sock.most = MAX_HEADER + 2 * limits.body  # chunks have a frame
        fields = {name.lower(): one_line(value, MAX_URL) for name, value in response.getheaders()}
        body = b"" if response.status in _REDIRECTS else _body(response, fields, limits.body)
        return Answer(url, response.status, one_line(response.reason, 100), fields, body)
    finally:
        sock.hang_up()


def _fields(parts: SplitResult, headers: Mapping[str, str]) -> dict[str, str]:
    named = parts.hostname or ""
    host = f"[{named}]" if ":" in named else ascii_host(named)
    if parts.port is not None and parts.port != _PORTS[parts.scheme]:
        host += f":{parts.port}"
    return {"Host": host, **headers, "Accept-Encoding": "gzip", "Connection": "close"}


def _body(response: http.client.HTTPResponse, fields: Mapping[str, str], most: int) -> bytes:
    too_large = FetchError(f"larger than {most:,} bytes")
    length = response.length
    if length is not None and length > most:
        raise too_large
    coding = fields.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise FetchError(f"encoded as {one_line(coding, 40)}, which was not asked for")
    data = response.read(most + 1)
    if response.length and len(data) <= most:
        raise http.client.IncompleteRead(data)
    if coding not in ("", "identity"):
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, as its header says
        data = unpacking.decompress(data, most + 1)
        if not unpacking.eof and len(data) <= most:
            raise zlib.error("it has no end")
    if len(data) > most:
        raise too_large
    return data


class _Reached:
    """A connection to a checked address, all of it under one deadline and one largest size: what
    http.client needs of a socket."""

    def __init__(self, host: str, port: int, tls: bool, private: bool, deadline: float) -> None:
        self._deadline = deadline
        self.most = MAX_HEADER
        """Bytes that may come."""
        places = network.resolve(host, port, seconds=self.left(), private=private)
        self._sock = self._connected(places)
        if tls:
            self._sock.settimeout(self.left())
            try:
                self._sock = _trusted().wrap_socket(self._sock, server_hostname=host)
            except BaseException:
                self._sock.close()
                raise

    def _connected(self, places: list[network.Place]) -> socket.socket:
        trouble: OSError = OSError("has no address")
        for place in places:
            sock = socket.socket(place.family, socket.SOCK_STREAM)
            try:
                sock.settimeout(min(self.left(), CONNECT_SECONDS))
                sock.connect(place.address)
            except OSError as error:
                sock.close()
                trouble = error
            else:
                return sock
        raise trouble

    def left(self) -> float:
        """Seconds until the deadline; TimeoutError after it."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def sendall(self, data: Any) -> None:  # as a socket's
        self._sock.settimeout(self.left())
        self._sock.sendall(data)

    def receive(self, into: Any) -> int:  # as recv_into's
        self._sock.settimeout(self.left())
        number = self._sock.recv_into(into)
        self.most -= number
        if self.most < 0:
            raise FetchError("sent more than it may")
        return number

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Nothing yet: http.client closes what its answer is still to be read from."""

    def hang_up(self) -> None:
        self._sock.close()


class _Incoming(io.RawIOBase):
    """What comes in on a connection."""

    def __init__(self, reached: _Reached) -> None:
        super().__init__()
        self._reached = reached

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # as RawIOBase's
        return self._reached.receive(buffer)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def _why(error: Exception) -> str:
    match error:
        case ssl.SSLError():
            return f"TLS failed: {one_line(str(error.reason or error))}"
        case http.client.IncompleteRead():
            return "the answer ended early"
        case zlib.error():
            return "its compressed answer is damaged"
        case http.client.HTTPException():
            return one_line(f"not an answer of a web server ({type(error).__name__}: {error})", 200)
        case OSError() if error.strerror:
            return one_line(error.strerror)
    return one_line(str(error)) or "no answer"
