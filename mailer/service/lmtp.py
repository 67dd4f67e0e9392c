"""Takes mail that came back straight from a mail server on this machine, by LMTP (RFC 2033).

A message is answered with 250 when what follows from it is committed, and not before: Postfix keeps
it until then, and sends it again when the answer never comes, which changes nothing. What else is
to be done because of it is done afterwards, and keeps no mail server waiting. It listens on
loopback only and takes whatever it is given; who may send to it is for the mail server to say.
"""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailer.inbound.mailboxes import LARGEST
from recommender.errors import ConfigurationError
from recommender.safety import scrubbing

TAKEN = "250 2.0.0 taken"
LATER = "451 4.3.0 cannot be kept now, try again"
IDLE_SECONDS = 60
Take = Callable[[bytes], None]
"""Acts on one message and commits; raises what went wrong with the store."""


class Handler:
    """Hands each message to ``take``, one at a time; calls ``afterwards`` when some were taken."""

    def __init__(
        self, take: Take, report: Callable[[str], None], afterwards: Callable[[], None]
    ) -> None:
        self._take = take
        self._report = report
        self._afterwards = afterwards
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lmtp")
        self._taken, self._closed = threading.Event(), False
        threading.Thread(target=self._follow, name="after lmtp", daemon=True).start()

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """The answer, one line for each recipient (RFC 2033 section 4.2)."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._take, as_delivered(envelope))
            answer = TAKEN
            self._taken.set()
        except Exception as error:  # noqa: BLE001  (the mail server keeps it)
            self._report(f"LMTP: {scrubbing.line(error)}")
            answer = LATER
        return "\r\n".join([answer] * max(1, len(envelope.rcpt_tos)))

    def close(self) -> None:
        """End; what follows is not waited for, since the store knows of it."""
        self._thread.shutdown()
        self._closed = True
        self._taken.set()

    def _follow(self) -> None:
        while True:
            self._taken.wait()
            if self._closed:
                return
            self._taken.clear()
            try:
                self._afterwards()
            except Exception as error:  # noqa: BLE001  (it is tried again with the next message)
                self._report(f"after LMTP: {scrubbing.line(error)}")


class Listener(Controller):
    """A server for LMTP in a thread of its own."""

    def factory(self) -> SMTP:
        return LMTP(self.handler, **self.SMTP_kwargs)


def as_delivered(envelope: Envelope) -> bytes:
    """The message with the fields that a delivery to a mailbox writes: the tag that names a copy
    stands in the address it was sent to."""
    content = envelope.original_content or b""
    sender = (envelope.mail_from or "").strip("<>")
    fields = [f"Return-Path: <{sender}>"]
    fields += [f"Delivered-To: {address}" for address in envelope.rcpt_tos]
    return "".join(f"{field}\r\n" for field in fields).encode("utf-8", "replace") + content


def place(text: str) -> tuple[str, int]:
    """``127.0.0.1:2424`` as host and port. Raises ConfigurationError."""
    host, _, port = text.rpartition(":")
    if host not in ("127.0.0.1", "localhost", "[::1]") or not port.isdecimal():
        raise ConfigurationError(
            f"lmtp_listen: {text!r} is not 127.0.0.1:PORT; it listens on this machine only"
        )
    return host.strip("[]"), int(port)


@contextlib.contextmanager
def listening(
    text: str,
    take: Take,
    report: Callable[[str], None],
    afterwards: Callable[[], None] = lambda: None,
) -> Iterator[tuple[str, int]]:
    """Listen on ``text`` while the block runs; ``afterwards`` is called soon after messages were
    taken, in a thread of its own. ConfigurationError when the place is taken."""
    host, port = place(text)
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it would quote addresses
    try:  # the library would leave its loop behind
        socket.create_server((host, port), family=_family(host)).close()
    except OSError as error:
        raise ConfigurationError(f"lmtp_listen: cannot listen on {text}: {error}") from error
    handler = Handler(take, report, afterwards)
    options: dict[str, Any] = {"data_size_limit": LARGEST, "timeout": IDLE_SECONDS}
    listener = Listener(handler, hostname=host, port=port, enable_SMTPUTF8=True, **options)
    try:
        listener.start()
    except (OSError, TimeoutError) as error:
        handler.close()
        raise ConfigurationError(f"lmtp_listen: cannot listen on {text}: {error}") from error
    try:
        yield host, port
    finally:
        listener.stop()
        handler.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
