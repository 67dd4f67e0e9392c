"""What a reader may be given as: each field checked, and what is wrong with it named.

Used for rows of a file, for the command line and for forms alike; it reads no file and no store.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import available_timezones

from recommender.models import Frequency, Status
from recommender.settings import DAYS
from recommender.subscribers.addresses import normalise

MAX_NAME = 200
MAX_NAMES = 1_000
"""Roles, and topics, of a reader: more than any vocabulary that is offered."""
_ZONES = frozenset(available_timezones())
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_HOUR = re.compile(r"([01]?[0-9]|2[0-3])(?::00)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class SubscriberDraft:
    """One row as given. None means "the file does not say": what the store has, stays."""

    line: int
    email: str
    name: str | None = None
    roles: tuple[str, ...] | None = None
    topics: Mapping[str, float] | None = None
    timezone: str | None = None
    locale: str | None = None
    status: Status | None = None
    attributes: Mapping[str, Any] | None = field(default=None)
    frequency: Frequency | None = None
    day: str | None = None
    hour: int | None = None


def draft(line: int, values: Mapping[str, Any]) -> SubscriberDraft:
    """``values`` (a JSON object of SPEC'd fields) as a checked draft.

    Raises ValueError naming the field. Fields not known are passed over.
    """
    email = values.get("email")
    if not isinstance(email, str) or not email.strip():
        raise ValueError("email: missing")
    try:
        address = normalise(email)
    except ValueError as error:
        raise ValueError(f"email: {email[:80]!r}: {error}") from error
    return SubscriberDraft(
        line=line,
        email=address,
        name=_name(values.get("name")),
        roles=_roles(values.get("roles")),
        topics=_topics(values.get("topics")),
        timezone=_timezone(values.get("timezone")),
        locale=_locale(values.get("locale")),
        status=_status(values.get("status")),
        attributes=_attributes(values.get("attributes")),
        frequency=_frequency(values.get("frequency")),
        day=_day(values.get("day")),
        hour=_hour(values.get("hour")),
    )


def _text(name: str, value: Any) -> str:  # Any: whatever JSON holds
    if not isinstance(value, str):
        raise ValueError(f"{name}: expected text, found {type(value).__name__}")
    if _CONTROL.search(value):
        raise ValueError(f"{name}: contains a line break or control character")
    if len(value) > MAX_NAME:
        raise ValueError(f"{name}: longer than {MAX_NAME} characters")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name}: contains half a character (a lone surrogate)") from error
    return value.strip()


def _name(value: Any) -> str | None:
    return None if value is None else _text("name", value)


def _roles(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise ValueError("roles: expected a list of names")
    if len(value) > MAX_NAMES:
        raise ValueError(f"roles: more than {MAX_NAMES:,} names")
    return tuple(dict.fromkeys(name for role in value if (name := _text("roles", role))))


def _topics(value: Any) -> dict[str, float] | None:
    if value is None:
        return None
    if isinstance(value, list):
        value = dict.fromkeys((_text("topics", name) for name in value), 1)
    if not isinstance(value, dict):
        raise ValueError("topics: expected a list of names or an object of weights")
    if len(value) > MAX_NAMES:
        raise ValueError(f"topics: more than {MAX_NAMES:,} names")
    topics: dict[str, float] = {}
    for given, weight in value.items():
        name = _text("topics", given)
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise ValueError(f"topics: the weight of {name!r} is not a number")
        if not -2 <= weight <= 3:  # NaN fails, too
            raise ValueError(f"topics: the weight of {name!r} is {weight:g}, not between -2 and 3")
        if name:
            topics[name] = float(weight)
    return topics


def _timezone(value: Any) -> str | None:
    if value is None or value == "":
        return None
    name = _text("timezone", value)
    if name not in _ZONES:
        raise ValueError(f"timezone: {name!r} is not an IANA time zone such as Europe/Berlin")
    return name


def _locale(value: Any) -> str | None:
    if value is None or value == "":
        return None
    name = _text("locale", value)
    if not _LOCALE.fullmatch(name):
        raise ValueError(f"locale: {name!r} is not a language tag such as en or de-AT")
    return name.replace("_", "-")


def _status(value: Any) -> Status | None:
    if value is None or value == "":
        return None
    name = _text("status", value).casefold()
    try:
        return Status(name)
    except ValueError as error:
        raise ValueError(f"status: {name!r} is none of {', '.join(Status)}") from error


def _frequency(value: Any) -> Frequency | None:
    if value is None or value == "":
        return None
    name = _text("frequency", value).casefold()
    try:
        return Frequency(name)
    except ValueError as error:
        raise ValueError(f"frequency: {name!r} is none of {', '.join(Frequency)}") from error


def _day(value: Any) -> str | None:
    if value is None or value == "":
        return None
    name = _text("day", value).casefold()
    found = [day for day in DAYS if len(name) >= 3 and day.startswith(name)]
    if not found:
        raise ValueError(f"day: {name!r} is no day of the week such as monday")
    return found[0]


def _hour(value: Any) -> int | None:
    """An hour of the day: 7, or as text 7, 07 or 07:00."""
    if value is None or value == "":
        return None
    match = _HOUR.fullmatch(value.strip()) if isinstance(value, str) else None
    number = int(match[1]) if match else value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 23:
        raise ValueError(f"hour: {str(value)[:20]!r} is not a full hour from 0 to 23")
    return number


def _attributes(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError("attributes: expected an object")
    text = json.dumps(value)
    if len(text) > 8192:
        raise ValueError("attributes: more than 8,192 characters")
    if "\\u0000" in text or "\\ud8" in text.casefold() or "NaN" in text or "Infinity" in text:
        raise ValueError("attributes: contains what a database cannot hold (NUL, NaN …)")
    return value
