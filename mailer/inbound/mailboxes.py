"""Messages from files: single ones, mbox, Maildir, and folders of all of these. It changes nothing
but that ``collect`` marks what it has handed out as seen, and ``keep`` writes what was set aside.

No link is followed within a folder, and what is no ordinary file is left out. Of a message that is
larger than LARGEST only so much is read.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from recommender.errors import InputError

LARGEST = 10_000_000
"""Bytes of a message; a bounce returns at most our own."""


def messages(paths: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Every message in ``paths``, with its file. Raises InputError for what is not there or cannot
    be read."""
    for path in paths:
        if not path.exists():
            raise InputError(path, None, "no such file or folder")
        try:
            for file in _files(path):
                for message in _in_file(file):
                    yield file, message
        except OSError as error:
            raise InputError(path, None, f"cannot be read: {error.strerror}") from error


def collect(folder: Path) -> Iterator[bytes]:
    """What is new in a Maildir. A message is marked as seen as soon as it has been handled, so
    nothing is lost when the work stops in the middle."""
    if not is_maildir(folder):
        raise InputError(folder, None, "is not a Maildir (a folder with cur, new and tmp)")
    for file in sorted((folder / "new").iterdir()):
        if _ordinary(file):
            with file.open("rb") as opened:
                yield opened.read(LARGEST)
        file.rename(folder / "cur" / f"{file.name}:2,S")


def save(folder: Path, message: bytes) -> Path:
    """Set a message aside in ``folder``, for nobody else to read; where it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{hashlib.sha256(message).hexdigest()[:24]}.eml"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(message)
    return file


def _files(path: Path) -> Iterator[Path]:
    """Ordinary files in reading order; of a Maildir those that have been delivered."""
    if not path.is_dir():
        yield path
        return
    for folder, inner, names in os.walk(path):
        maildir = is_maildir(Path(folder))
        inner[:] = ["cur", "new"] if maildir else sorted(n for n in inner if n[0] != ".")
        files = (Path(folder) / name for name in sorted(names) if not name.startswith("."))
        yield from (file for file in files if not maildir and _ordinary(file))


def _ordinary(file: Path) -> bool:
    return stat.S_ISREG(file.lstat().st_mode)


def _in_file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        if file.read(5) == b"From ":
            file.readline()
            yield from _in_mbox(file)
        else:
            file.seek(0)
            yield file.read(LARGEST)


def _in_mbox(file: BinaryIO) -> Iterator[bytes]:
    """The messages behind the first ``From `` line (RFC 4155)."""
    lines: list[bytes] = []
    size = 0
    while line := file.readline(65_536):
        if line.startswith(b"From ") and (not lines or lines[-1].endswith(b"\n")):
            yield b"".join(lines)
            lines, size = [], 0
        elif size < LARGEST:
            lines.append(line)
            size += len(line)
    yield b"".join(lines)


def is_maildir(path: Path) -> bool:
    """Whether a folder is a Maildir, as far as that shows."""
    return all((path / inner).is_dir() for inner in ("cur", "new"))
