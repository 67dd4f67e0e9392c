"""What strangers sent and nobody could read, set aside in a folder for a person to look at.

Each thing is a file with its bytes as they came and, beside it, one with where it came from and
why. The same bytes are kept once. The folder is bounded in number and size: the oldest make room.
It never stops the work: what cannot be set aside is let go.
"""

import contextlib
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from recommender.safety.escaping import one_line

MOST_FILES = 100
MOST_BYTES = 50_000_000
"""Bytes of all that is kept."""
LONGEST = 5_000_000
"""Bytes of one thing; of a larger one this much is kept."""
_NOTE = ".json"


def set_aside(
    folder: Path, data: bytes, *, kind: str, source: str, why: str, now: datetime
) -> Path | None:
    """Keep ``data`` in ``folder``; where, or None when it could not be kept.

    ``kind`` (``feed``, ``bounce`` …) begins the file's name.
    """
    path = folder / f"{kind}-{hashlib.sha256(data).hexdigest()[:20]}"
    note = {
        "kind": kind,
        "source": one_line(source, 2_000),
        "why": one_line(why),
        "at": now.isoformat(),
        "bytes": len(data),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(path, data[:LONGEST])
        _write(path.with_name(path.name + _NOTE), json.dumps(note, indent=1).encode())
        _make_room(folder, path)
    except OSError:  # a full disk must not stop what comes next
        return None
    return path


def count(folder: Path) -> int:
    """How many things are set aside."""
    return len(_kept(folder))


def oldest(folder: Path) -> datetime | None:
    """When the oldest of them was set aside, in UTC; None when there is none."""
    kept = _kept(folder)
    return datetime.fromtimestamp(kept[0].stat().st_mtime, UTC) if kept else None


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def _make_room(folder: Path, newest: Path) -> None:
    kept = [path for path in _kept(folder) if path != newest]
    size = sum(path.stat().st_size for path in (newest, *kept))
    while kept and (len(kept) >= MOST_FILES or size > MOST_BYTES):
        oldest = kept.pop(0)
        size -= oldest.stat().st_size
        for path in (oldest, oldest.with_name(oldest.name + _NOTE)):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


def _kept(folder: Path) -> list[Path]:
    """The oldest first."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.is_file() and path.suffix != _NOTE]
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))
