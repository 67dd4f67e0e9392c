"""The kinds of field a reader has: how a value is checked, and how it stands in a cell of a file.

A check takes the field's name and a JSON value. It returns the value as the store keeps it, None
for "not said", and raises ValueError naming the field. Nothing here reads a file or the store.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from recommender.models import Frequency, Status
from recommender.subscribers import calendar_words, cells, locales, timezones

MAX_TEXT = 200
MAX_ATTRIBUTES = 8_192
"""Characters of all attributes of a reader, as JSON."""
MAX_NAMES = 1_000
"""Roles, and topics, of a reader: more than any vocabulary that is offered."""
MAX_LANGUAGES = 50
_HOUR = re.compile(r"([01]?[0-9]|2[0-3])(?::00)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of one kind are read and written. ``Any``: each kind has a type of its own.

    ``check``: a JSON value → the value kept. ``from_cell`` and ``to_cell``: text of a CSV cell →
    JSON value, and back. ``from_parts``: several texts (a repeated option) → JSON value; kinds
    without it are given once. ``option``: the type the command line reads one text as.
    ``shown``: the value for a person.
    """

    check: Callable[[str, Any], Any]
    from_cell: Callable[[str], Any] = str
    to_cell: Callable[[Any], str] = str
    from_parts: Callable[[Sequence[str]], Any] | None = None
    option: type = str
    shown: Callable[[Any], str] = str


def checked_text(name: str, value: Any) -> str:
    """``value`` as one trimmed line of at most ``MAX_TEXT`` characters."""
    if not isinstance(value, str):
        raise ValueError(f"{name}: expected text, found {type(value).__name__}")
    if _CONTROL.search(value):
        raise ValueError(f"{name}: contains a line break or control character")
    if len(value) > MAX_TEXT:
        raise ValueError(f"{name}: longer than {MAX_TEXT} characters")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name}: contains half a character (a lone surrogate)") from error
    return value.strip()


def _text(name: str, value: Any) -> str | None:
    return None if value is None else checked_text(name, value)


def _roles(name: str, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise ValueError(f"{name}: expected a list of names")
    if len(value) > MAX_NAMES:
        raise ValueError(f"{name}: more than {MAX_NAMES:,} names")
    return tuple(dict.fromkeys(role for one in value if (role := checked_text(name, one))))


def _topics(name: str, value: Any) -> dict[str, float] | None:
    if value is None:
        return None
    if isinstance(value, list):
        value = dict.fromkeys((checked_text(name, one) for one in value), 1)
    if not isinstance(value, dict):
        raise ValueError(f"{name}: expected a list of names or an object of weights")
    if len(value) > MAX_NAMES:
        raise ValueError(f"{name}: more than {MAX_NAMES:,} names")
    topics: dict[str, float] = {}
    for given, weight in value.items():
        topic = checked_text(name, given)
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise ValueError(f"{name}: the weight of {topic!r} is not a number")
        if not -2 <= weight <= 3:  # NaN fails, too
            written = f"{weight:g}" if isinstance(weight, float) else str(weight)[:20]
            raise ValueError(f"{name}: the weight of {topic!r} is {written}, not between -2 and 3")
        if topic:
            topics[topic] = float(weight)
    return topics


def _timezone(name: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    given = checked_text(name, value)
    if not given:
        return None
    zone = timezones.iana(given)
    if zone is None:
        raise ValueError(f"{name}: {given!r} is not an IANA time zone such as Europe/Berlin")
    return zone


def _locale(name: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    given = checked_text(name, value)
    try:
        return locales.tag(given) if given else None
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _languages(name: str, value: Any) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise ValueError(f"{name}: expected a list of language tags")
    if len(value) > MAX_LANGUAGES:
        raise ValueError(f"{name}: more than {MAX_LANGUAGES} languages")
    return list(dict.fromkeys(tag for one in value if (tag := _locale(name, one))))


def _one_of(choices: type[StrEnum]) -> Callable[[str, Any], StrEnum | None]:
    def check(name: str, value: Any) -> StrEnum | None:
        if value is None or value == "":
            return None
        given = checked_text(name, value).casefold()
        try:
            return choices(given)
        except ValueError as error:
            raise ValueError(f"{name}: {given!r} is none of {', '.join(choices)}") from error

    return check


def _day(name: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    given = checked_text(name, value)
    day = calendar_words.day(given)
    if day is None:
        raise ValueError(f"{name}: {given!r} is no day of the week such as monday")
    return day


def _frequency(name: str, value: Any) -> Frequency | None:
    if value is None or value == "":
        return None
    given = checked_text(name, value)
    found = calendar_words.frequency(given)
    if found is None:
        raise ValueError(f"{name}: {given!r} is none of {', '.join(Frequency)}")
    return found


def _hour(name: str, value: Any) -> int | None:
    """An hour of the day: 7, or as text 7, 07 or 07:00."""
    if value is None or value == "":
        return None
    match = _HOUR.fullmatch(value.strip()) if isinstance(value, str) else None
    number = int(match[1]) if match else value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 23:
        raise ValueError(f"{name}: {str(value)[:20]!r} is not a full hour from 0 to 23")
    return number


def _attributes(name: str, value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError(f"{name}: expected an object")
    text = json.dumps(value)
    if len(text) > MAX_ATTRIBUTES:
        raise ValueError(f"{name}: more than {MAX_ATTRIBUTES:,} characters")
    if "\\u0000" in text or "\\ud8" in text.casefold() or "NaN" in text or "Infinity" in text:
        raise ValueError(f"{name}: contains what a database cannot hold (NUL, NaN …)")
    return value


def json_object(line: str) -> dict[str, Any]:
    """The JSON object in ``line``; ValueError says what is wrong with it."""
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("not JSON: nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, found {type(value).__name__}")
    return value


def _weighted(parts: Iterable[str]) -> dict[str, Any]:
    """``["TPU Development:3", "AI Strategy"]`` as weights by name; none given means 1."""
    topics: dict[str, Any] = {}
    for part in parts:
        name, colon, weight = part.rpartition(":")
        if not colon:
            name, weight = part, "1"
        if name.strip():
            try:
                topics[name.strip()] = float(weight)
            except ValueError as error:
                raise ValueError(f"topics: {weight.strip()!r} is not a weight") from error
    return topics


TEXT = Kind(_text)
TIMEZONE = Kind(_timezone)
LOCALE = Kind(_locale)
LANGUAGES = Kind(
    _languages,
    from_cell=cells.names,
    to_cell=cells.joined,
    from_parts=list,
    shown=", ".join,
)
STATUS = Kind(_one_of(Status), option=Status)
FREQUENCY = Kind(_frequency, option=Frequency)
DAY = Kind(_day)
HOUR = Kind(_hour)
ROLES = Kind(
    _roles,
    from_cell=cells.names,
    to_cell=cells.joined,
    from_parts=list,
    shown=", ".join,
)
TOPICS = Kind(
    _topics,
    from_cell=cells.weighted,
    to_cell=cells.joined_weights,
    from_parts=_weighted,
    shown=lambda topics: ", ".join(f"{name} {weight:+g}" for name, weight in topics.items()),
)
ATTRIBUTES = Kind(
    _attributes,
    from_cell=json_object,
    to_cell=lambda value: json.dumps(value) if value else "",
    shown=lambda value: json.dumps(value, ensure_ascii=False),
)
