"""How often a newsletter comes, and at what hour: one line of words such as ``thursday 08:00``."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WRITTEN = re.compile(
    r"\s*(?:(?P<cadence>daily|weekdays|every|every\s+other|first)\s+)?"
    r"(?:(?P<day>[a-z]{3,9})\s+)?(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)\s*",
    re.IGNORECASE,
)


class Cadence(StrEnum):
    """How often. A period is a day, an ISO 8601 week or a month of the calendar."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    FORTNIGHTLY = "every other week"
    MONTHLY = "monthly"


@dataclass(frozen=True)
class Schedule:
    """``weekday`` counts from Monday = 0; None where the newsletter comes on several days.
    A monthly one comes on the first such day of the month."""

    cadence: Cadence
    weekday: int | None
    hour: int
    minute: int


@lru_cache(maxsize=100)
def parse(words: str) -> Schedule:
    """``daily 08:00``, ``weekdays 08:00``, ``thursday 08:00``, ``every other thursday 08:00`` or
    ``first thursday 08:00``; ValueError when it is none of these."""
    match = _WRITTEN.fullmatch(words)
    if match is None:
        raise ValueError(_unreadable(words))
    first = " ".join((match["cadence"] or "").lower().split())
    named = (match["day"] or "?").lower()
    days = [number for number, day in enumerate(DAYS) if day.startswith(named)]
    several = first in (Cadence.DAILY, Cadence.WEEKDAYS)
    if len(days) != (0 if several else 1) or (several and match["day"]):
        raise ValueError(_unreadable(words))
    cadences = {"every other": Cadence.FORTNIGHTLY, "first": Cadence.MONTHLY}
    cadence = Cadence(first) if several else cadences.get(first, Cadence.WEEKLY)
    return Schedule(cadence, None if several else days[0], int(match["hour"]), int(match["minute"]))


def _unreadable(words: str) -> str:
    return (
        f"{words!r} is not a day and a time such as 'thursday 08:00', 'weekdays 07:30', "
        "'daily 07:30', 'every other thursday 08:00' or 'first thursday 08:00'"
    )
