"""Loads settings from ``newsletter.toml`` and the environment; the only reader of the latter."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from recommender.errors import ConfigurationError
from recommender.settings import problems
from recommender.settings.model import Settings
from recommender.settings.sender import PREFIX

FILE = "newsletter.toml"
_FILE_URL = re.compile(r"(sqlite(?:\+\w+)?:///)([^/].*)")
"""The URL of a SQLite file with a relative path."""
_FILES = re.compile(r"([?&](?:cafile|tokenfile)=)(?=[^/&,])(?!%2[Ff])")
"""Before the relative paths of a relay's or mailbox's certificates and token."""


def load(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force: ``file`` (or ``newsletter.toml`` here, if any) and the environment."""
    environment = os.environ if environment is None else environment  # noqa: TID251
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    path = file or Path(FILE)
    written = _read(path, required=file is not None)
    for key, value in (written or {}).items():
        name = _field(key)
        if name is None:
            raise ConfigurationError(f"{path}: unknown key {key!r}{_nearest(key)}")
        origin[name] = f"{path}: {key}"
        values[name] = _anchored(name, value, path.parent)
    if written is not None:
        values.setdefault("home", path.parent / Settings.model_fields["home"].default)
    for variable, text in environment.items():
        if variable.startswith(PREFIX):
            name = _field(variable.removeprefix(PREFIX).lower())
            if name is None or (not text and name == "home"):
                continue  # others may be somebody else's; `newsletter doctor` names them
            values[name], origin[name] = text or None, variable
    values = {name: value for name, value in values.items() if value is not None}
    try:
        return Settings(**values)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, origin)) from error


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """``NEWSLETTER_…`` variables that set nothing: likely misspelt."""
    environment = os.environ if environment is None else environment  # noqa: TID251
    names = (name for name in environment if name.startswith(PREFIX))
    return sorted(name for name in names if _field(name.removeprefix(PREFIX).lower()) is None)


def names() -> list[str]:
    """Every key as it is written in ``newsletter.toml``, in reading order."""
    return ["from" if name == "sender" else name for name in Settings.model_fields]


def _anchored(name: str, value: object, folder: Path) -> object:
    """``value`` as the file in ``folder`` means it: paths start from there, and what is empty is
    not set where nothing is the default."""
    field = Settings.model_fields[name]
    if value == "" and (field.default is None or name == "home"):
        return None if field.default is None else folder / field.default
    if not isinstance(value, str):
        return value
    if field.annotation in (Path, Path | None):
        return folder / value.strip()
    if name == "smtp_url":
        start = quote(f"{folder}/") if str(folder) != "." else ""
        return _FILES.sub(lambda option: option[1] + start, value)
    if name in ("bounce_mailbox", "newsletter_mailbox"):
        return ",".join(_anchored_mailbox(piece, folder) for piece in value.split(","))
    if name == "database_url" and (match := _FILE_URL.fullmatch(value.strip())):
        return f"{match[1]}{quote(str(folder))}/{match[2]}" if str(folder) != "." else value
    return value


def _anchored_mailbox(text: str, folder: Path) -> str:
    """A path starts from ``folder``; so do the files that a URL names."""
    text = text.strip()
    if "://" in text:
        start = quote(f"{folder}/") if str(folder) != "." else ""
        return _FILES.sub(lambda option: option[1] + start, text)
    scheme, _, path = text.rpartition("maildir:")
    if text.startswith("maildir:"):
        return f"maildir:{scheme}{folder / path}"
    return str(folder / text)


def _read(path: Path, *, required: bool) -> dict[str, Any] | None:
    """What the file says; None when it is not there and need not be."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        if not required and not path.is_symlink():
            return None
        raise ConfigurationError(
            f"{path}: there is no such settings file; `newsletter --config {path} init` writes one"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise ConfigurationError(
            f"{path}: not valid TOML: it is UTF-16 or binary; save it as UTF-8"
        )
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}: not valid TOML: line {line} is not UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path}: not valid TOML: {error}") from error


def _field(key: str) -> str | None:
    name = "sender" if key == "from" else key
    return name if name in Settings.model_fields and key != "sender" else None


def _nearest(key: str) -> str:
    import difflib

    near = difflib.get_close_matches(key, names(), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _explain(error: ValidationError, origin: Mapping[str, str]) -> str:
    problem = error.errors()[0]
    name = str(problem["loc"][0]) if problem["loc"] else "settings"
    name = "sender" if name == f"{PREFIX}FROM" else name
    return f"{origin.get(name, name)}: {problems.describe(problem)}"
