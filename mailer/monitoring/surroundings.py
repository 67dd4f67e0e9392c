"""What is wrong with that on which a service stands: the store, the clock, the disk, and the
certificate of its pages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.monitoring import probes, readiness
from mailer.monitoring.trouble import Kind, Trouble
from recommender.models import Heartbeat, JobRun
from recommender.safety import scrubbing
from recommender.storage import database

SLOW_SECONDS = 2.0
"""A small write that takes longer makes everything that waits for it late."""
MOST_SKEW = timedelta(seconds=2)
"""By how much a machine's clock may differ from the store's."""


def store_away(error: BaseException) -> Trouble:
    """The store cannot be used, with the driver's words."""
    return Trouble(
        Kind.STORE,
        "the store",
        f"cannot be used: {scrubbing.words(error).partition(chr(10))[0] or type(error).__name__}",
        "see that its server runs, or its file is there, and what has it locked; what was sent is "
        "safe, and the service goes on when it is back",
    )


def certificate(base_url: str, problem: str) -> Trouble:
    """What is wrong with the certificate of the readers' pages."""
    return Trouble(
        Kind.CERTIFICATE,
        base_url,
        problem,
        "renew it where https ends (certbot, Caddy, the load balancer); until then readers "
        "cannot unsubscribe",
    )


def disks(places: list[Path]) -> list[Trouble]:
    """The folders whose disk is nearly full."""
    left = {place: readiness.free_bytes(place) for place in places}
    return [
        Trouble(
            Kind.DISK,
            str(place),
            f"has only {free / 1e6:,.1f} MB left",
            "make room: a full disk stops the service",
        )
        for place, free in left.items()
        if free < readiness.FEW_BYTES
    ]


def clock(session: Session, now: datetime, skew: timedelta) -> Iterator[Trouble]:
    """A clock that differs from the store's, or that was set back: what the store has noted is
    then of the future."""
    here = now - skew
    latest = [
        session.scalar(sa.select(sa.func.max(JobRun.begun_at))),
        session.scalar(sa.select(sa.func.max(Heartbeat.at))),
    ]
    last = max((one for one in latest if one is not None), default=here)
    if abs(skew) > MOST_SKEW:
        way = "behind" if skew > timedelta(0) else "ahead of"
        sentence = f"is {_length(abs(skew))} {way} the store's"
    elif last - here > database.LARGEST_SKEW:
        sentence = f"is {_length(last - here)} behind what the store has noted already"
    else:
        return
    yield Trouble(
        Kind.CLOCK,
        "this machine's clock",
        sentence,
        "let NTP (chrony, systemd-timesyncd) set it; editions come at the wrong hour until then",
    )


def slow(session: Session) -> Iterator[Trouble]:
    """A store in which a small write took long when that was last tried."""
    took = probes.latest(session).store_seconds
    if took > SLOW_SECONDS:
        yield Trouble(
            Kind.STORE,
            "the store",
            f"answers slowly: a small write took {took:.1f} s",
            "see what else writes to it and its disk; everything that waits for it is late",
        )


def _length(length: timedelta) -> str:
    seconds = length.total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} minutes"
