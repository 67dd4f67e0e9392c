"""How names of topics and roles are compared: without regard to case, width and spacing."""

import unicodedata

MAX_NAME = 200
"""Characters in a name and in its folded form, which is the key of its row."""


def fold(name: str) -> str:
    """The key under which ``name`` is known; '' when it holds nothing but spaces."""
    return tidy(unicodedata.normalize("NFKC", name).casefold())


def tidy(name: str) -> str:
    """``name`` as it is kept: on one line, single spaces, no longer than the store takes."""
    visible = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in name)
    return " ".join(visible.split())[:MAX_NAME].rstrip()
