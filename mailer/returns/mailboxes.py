"""Messages from files: single ones, mbox, Maildir, and folders of all of these. It changes nothing
but that ``collect`` marks what it has handed out as seen."""

import mailbox
from collections.abc import Iterable, Iterator
from pathlib import Path

from recommender.errors import InputError


def messages(paths: Iterable[Path]) -> Iterator[bytes]:
    """Every message in ``paths``. Raises InputError for what is not there or cannot be read."""
    for path in paths:
        if not path.exists():
            raise InputError(path, None, "no such file or folder")
        try:
            yield from _in(path)
        except OSError as error:
            raise InputError(path, None, f"cannot be read: {error.strerror}") from error


def collect(folder: Path) -> Iterator[bytes]:
    """What is new in a Maildir. A message is marked as seen when the next one is asked for, so
    nothing is lost when the work stops in the middle."""
    if not _is_maildir(folder):
        raise InputError(folder, None, "is not a Maildir (a folder with cur, new and tmp)")
    for file in sorted((folder / "new").iterdir()):
        yield file.read_bytes()
        file.rename(folder / "cur" / f"{file.name}:2,S")


def _in(path: Path) -> Iterator[bytes]:
    if path.is_dir() and _is_maildir(path):
        for inner in ("cur", "new"):
            yield from (file.read_bytes() for file in sorted((path / inner).iterdir()))
    elif path.is_dir():
        for child in sorted(path.iterdir()):
            if not child.name.startswith("."):
                yield from _in(child)
    else:
        yield from _in_file(path)


def _in_file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        if file.read(5) != b"From ":
            file.seek(0)
            yield file.read()
            return
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.keys():  # noqa: SIM118  (iterating a mailbox parses each message)
            yield box.get_bytes(key)
    finally:
        box.close()


def _is_maildir(path: Path) -> bool:
    return all((path / inner).is_dir() for inner in ("cur", "new"))
