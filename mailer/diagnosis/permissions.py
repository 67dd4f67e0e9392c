"""Which files and folders of an installation let others in: settings, keys, store, mail, with the
command that shuts them. What this version makes is for its owner alone; older files may not be."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from mailer.diagnosis.finding import Finding, warning
from recommender.safety import private_files
from recommender.settings import Settings

MOST_FILES = 100_000
"""Files of a home that are looked at."""


def exposed(found: Settings, file: Path) -> Iterator[Finding]:
    """A finding for each of those; ``file`` is the settings file, if there is one."""
    database = sa.make_url(found.store_url).database if "sqlite" in found.store_url[:7] else None
    single = {
        "settings": file,
        "DKIM key": found.dkim_key,
        "links' key": found.home / "secret_key",
        "store": Path(database) if database else None,
    }
    for what, path in single.items():
        mode = None if path is None else private_files.exposed(path)
        if mode is not None:
            why = f"{what}: others may use it (mode {mode:04o})"
            yield warning("files", why, _remedy("chmod 600", path))
    mode = private_files.exposed(found.home)
    below = private_files.exposed_in(found.home, MOST_FILES)
    inside = sum(path not in single.values() for path in below)
    if mode is not None or inside:
        shown = f"mode {mode:04o}" if mode is not None else "its own mode is well"
        why = f"home: others may look into it ({shown}; {inside:,} files and folders below)"
        yield warning("files", why, _remedy("chmod -R go-rwx", found.home))


def _remedy(command: str, path: Path | None) -> str:
    return f"{command} {shlex.quote(str(path if path is None else path.absolute()))}"
