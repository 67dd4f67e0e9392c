"""How a table of text is written: its encoding, where its lines end, and what separates its cells.

The encoding is found from the byte order mark, else from the NULs that UTF-16 has, else by reading
the file once: UTF-8 where that fits, Windows-1252 where it does not. A file that is UTF-8 but for a
few bytes stays so, and its bad lines are rejected one by one.
"""

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from recommender.errors import InputError

MAX_LINE = 1_000_000
HEAD = 65_536
"""Bytes from which lines and separators are judged."""
LOOKED_AT = 10
"""Lines among which the header is looked for."""
SEPARATORS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r'\s*"?sep=(\t|.)"?\s*', re.IGNORECASE)
"""What spreadsheets write first, so that they separate the cells alike when they read it again."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}
_UNDECODED = {True: re.compile("[\udc80-\udcff]"), False: re.compile("\ufffd")}
"""What stands for bytes that are no text: in encodings of single bytes, and in the wider ones."""
_OTHERS = (
    (b"PK\x03\x04", "a workbook or an archive; save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as CSV"),
    (b"\x1f\x8b", "compressed; unpack it first"),
    (b"%PDF", "a PDF"),
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """``encoding`` as Python names it; ``newline`` as ``io.TextIOWrapper`` takes it."""

    encoding: str
    newline: str
    separator: str = ","
    spaced: bool = False
    """Whether a space follows each separator, before the quotes."""

    @property
    def name(self) -> str:
        """The encoding for a person."""
        return _NAMES.get(self.encoding, self.encoding.upper())


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no text, and why. ``quotes``: whether a cell may begin or end in it."""

    why: str
    quotes: bool


Line = tuple[int, str | Unreadable]


def detect(path: Path, file: IO[bytes], score: Callable[[list[str]], int]) -> Dialect:
    """The dialect of ``file``, which is left at its beginning. The separator is the one with the
    row of the highest ``score`` among the first; of equals the one that makes more cells.

    Raises InputError for what is no table of text.
    """
    head = file.read(HEAD)
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise InputError(path, None, f"no text: it is {what}")
    encoding = _encoding(head, file)
    file.seek(0)
    text = head.decode(encoding, "replace").removeprefix("\ufeff")
    newline = "\r" if "\r" in text and "\n" not in text else "\n"
    header = _beginning(text, newline)
    declared = _SEP_LINE.fullmatch(text.split(newline, 1)[0])
    if declared:
        separator = declared[1]
    else:
        best = {
            mark: max((score(row), len(row)) for row in [[], *_rows(header, mark)])
            for mark in SEPARATORS
        }
        separator = max(SEPARATORS, key=lambda mark: best[mark])
    spaced = bool(re.search(rf'{re.escape(separator)} +"', header.split("\n", 1)[0]))
    return Dialect(encoding, newline, separator, spaced)


def is_separator_line(line: str) -> bool:
    """Whether a first line names the separator and nothing else."""
    return _SEP_LINE.fullmatch(line) is not None


def _encoding(head: bytes, file: IO[bytes]) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    first, second = head[0::2].count(0), head[1::2].count(0)
    if max(first, second) * 100 > len(head):  # separators and line ends at the least are ASCII
        if first * 20 <= second:
            return "utf-16-le"
        if second * 20 <= first:
            return "utf-16-be"
    return _of_bytes(head, file)


def _of_bytes(head: bytes, file: IO[bytes]) -> str:
    """UTF-8, unless more of the bytes beyond ASCII contradict it than bear it out."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    fitting = wrong = 0
    chunk = head
    while chunk:
        if not chunk.isascii():
            text = decoder.decode(chunk)
            bad = len(re.findall("[\udc80-\udcff]", text))
            wrong += bad
            fitting += len(re.findall("[^\x00-\x7f]", text)) - bad
        chunk = file.read(1_048_576)
    wrong += len(decoder.decode(b"", final=True))
    return "cp1252" if wrong > fitting else "utf-8"


def _beginning(text: str, newline: str) -> str:
    """The lines in which the header is, from the first with anything in it."""
    lines = text.split(newline)
    if lines and _SEP_LINE.fullmatch(lines[0]):
        del lines[0]
    while lines and not lines[0].strip(" \t\r,;|\"'"):
        del lines[0]
    return "\n".join(lines[:LOOKED_AT])


def _rows(text: str, separator: str) -> list[list[str]]:
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True))
    return rows


def lines(path: Path, file: IO[bytes], dialect: Dialect) -> Iterator[Line]:
    """Numbered lines as text; an overlong or undecodable one as the reason it is rejected.

    Raises InputError when there is none.
    """
    single = not dialect.encoding.startswith(("utf-16", "utf-32"))
    errors = "surrogateescape" if single else "replace"
    text = io.TextIOWrapper(file, encoding=dialect.encoding, errors=errors, newline=dialect.newline)
    number = 0
    try:
        while line := text.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                while line and not line.endswith(dialect.newline):
                    line = text.readline(MAX_LINE)
                yield number, Unreadable(f"longer than {MAX_LINE:,} characters", quotes=True)
                continue
            yield number, _checked(line, dialect, single=single)
    finally:
        with contextlib.suppress(ValueError):  # closed already: reading was given up
            text.detach()
    if number == 0:
        raise InputError(path, None, "the file is empty")


def _checked(line: str, dialect: Dialect, *, single: bool) -> str | Unreadable:
    if "\0" in line:
        return Unreadable("a NUL byte; is this a text file?", quotes=True)
    if not line.isascii() and (wrong := _UNDECODED[single].search(line)):
        before = line[: wrong.start()].encode(dialect.encoding.removesuffix("-sig"), "replace")
        what = f"not {dialect.name} text (byte {len(before) + 1} of the line)"
        return Unreadable(what, quotes='"' in line)
    return line


def of_lines(file: IO[bytes]) -> Dialect:
    """The dialect of a file of JSON lines, which is UTF-8 or UTF-16; left at its beginning."""
    encoding = _encoding(file.read(HEAD), file)
    file.seek(0)
    return Dialect("utf-8" if encoding == "cp1252" else encoding, "\n")
