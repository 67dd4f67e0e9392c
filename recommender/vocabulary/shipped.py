"""The files of the vocabulary that stand beside this module."""

import tomllib
from importlib import resources
from typing import Any

from recommender.errors import ConfigurationError


def document(name: str) -> dict[str, Any]:
    """What the TOML file ``name`` says; ConfigurationError when it cannot be read."""
    file = resources.files("recommender.vocabulary") / name
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the vocabulary {name} of this installation is damaged: {error}; reinstall it"
        ) from error
