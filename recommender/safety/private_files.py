"""Files and folders for their owner alone, whatever the umask: settings, readers, keys, mail.

A file is made with mode 0600 and a folder with 0700. A regular file of ours that is written over
loses the rights that others had; a device or a pipe keeps its own.
"""

import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, TextIO, overload

FILE_MODE, FOLDER_MODE = 0o600, 0o700
OTHERS = 0o077
"""The bits of a mode that let anybody but the owner in."""


def make_folder(path: Path) -> None:
    """The folder, and those above it that are missing. One that is there is left as it is."""
    for folder in reversed([path, *path.parents]):
        if not folder.is_dir():
            folder.mkdir(FOLDER_MODE, exist_ok=True)


@overload
def open_file(path: Path, mode: Literal["w", "x"]) -> TextIO: ...
@overload
def open_file(path: Path, mode: Literal["wb", "xb", "a+b"]) -> BinaryIO: ...
def open_file(path: Path, mode: Literal["w", "x", "wb", "xb", "a+b"]) -> IO[Any]:
    """``path``, open for writing; text is UTF-8 with the line ends it is given."""
    if "b" in mode:
        return open(path, mode, opener=_open)
    return open(path, mode, opener=_open, encoding="utf-8", newline="")


@contextmanager
def located(path: Path) -> Iterator[None]:
    """Let an error of the disk in the block name ``path``, as one of opening it does."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def write(path: Path, content: str | bytes) -> None:
    """Put ``content`` into the file, made or written over."""
    with located(path), open_file(path, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def _open(path: str, flags: int) -> int:
    handle = os.open(path, flags, FILE_MODE)
    found = os.fstat(handle)
    if stat.S_ISREG(found.st_mode) and found.st_mode & OTHERS and found.st_uid == os.geteuid():
        os.fchmod(handle, FILE_MODE)
    return handle


def exposed(path: Path) -> int | None:
    """The mode of the file or folder, if it lets others in; None when it does not, or is not
    there."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None
    return mode if mode & OTHERS else None


def exposed_in(folder: Path, most: int) -> Iterator[Path]:
    """What lets others in, in ``folder`` and below, among the first ``most`` files."""
    found = (
        Path(root, name) for root, folders, names in os.walk(folder) for name in (*folders, *names)
    )
    for path in itertools.islice(found, most):
        if not path.is_symlink() and exposed(path) is not None:
            yield path
