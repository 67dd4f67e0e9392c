"""Signing in to the operators' pages: the password, and what slows down those who guess it.

A client is not listened to for a minute, an hour or a day after so many wrong passwords, whether
the next one is right or wrong (``limits``). When many guess from everywhere, every try takes
longer, up to some seconds; so they get nowhere, and the operator always gets in.
"""

import asyncio
import base64
import hashlib
import hmac
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.engine import Engine

from mailer.web.limits import Limits

log = logging.getLogger("newsletter.web")
REMEMBERED = timedelta(hours=1)
FREE = 20
"""Wrong passwords an hour, of all clients together, before everybody is slowed down."""
STEP, LONGEST = 0.05, 3.0
"""Seconds by which each further one does, and no more than that."""


class PasswordAttempts:
    """The wrong passwords that were tried lately."""

    def __init__(self, engine: Engine, limits: Limits, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._limits = limits
        self._clock = clock
        self._lately: deque[datetime] = deque(maxlen=FREE + int(LONGEST / STEP))

    def delay(self) -> float:
        """Seconds that a try takes now."""
        since = self._clock() - REMEMBERED
        while self._lately and self._lately[0] < since:
            self._lately.popleft()
        return min(LONGEST, STEP * max(0, len(self._lately) - FREE))

    async def slow(self) -> None:
        """Wait as long as a try takes now; holds up nobody else."""
        await asyncio.sleep(self.delay())

    def held_off(self, client: str, *, right: bool) -> datetime | None:
        """Until when ``client`` is not listened to; counts and logs a try that is not ``right``."""
        if right:
            return self._limits.held_off(self._engine, client)
        until = self._limits.wrong_password(client)
        self._lately.append(self._clock())
        if until is None:
            log.warning("/admin: a wrong password from %s", client)
        return until


def password(header: str) -> bytes | None:
    """The password in an Authorization header (HTTP Basic, RFC 7617), whatever the name; None when
    there is none."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(given.strip(), validate=True).partition(b":")[2] or None
    except ValueError:
        return None


def name(header: str) -> str:
    """The name in an Authorization header, to be kept with what its bearer changes."""
    try:
        given = base64.b64decode(header.partition(" ")[2].strip(), validate=True)
    except ValueError:
        given = b""
    text = given.partition(b":")[0].decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable()).strip()[:100] or "/admin"


def same(given: bytes, wanted: bytes) -> bool:
    """Whether they are equal, in a time that tells neither where they differ nor how long they
    are."""
    digests = (hashlib.sha256(one).digest() for one in (given, wanted))
    return hmac.compare_digest(*digests)
