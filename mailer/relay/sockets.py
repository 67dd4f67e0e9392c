"""Sockets that never block: connecting, and TLS handshakes, while other lanes go on."""

import errno
import os
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

from mailer.relay import green_threads
from recommender.safety.escaping import one_line


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
