"""Reads the files in a zip without unpacking it to disk: bounded in number, size and ratio.

A name that leads out of the archive, a link, an encrypted file and an archive within the archive
are refused by name; nothing of a name is ever used as a path.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from recommender.errors import InputError, Rejected

MAX_FILES = 10_000
MAX_DIRECTORY = 4_000_000
"""Bytes of the archive's own list of files."""
MAX_ENTRY = 20_000_000
"""Bytes of one file, unpacked."""
MAX_WHOLE = 500_000_000
"""Bytes of all files, unpacked."""
MAX_DEPTH = 20
_END = b"PK\x05\x06"
_LINK = 0o120000
_KINDS = 0o170000


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive and its bytes; ``path`` names it for people and by its suffix."""

    path: Path
    data: bytes


def entries(path: Path, suffixes: frozenset[str]) -> Iterator[Entry | Rejected]:
    """The files with one of ``suffixes``, in the order of their names. InputError when ``path`` is
    no zip, or lists more than it may."""
    _check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(archive.infolist(), key=lambda member: member.filename)
            if len(members) > MAX_FILES:
                raise InputError(path, None, f"holds more than {MAX_FILES:,} files")
            left = MAX_WHOLE
            for member in members:
                found = _entry(archive, member, path, suffixes, left)
                if isinstance(found, Entry):
                    left -= len(found.data)
                if found is not None:
                    yield found
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise InputError(path, None, f"is not a zip that can be read ({error})") from error


def _check_directory(path: Path) -> None:
    """Read before ``zipfile`` does, which takes the whole list into memory."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - 65_557 - 20))
            tail = file.read()
    except OSError as error:
        raise InputError(path, None, f"cannot be opened: {error.strerror or error}") from error
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise InputError(path, None, "is not a zip")
    count, length = struct.unpack("<HI", tail[at + 10 : at + 16])
    long = tail.find(b"PK\x06\x07", max(0, at - 20), at) >= 0  # the form for more than 65,535
    if long or count > MAX_FILES or length > MAX_DIRECTORY:
        raise InputError(path, None, f"holds more than {MAX_FILES:,} files")


def _entry(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    path: Path,
    suffixes: frozenset[str],
    left: int,
) -> Entry | Rejected | None:
    name = PurePosixPath(member.filename.replace("\\", "/"))
    shown = f"{path}/{name}"[:1_000]
    hidden = any((part[:1] == "." and part != "..") or part == "__MACOSX" for part in name.parts)
    if member.is_dir() or hidden:
        return None
    if name.suffix.lower() == ".zip":
        return Rejected(shown, None, "a zip within a zip; not opened")
    if name.suffix.lower() not in suffixes:
        return None
    why = _refused(member, name, left)
    if why:
        return Rejected(shown, None, why)
    try:
        with archive.open(member) as file:
            data = file.read(min(MAX_ENTRY, left) + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        return Rejected(shown, None, f"cannot be unpacked ({type(error).__name__})")
    if len(data) > min(MAX_ENTRY, left):
        return Rejected(shown, None, f"is larger than {MAX_ENTRY // 1_000_000} MB")
    return Entry(Path(shown), data)


def _refused(member: zipfile.ZipInfo, name: PurePosixPath, left: int) -> str:
    if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
        return "its name leads out of the archive"
    if len(name.parts) > MAX_DEPTH:
        return f"lies deeper than {MAX_DEPTH} folders"
    if (member.external_attr >> 16) & _KINDS == _LINK:
        return "a symbolic link; not followed"
    if member.flag_bits & 1:
        return "is encrypted"
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "is compressed in a way that is not read; use the usual one (deflate)"
    if member.file_size > min(MAX_ENTRY, left):
        return f"is larger than {MAX_ENTRY // 1_000_000} MB, or too much with what came before"
    return ""
