"""Templates of the operator's own: a copy of the installed ones to change, and what has changed in
the installed ones since. How they are compiled, and what they may do, is said in ``templates``."""

import hashlib
import json
import stat
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from recommender import resources
from recommender.errors import ConfigurationError, ConflictError
from recommender.safety import private_files

RECORD = "ejected.json"
"""What was ejected: the version, and the SHA-256 of each file as it was then."""
_SUFFIXES = (".mjml", ".j2")


def installed_folder() -> Path:
    """Where the installed templates are."""
    return resources.folder("templates") / "email"


def eject(folder: Path, *, replace: bool = False) -> list[Path]:
    """Copy the installed templates to ``folder``; the files. ConflictError, without ``replace``,
    when one of them is there."""
    source = _files(installed_folder())
    taken = sorted(name for name in source if (folder / name).exists())
    if taken and not replace:
        raise ConflictError(f"{folder / taken[0]} is there already; --replace writes over it")
    private_files.make_folder(folder)
    for name, content in source.items():
        private_files.write(folder / name, content)
    record = {
        "version": version("newsletter-recommender"),
        "files": {name: _digest(content) for name, content in source.items()},
    }
    private_files.write(folder / RECORD, json.dumps(record, indent=2) + "\n")
    return [folder / name for name in source]


def changes(folder: Path) -> Iterator[str]:
    """What an upgrade has changed in the installed templates since these were ejected, a sentence
    each."""
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
        before: Mapping[str, str] = record["files"]
        since = str(record["version"])
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{folder / RECORD} is missing: what changed since it was ejected is not known"
        return
    own, now = _files(folder), _files(installed_folder())
    for name in sorted({*before, *now}):
        if name not in now:
            yield f"{name} is no longer among the installed templates (it was in {since})"
        elif name not in before:
            yield f"{name} is new among the installed templates since {since}"
        elif _digest(now[name]) != before[name]:
            same = name in own and _digest(own[name]) == before[name]
            then = "yours is as it was ejected: eject it again" if same else "compare it with yours"
            yield f"the installed {name} has changed since {since}; {then}"


def folder_of(root: Path, newsletter: str) -> Path:
    """Where the templates of a newsletter are: in the folder of its name in ``root``, else in
    ``root`` itself, else, when ``root`` holds nothing but such folders, the installed ones.
    ConfigurationError as ``checked``."""
    own = checked(root) / newsletter
    if own.is_dir():
        return checked(own)
    if _files(root) or not any(path.is_dir() for path in root.iterdir()):
        return root
    return installed_folder()


def checked(folder: Path) -> Path:
    """The folder of the operator's own templates. ConfigurationError when it is none, or when
    others may write in it: what a template says is run for each copy."""
    if not folder.is_dir():
        raise ConfigurationError(
            f"templates: {folder} is no folder; `newsletter templates eject {folder}` makes it"
        )
    for path in (folder, *sorted(folder.iterdir())):
        if path.stat().st_mode & stat.S_IWOTH:
            raise ConfigurationError(f"templates: anybody may write to {path}; chmod o-w it")
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.suffix in _SUFFIXES
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
