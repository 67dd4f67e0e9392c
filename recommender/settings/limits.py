"""How an operator says "not faster" and "not at night": rates, steps of a warm-up, quiet hours.

It reads what stands in the settings and gives values; it enforces nothing. What cannot be read is
a ValueError with an example of what can.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator

from recommender.safety.hosts import ascii_host

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
DAY = SECONDS["day"]
OTHERS = "*"
"""In ``domain_rates``: every domain that is not named, each for itself."""
_SHORT = {"s": "second", "sec": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day"}
_RATE = re.compile(r"(\d+)\s*(?:/|per\s)\s*(\d*)\s*([a-z]+)", re.IGNORECASE)
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)")
_DOMAIN = re.compile(r"\*|[^\s:,@/+*]+(?:\+[^\s:,@/+*]+)*")
Quiet = tuple[time, time]


@dataclass(frozen=True, order=True)
class Rate:
    """At most ``most`` messages in any window of ``seconds``."""

    seconds: int
    most: int

    def __str__(self) -> str:
        units = [unit for unit, length in SECONDS.items() if length == self.seconds]
        return f"{self.most}/{units[0] if units else f'{self.seconds} seconds'}"


Rates = tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class LimitReached:
    """No message before ``until``, because of ``rate`` under ``key``."""

    until: datetime
    key: str
    rate: Rate

    def __str__(self) -> str:
        return f"{self.rate} ({self.key})"


def rates(text: str) -> tuple[Rate, ...]:
    """``100/second, 5000/hour`` or ``20 per 10 minutes``: shortest window first."""
    found = [_rate(part.strip(), text) for part in text.split(",")]
    if len({rate.seconds for rate in found}) < len(found):
        raise ValueError(f"{text!r} gives two limits for one window")
    return tuple(sorted(found))


def _rate(part: str, text: str) -> Rate:
    match = _RATE.fullmatch(part)
    unit = match[3].lower() if match else ""
    unit = _SHORT.get(unit, unit.removesuffix("s") if len(unit) > 1 else unit)
    if match is None or unit not in SECONDS or int(match[1]) < 1 or match[2] == "0":
        raise ValueError(f"{text!r} is not a rate such as '100/second, 5000/hour'")
    return Rate(SECONDS[unit] * int(match[2] or 1), int(match[1]))


def domain_rates(text: str) -> dict[str, str]:
    """``gmail.com:20/second, 5000/hour, *:50/second`` as a table: domain → rates."""
    table: dict[str, str] = {}
    domain = ""
    for part in text.split(","):
        before, colon, rate = part.partition(":")
        if colon:
            domain = before.strip()
            table[domain] = rate.strip()
        elif domain:
            table[domain] += f", {part.strip()}"
        else:
            raise ValueError(f"{text!r} is not a table such as 'gmail.com:20/second, *:50/second'")
    return table


def by_domain(table: Mapping[str, str]) -> dict[str, tuple[str, tuple[Rate, ...]]]:
    """What holds for each domain named: under which name it is counted, and its rates.

    Domains joined by ``+`` share one limit. ``*`` stands for every other domain.
    """
    found: dict[str, tuple[str, tuple[Rate, ...]]] = {}
    for names, text in table.items():
        if not _DOMAIN.fullmatch(names):
            raise ValueError(f"{names!r} is not a domain such as gmail.com, or * for the others")
        each = [name if name == "*" else ascii_host(name) for name in names.split("+")]
        for name in each:
            found[name] = ("+".join(each), rates(text))
    return found


def steps(text: str) -> tuple[int, ...]:
    """``50, 100, 500``: messages on the first day, the second, the third."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ValueError(f"{text!r} is not a list of messages per day such as '50, 100, 500'")
    return tuple(int(part) for part in parts)


def quiet_hours(text: str) -> Quiet:
    """``21:00-07:00`` as its two times of day; they may enclose midnight."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a stretch of the day such as 21:00-07:00")
    start, end = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    if start == end:
        raise ValueError(f"{text!r} leaves no time to send, or no time to be quiet")
    return start, end


Text = TypeVar("Text")


def _readable(read: Callable[[Text], object]) -> Callable[[Text | None], Text | None]:
    """Leaves a value as it is, if ``read`` can read it."""

    def check(value: Text | None) -> Text | None:
        if value is not None:
            read(value)
        return value

    return check


def _given(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _table(value: object) -> object:
    value = _given(value)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.startswith("{") else domain_rates(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"{value!r} is not JSON: {error}") from error


RatesText = Annotated[str | None, BeforeValidator(_given), AfterValidator(_readable(rates))]
StepsText = Annotated[str | None, BeforeValidator(_given), AfterValidator(_readable(steps))]
HoursText = Annotated[str | None, BeforeValidator(_given), AfterValidator(_readable(quiet_hours))]
DomainTable = Annotated[
    dict[str, str] | None, BeforeValidator(_table), AfterValidator(_readable(by_domain))
]
