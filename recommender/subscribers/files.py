"""Reads ``subscribers.jsonl`` and ``subscribers.csv`` row by row, in constant memory.

A row becomes a ``SubscriberDraft`` or a ``Rejected`` with its line number and the reason; one bad
row never stops the rest. It only reads: what the store makes of a row is ``intake``'s affair.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TextIO

from recommender.errors import InputError, Rejected
from recommender.safety import folders, spreadsheets
from recommender.subscribers import fields
from recommender.subscribers.field_kinds import json_object
from recommender.subscribers.fields import COLUMNS, FIELDS, SubscriberDraft

MAX_LINE = 1_000_000


def within(path: Path) -> list[Path | Rejected]:
    """The files that are meant by ``path``: itself, or all of a folder that can be read, in order.
    A link that leads out of the folder is rejected.

    Raises InputError for a folder without any.
    """
    if not path.is_dir():
        return [path]
    names = sorted(
        one
        for one in path.rglob("*")
        if one.suffix.lower() in READERS and not one.name.startswith(".")
    )
    found: list[Path | Rejected] = [
        Rejected(str(one), None, folders.LEADS_OUT) if folders.leads_out(one, path) else one
        for one in names
        if one.is_symlink() or one.is_file()
    ]
    if not found:
        raise InputError(path, None, "no .csv or .jsonl file in this folder")
    return found


def read(path: Path) -> Iterator[SubscriberDraft | Rejected]:
    """Every row of ``path``, in order.

    Raises InputError when the file as a whole cannot be read: missing, empty, not UTF-8 text,
    no ``email`` column, or neither ``.csv`` nor ``.jsonl``.
    """
    rows = READERS.get(path.suffix.lower())
    if rows is None:
        raise InputError(path, None, "expected a .csv or .jsonl file")
    try:
        with path.open("rb") as file:
            yield from rows(path, file)
    except OSError as error:
        raise InputError(path, None, error.strerror or str(error)) from error


class _LostStepError(Exception):
    """Where the next row of a CSV file begins cannot be known any more."""


@dataclass(frozen=True)
class _Unreadable:
    """A line that is no text, and why. ``quotes``: whether a cell may begin or end in it."""

    why: str
    quotes: bool


def _lines(path: Path, file: IO[bytes]) -> Iterator[tuple[int, str | _Unreadable]]:
    """Numbered lines as text; an overlong or undecodable one as the reason it is rejected."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
            yield number, _Unreadable(f"longer than {MAX_LINE:,} bytes", quotes=True)
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            why = f"not UTF-8 text (byte {error.start + 1} of the line)"
            yield number, _Unreadable(why, quotes=b'"' in line)
            continue
        if "\0" in text:
            yield number, _Unreadable("a NUL byte; is this a text file?", quotes=True)
            continue
        yield number, text
    if number == 0:
        raise InputError(path, None, "the file is empty")


def _jsonl_rows(path: Path, file: IO[bytes]) -> Iterator[SubscriberDraft | Rejected]:
    for number, line in _lines(path, file):
        if isinstance(line, _Unreadable):
            yield Rejected(str(path), number, line.why)
        elif line.strip():
            try:
                yield fields.draft(number, json_object(line))
            except ValueError as error:
                yield Rejected(str(path), number, str(error))


def _csv_rows(path: Path, file: IO[bytes]) -> Iterator[SubscriberDraft | Rejected]:
    """The rows of a CSV file, up to where it cannot be known any more which part of it is a row:
    what stands in a cell must not be taken for readers."""
    bad: list[Rejected] = []
    inside = False

    def texts() -> Iterator[str]:
        nonlocal inside
        for number, line in _lines(path, file):
            if isinstance(line, _Unreadable):
                if inside or line.quotes:
                    raise _LostStepError(line.why)
                bad.append(Rejected(str(path), number, line.why))
                yield "\n"  # keeps the reader's line count true; a blank row is passed over
            else:
                inside = True
                yield line

    reader = csv.reader(texts(), strict=True)
    header: list[str] | None = None
    while True:
        start, inside = reader.line_num + 1, False
        try:
            row = next(reader, None)
        except (csv.Error, _LostStepError) as error:
            yield from bad
            why = f"not CSV: {error}; nothing from here on was read"
            yield Rejected(str(path), start, why)
            return
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
    stripped = zip(header, (cell.strip() for cell in row), strict=False)
    cells = {name: spreadsheets.unescape(cell) for name, cell in stripped if cell}
    try:
        values: dict[str, Any] = {
            field.name: field.kind.from_cell(cells[field.name])
            for field in FIELDS
            if field.name in cells
        }
        return fields.draft(line, {"email": cells.get("email"), **values})
    except ValueError as error:
        return Rejected(str(path), line, str(error))


def write(target: TextIO, readers: Iterable[Mapping[str, Any]], suffix: str) -> int:
    """Write ``readers`` (documents as ``read`` takes them) as ``.csv`` or ``.jsonl``; how many."""
    number = 0
    table = csv.DictWriter(target, COLUMNS)
    if suffix == ".csv":
        table.writeheader()
    for reader in readers:
        number += 1
        if suffix == ".csv":
            cells = {"email": reader["email"]}
            for field in FIELDS:
                if (value := reader.get(field.name)) is not None:
                    cells[field.name] = field.kind.to_cell(value)
            table.writerow({name: spreadsheets.as_text(cell) for name, cell in cells.items()})
        else:
            target.write(json.dumps(reader, ensure_ascii=False) + "\n")
    return number


READERS = {".csv": _csv_rows, ".jsonl": _jsonl_rows}
