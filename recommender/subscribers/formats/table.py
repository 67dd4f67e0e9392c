"""Reads a list of readers in any dialect, under any header, row by row in constant memory.

A row becomes a draft, or a rejection with its line and the reason; one bad row never stops the
rest. Where it cannot be known any more which part of a file is a row, reading ends: what stands in
a cell must not be taken for readers.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO

from recommender.errors import InputError, Rejected
from recommender.models import Status
from recommender.subscribers.fields import SubscriberDraft
from recommender.subscribers.formats import mapping, rows
from recommender.subscribers.formats.dialect import (
    LOOKED_AT,
    Dialect,
    Unreadable,
    detect,
    is_separator_line,
    lines,
)
from recommender.subscribers.formats.mapping import ColumnMapping, Wanted

MOST_COLUMNS = 1_000
SAMPLES = 50
"""Rows by which columns are judged."""
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_Numbered = tuple[int, list[str]]


@dataclass(frozen=True)
class Description:
    """How a file was understood: ``columns`` are fields by the names of columns."""

    file: str
    service: str | None
    encoding: str
    separator: str
    columns: Mapping[str, str]
    notes: tuple[str, ...]


Describe = Callable[[Description], None]


def read(
    path: Path, file: IO[bytes], wanted: Wanted, describe: Describe
) -> Iterator[SubscriberDraft | Rejected]:
    """Every row of ``file``, in order; ``describe`` is told how it is understood.

    Raises InputError when it is no list of readers.
    """
    dialect = detect(path, file, mapping.score)
    stream = _rows(path, file, dialect)
    first = list(islice(stream, SAMPLES))
    found = [item for item in first if not isinstance(item, Rejected)]
    if not found and not first:
        return
    line, header, notes = _header(path, found, wanted)
    if len(header) > MOST_COLUMNS:
        raise InputError(path, max(line, 1), f"more than {MOST_COLUMNS:,} columns")
    samples = [row for number, row in found if number > line]
    try:
        columns = mapping.of_header(header, samples, wanted, file=path.name)
    except ValueError as error:
        raise InputError(path, max(line, 1), str(error)) from error
    describe(_described(path, dialect, columns, notes))
    for item in chain(first, stream):
        if isinstance(item, Rejected):
            yield item
        elif item[0] > line:
            yield _draft(path, item, columns)


def _header(
    path: Path, found: list[_Numbered], wanted: Wanted
) -> tuple[int, list[str], tuple[str, ...]]:
    """The line of the header, its cells, and what is to be said of it. Line 0: there is none, and
    the columns have numbers."""
    if not found:
        raise InputError(path, 1, "no header can be read")
    for line, row in found[:LOOKED_AT]:
        if any(mapping.is_address(cell) for cell in row):
            break
        if mapping.has_email(row, wanted):
            above = line - found[0][0]
            note = f"the header is in line {line}; what stands above is left out"
            return line, row, (note,) if above else ()
    line, row = found[0]
    if any(mapping.is_address(cell) for cell in row):
        widest = max(len(cells) for _, cells in found)
        numbered = [f"column {number}" for number in range(1, widest + 1)]
        return 0, numbered, ("there is no header: the columns are numbered",)
    return line, row, ()


def _described(
    path: Path, dialect: Dialect, columns: ColumnMapping, notes: tuple[str, ...]
) -> Description:
    said = list(notes)
    if dialect.encoding == "cp1252":
        said.append("this is not UTF-8; it is read as Windows-1252")
    if columns.status not in (None, Status.ACTIVE):
        said.append(
            f"rows without a status are {columns.status}, as the file's name or columns say"
        )
    unnamed = [
        str(place) for place, name in enumerate(columns.header, 1) if not name and place <= 200
    ]
    if unnamed and "" in columns.header[: _last_named(columns)]:
        said.append(f"columns without a name are left out: {', '.join(unnamed[:10])}")
    service = columns.service.name if columns.service else None
    separator = _SEPARATORS.get(dialect.separator, dialect.separator)
    return Description(str(path), service, dialect.name, separator, columns.shown(), tuple(said))


def _last_named(columns: ColumnMapping) -> int:
    return max((place for place, name in enumerate(columns.header) if name), default=0)


def _draft(path: Path, row: _Numbered, columns: ColumnMapping) -> SubscriberDraft | Rejected:
    line, cells = row
    width = len(columns.header)
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        why = f"{len(cells)} cells, but the header names {width} columns"
        return Rejected(str(path), line, why)
    try:
        return rows.draft(line, cells, columns)
    except ValueError as error:
        return Rejected(str(path), line, str(error))


class _LostStepError(Exception):
    """Where the next row begins cannot be known any more."""


def _rows(path: Path, file: IO[bytes], dialect: Dialect) -> Iterator[_Numbered | Rejected]:
    """The rows with anything in them, each with its line; lines that are no text as rejections."""
    bad: list[Rejected] = []
    inside = False

    def texts() -> Iterator[str]:
        nonlocal inside
        for number, line in lines(path, file, dialect):
            if isinstance(line, Unreadable):
                if inside or line.quotes:
                    raise _LostStepError(line.why)
                bad.append(Rejected(str(path), number, line.why))
                yield "\n"  # keeps the reader's line count true; a blank row is passed over
            elif number == 1 and is_separator_line(line):
                yield "\n"
            else:
                inside = True
                yield line

    reader = csv.reader(
        texts(), delimiter=dialect.separator, skipinitialspace=dialect.spaced, strict=True
    )
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
        if any(cell.strip() for cell in row):
            yield start, row
