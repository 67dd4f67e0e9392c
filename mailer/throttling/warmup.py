"""The warm-up of a new sending domain: so many messages on the first day, more on the next.

Days have 24 hours and are counted from the very first message, which the store remembers under the
domain. Each day has a limit of its own, kept as rates are; after the last day there is none.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.throttling.pauses import domain_of
from mailer.throttling.sliding_window import read
from recommender.models import RateLimit
from recommender.settings import Settings, limits, mailbox
from recommender.settings.limits import DAY, Rate

PREFIX = "warm-up:"


@dataclass(frozen=True)
class Step:
    """Where a warm-up stands: the day from 1, of how many, what may be sent on it and was."""

    day: int
    days: int
    most: int
    sent: int

    def sentence(self) -> str:
        return f"day {self.day} of {self.days}, {self.sent} of {self.most} messages sent"


def domain(settings: Settings) -> str:
    """The domain of the From address, which is what is new to the world."""
    return domain_of(mailbox(settings.sender)[1])


def began(session: Session, settings: Settings) -> datetime | None:
    """When the first message was sent; None before that."""
    first = _key(settings, 0)
    return session.scalar(sa.select(RateLimit.started_at).where(RateLimit.key == first))


def today(settings: Settings, began: datetime | None, now: datetime) -> tuple[str, Rate] | None:
    """Today's limit, and under which key it is counted; None without a warm-up, or after it."""
    if settings.warm_up is None:
        return None
    steps, day = limits.steps(settings.warm_up), _day(began, now)
    return (_key(settings, day), Rate(DAY, steps[day])) if day < len(steps) else None


def next_step(began: datetime, now: datetime) -> datetime:
    """When the next day begins."""
    return began + timedelta(days=_day(began, now) + 1)


def step(session: Session, settings: Settings, now: datetime) -> Step | None:
    """Where the warm-up stands; None when there is none, or it is over."""
    first = began(session, settings)
    limit = today(settings, first, now)
    if settings.warm_up is None or limit is None:
        return None
    key, rate = limit
    row = session.get(RateLimit, key)
    sent = read(row.windows, [DAY])[DAY].count() if row else 0
    return Step(_day(first, now) + 1, len(limits.steps(settings.warm_up)), rate.most, sent)


def _key(settings: Settings, day: int) -> str:
    return f"{PREFIX}{domain(settings)}" + (f"#{day + 1}" if day else "")


def _day(began: datetime | None, now: datetime) -> int:
    return 0 if began is None else max(0, (now - began) // timedelta(days=1))
