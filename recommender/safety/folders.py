"""Folders given to an import: which of what is found in them belongs to them."""

from pathlib import Path

LEADS_OUT = "a symbolic link that leads out of the folder; not followed"


def leads_out(path: Path, folder: Path) -> bool:
    """Whether ``path``, found in ``folder``, is a link to something that is not in ``folder``.

    A folder may be one that strangers can write to; what they link to is not theirs to import.
    """
    if not path.is_symlink():
        return False
    try:
        return not path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return True
