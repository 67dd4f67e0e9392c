"""What tests of relays share: the scripted server as they see it, a clock, a pool, a way out."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from mailer.mime.message import Message
from mailer.relay import registry
from mailer.relay.green_threads import Lanes
from mailer.relay.relay_pool import RelayPool, RelayTransport
from mailer.relay.smtp.relay import Relay
from mailer.relay.transport import Permits

MESSAGE = Message("b@example.org", "r@example.com", b"From: a@example.org\r\n\r\nhi\r\n", "<1@x.y>")
HANG_UP = b""


class Server(Protocol):
    """The scripted server, as the tests see it."""

    port: int
    script: dict[str, object]
    texts: list[bytes]
    connections: int
    hanging: int
    commands: list[str]

    def hang_up(self) -> None: ...
    def say(self, words: bytes) -> None: ...


Serve = Callable[..., Server]


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def pool_of(
    *servers: Server,
    most: int = 100,
    clock: Callable[[], float] = time.monotonic,
    weights: Sequence[int] = (0, 0, 0),
) -> RelayPool:
    found = tuple(
        Relay("127.0.0.1", server.port, starttls="never", weight=weight)
        for server, weight in zip(servers, weights, strict=False)
    )
    return RelayPool(found, timeout=0.5, messages_per_connection=most, monotonic=clock)


def smtp_relays(text: str) -> list[Relay]:
    """The relays of ``smtp_url``, all of which must be SMTP's."""
    relays = registry.parse(text, Path("unused"))
    return [relay for relay in relays if isinstance(relay, Relay)]


@contextmanager
def way_out(pool: RelayPool, permits: Permits | None = None) -> Iterator[RelayTransport]:
    transport = pool.transport(permits)
    try:
        yield transport
    finally:
        transport.close()


def run_lanes(lanes: Lanes, seconds: float) -> None:
    """Let lanes go on until all of them are done, or for so long."""
    end = time.monotonic() + seconds
    while lanes.alive and time.monotonic() < end:
        lanes.run()
        lanes.rest(0.02)
