"""Reads lists of readers, tables and JSON lines, row by row in constant memory; writes ours.

A row becomes a ``SubscriberDraft`` or a ``Rejected`` with its line number and the reason; one bad
row never stops the rest. It only reads: what the store makes of a row is ``intake``'s affair.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TextIO

from recommender.errors import InputError, Rejected
from recommender.safety import folders, spreadsheets
from recommender.subscribers import fields
from recommender.subscribers.field_kinds import json_object
from recommender.subscribers.fields import COLUMNS, FIELDS, SubscriberDraft
from recommender.subscribers.formats import dialect, table
from recommender.subscribers.formats.mapping import Wanted
from recommender.subscribers.formats.table import Describe

KINDS = ".csv, .tsv or .jsonl"
ANYBODYS = Wanted()


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
        raise InputError(path, None, f"no {KINDS} file in this folder")
    return found


def read(
    path: Path, wanted: Wanted = ANYBODYS, describe: Describe = lambda _: None
) -> Iterator[SubscriberDraft | Rejected]:
    """Every row of ``path``, in order. ``wanted`` is what is known of a table beforehand;
    ``describe`` is told how a table was understood, before its first row.

    Raises InputError when the file as a whole cannot be read: missing, empty, no text, no column
    of addresses, or of another kind than ``READERS`` names.
    """
    rows = READERS.get(path.suffix.lower())
    if rows is None:
        raise InputError(path, None, f"expected a {KINDS} file")
    try:
        with path.open("rb") as file:
            yield from rows(path, file, wanted, describe)
    except OSError as error:
        raise InputError(path, None, error.strerror or str(error)) from error


def _json_lines(
    path: Path, file: IO[bytes], _wanted: Wanted, _describe: Describe
) -> Iterator[SubscriberDraft | Rejected]:
    for number, line in dialect.lines(path, file, dialect.of_lines(file)):
        if isinstance(line, dialect.Unreadable):
            yield Rejected(str(path), number, line.why)
        elif line.strip():
            try:
                yield fields.draft(number, json_object(line))
            except ValueError as error:
                yield Rejected(str(path), number, str(error))


def write(target: TextIO, readers: Iterable[Mapping[str, Any]], suffix: str) -> int:
    """Write ``readers`` (documents as ``read`` takes them) as ``.csv`` or ``.jsonl``; how many."""
    number = 0
    into = csv.DictWriter(target, COLUMNS)
    if suffix == ".csv":
        into.writeheader()
    for reader in readers:
        number += 1
        if suffix == ".csv":
            cells = {"email": reader["email"]}
            for field in FIELDS:
                if (value := reader.get(field.name)) is not None:
                    cells[field.name] = field.kind.to_cell(value)
            into.writerow({name: spreadsheets.as_text(cell) for name, cell in cells.items()})
        else:
            target.write(json.dumps(reader, ensure_ascii=False) + "\n")
    return number


READERS = {".csv": table.read, ".tsv": table.read, ".jsonl": _json_lines}
