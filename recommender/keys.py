"""The keys that sign links: read from their file, or made there the first time they are asked for.

Several processes may ask at once, and any may be killed: the file appears whole or not at all, and
whoever comes second gets the key of whoever was first.
"""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from recommender.errors import ConfigurationError

SHORTEST = 16
"""Characters of a key."""


def kept(path: Path) -> tuple[bytes, ...]:
    """The keys in ``path``, one to a line, the one that signs first. A missing file is made, with
    one key, for its owner alone to read. ConfigurationError when it can be neither."""
    try:
        if not path.exists():
            _make(path)
        return tuple(path.read_bytes().split())
    except OSError as error:
        raise ConfigurationError(f"secret_key: {path}: {error.strerror}") from error


def checked(name: str, keys: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """``keys``, if each is long enough; ConfigurationError that says which setting is wrong."""
    if any(len(key) < SHORTEST for key in keys):
        raise ConfigurationError(f"{name}: must have at least {SHORTEST} characters")
    return keys


def _make(path: Path) -> None:
    """Write a new key beside ``path`` and give it that name, unless somebody else has done so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_urlsafe(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
