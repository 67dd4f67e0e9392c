"""Reads ``subscribers.jsonl`` and ``subscribers.csv`` row by row, in constant memory.

A row becomes a ``SubscriberDraft`` or a ``Rejected`` with its line number and the reason; one bad
row never stops the rest. It only reads: what the store makes of a row is ``intake``'s affair.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TextIO
from zoneinfo import available_timezones

from recommender.addresses import normalise
from recommender.errors import InputError
from recommender.models import Status

MAX_LINE = 1_000_000
MAX_NAME = 200
COLUMNS = ("email", "name", "roles", "topics", "timezone", "locale", "status", "attributes")
_ZONES = frozenset(available_timezones())
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
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


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be taken."""

    file: str
    line: int
    why: str


def read(path: Path) -> Iterator[SubscriberDraft | Rejected]:
    """Every row of ``path``, in order.

    Raises InputError when the file as a whole cannot be read: missing, empty, not UTF-8 text,
    no ``email`` column, or neither ``.csv`` nor ``.jsonl``.
    """
    readers = {".csv": _csv_rows, ".jsonl": _jsonl_rows}
    rows = readers.get(path.suffix.lower())
    if rows is None:
        raise InputError(path, None, "expected a .csv or .jsonl file")
    try:
        with path.open("rb") as file:
            yield from rows(path, file)
    except OSError as error:
        raise InputError(path, None, error.strerror or str(error)) from error


def _lines(path: Path, file: IO[bytes]) -> Iterator[tuple[int, str | Rejected]]:
    """Numbered lines as text; an overlong or undecodable one as the reason it is rejected."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
            yield number, Rejected(str(path), number, f"longer than {MAX_LINE:,} bytes")
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            why = f"not UTF-8 text (byte {error.start + 1} of the line)"
            yield number, Rejected(str(path), number, why)
            continue
        if "\0" in text:
            yield number, Rejected(str(path), number, "a NUL byte; is this a text file?")
            continue
        yield number, text
    if number == 0:
        raise InputError(path, None, "the file is empty")


def _jsonl_rows(path: Path, file: IO[bytes]) -> Iterator[SubscriberDraft | Rejected]:
    for number, line in _lines(path, file):
        if isinstance(line, Rejected):
            yield line
        elif line.strip():
            try:
                yield draft(number, _json_object(line))
            except ValueError as error:
                yield Rejected(str(path), number, str(error))


def _json_object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("not JSON: nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, found {type(value).__name__}")
    return value


def _csv_rows(path: Path, file: IO[bytes]) -> Iterator[SubscriberDraft | Rejected]:
    bad: list[Rejected] = []

    def texts() -> Iterator[str]:
        for _, line in _lines(path, file):
            if isinstance(line, Rejected):
                bad.append(line)
                yield "\n"  # keeps the reader's line count true; a blank row is passed over
            else:
                yield line

    reader = csv.reader(texts(), strict=True)
    header: list[str] | None = None
    while True:
        start = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield Rejected(str(path), start, f"not CSV: {error}")
            continue
        yield from bad
        bad.clear()
        if row is None:
            return
        if header is None:
            header = _header(path, start, row)
        elif any(cell.strip() for cell in row):
            yield _csv_row(path, start, header, row)


def _header(path: Path, line: int, row: list[str]) -> list[str]:
    names = [cell.strip().casefold() for cell in row]
    if "email" not in names:
        found = ", ".join(name for name in names if name)[:80] or "nothing"
        raise InputError(path, line, f"the header has no 'email' column (found: {found})")
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        expected = ", ".join(COLUMNS)
        raise InputError(path, line, f"unknown column {unknown[0]!r}; expected {expected}")
    if len(set(names)) != len(names):
        raise InputError(path, line, "a column is named twice")
    return names


def _csv_row(
    path: Path, line: int, header: list[str], row: list[str]
) -> SubscriberDraft | Rejected:
    if len(row) > len(header):
        why = f"{len(row)} cells, but the header names {len(header)} columns"
        return Rejected(str(path), line, why)
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=False) if cell.strip()}
    try:
        values: dict[str, Any] = dict(cells)
        if "roles" in cells:
            values["roles"] = [role.strip() for role in cells["roles"].split(";") if role.strip()]
        if "topics" in cells:
            values["topics"] = weighted(cells["topics"].split(";"))
        if "attributes" in cells:
            values["attributes"] = _json_object(cells["attributes"])
        return draft(line, values)
    except ValueError as error:
        return Rejected(str(path), line, str(error))


def weighted(parts: Iterable[str]) -> dict[str, Any]:
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
    return tuple(dict.fromkeys(name for role in value if (name := _text("roles", role))))


def _topics(value: Any) -> dict[str, float] | None:
    if value is None:
        return None
    if isinstance(value, list):
        value = dict.fromkeys((_text("topics", name) for name in value), 1)
    if not isinstance(value, dict):
        raise ValueError("topics: expected a list of names or an object of weights")
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


def write(target: TextIO, readers: Iterable[Mapping[str, Any]], suffix: str) -> int:
    """Write ``readers`` (documents as ``read`` takes them) as ``.csv`` or ``.jsonl``; how many."""
    number = 0
    table = csv.DictWriter(target, COLUMNS)
    if suffix == ".csv":
        table.writeheader()
    for reader in readers:
        number += 1
        if suffix == ".csv":
            topics = (f"{name}:{weight:g}" for name, weight in reader["topics"].items())
            flat = {"roles": ";".join(reader["roles"]), "topics": ";".join(topics)}
            flat["attributes"] = json.dumps(reader["attributes"]) if reader["attributes"] else ""
            table.writerow({**reader, **flat})
        else:
            target.write(json.dumps(reader, ensure_ascii=False) + "\n")
    return number
