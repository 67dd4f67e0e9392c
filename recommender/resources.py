"""Finds the folders that travel with the code: templates, translations, migrations, the sample.

In an installed wheel they lie in ``newsletter_data`` beside the packages, in a checkout at the top.
"""

from pathlib import Path

from recommender.errors import ConfigurationError

_SITE = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """The folder ``name`` (``templates``, ``translations`` and so on) of this installation."""
    for candidate in (_SITE / "newsletter_data" / name, _SITE / name):
        if candidate.is_dir():
            return candidate
    raise ConfigurationError(f"the folder {name!r} is missing from this installation; reinstall it")
