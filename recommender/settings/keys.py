"""The keys that sign links: read from their file, or made there the first time they are asked for.

Several processes may ask at once, and any may be killed: the file appears whole or not at all, and
whoever comes second gets the key of whoever was first.
"""

import contextlib
import itertools
import os
import re
import secrets
import tempfile
from pathlib import Path

from recommender.errors import ConfigurationError
from recommender.safety import private_files

SHORTEST = 16
"""Characters of a key."""
FEWEST = 6
"""Different characters among them."""
EXAMPLES = frozenset(
    {
        "at-least-sixteen-characters-that-never-change",
        "at-least-sixteen-characters",
        "sixteen-characters-or-more",
        "PASSWORD-OF-SIXTEEN-CHARACTERS",
    }
)
"""Values that stood in this project's own examples."""
MAKE_ONE = "make one with `openssl rand -base64 32`"
_COMMON = re.compile(
    r"password|passwort|passphrase|qwert[yz]?u?i?o?p?|asdfg?h?j?k?l?|letmein|welcome|change.?(?:me|this|it)"
    r"|secret|default|example|admin|newsletter|[\W\d_]+"
)
"""What is guessed first: it counts for nothing."""


def load(path: Path) -> tuple[bytes, ...]:
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
    for key in keys:
        why = weakness(key.decode(errors="replace"))
        if why is not None:
            raise ConfigurationError(f"{name}: {why}")
    return keys


def weakness(key: str) -> str | None:
    """Why ``key`` (or a password of as much weight) could be guessed, without a word of it; None
    when it looks as if it were made by chance."""
    if len(key) < SHORTEST:
        return f"must have at least {SHORTEST} characters; {MAKE_ONE}"
    if key in EXAMPLES:
        return f"is the one of an example that everybody can read; {MAKE_ONE}"
    if len(set(key)) < FEWEST or _repeats(key) or _counts(key):
        return f"is too easy to guess (it repeats itself, or counts); {MAKE_ONE}"
    if key.isascii() and any(c.isalpha() for c in key):
        rest, digits = _COMMON.sub("", key.lower()), re.sub(r"\D", "", key)
        if len(rest) < SHORTEST // 4 and (len(set(digits)) < FEWEST or _counts(digits)):
            return f"is too easy to guess (it is made of common words); {MAKE_ONE}"
    return None


def _repeats(key: str) -> bool:
    """Whether ``key`` is one piece over and over, the last time perhaps in part."""
    longest = len(key) * 2 // 3
    return any(key[size:] == key[: len(key) - size] for size in range(1, longest + 1))


def _counts(key: str) -> bool:
    """Whether most of ``key`` goes up or down by one: abcdefgh, 87654321."""
    steps = [ord(after) - ord(before) for before, after in itertools.pairwise(key)]
    return bool(steps) and max(steps.count(1), steps.count(-1)) > len(steps) // 2


def _make(path: Path) -> None:
    """Write a new key beside ``path`` and give it that name, unless somebody else has done so."""
    private_files.make_folder(path.parent)
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
