"""Lays out the plain-text part for reading: lines of at most 72 columns, links unbroken."""

import textwrap

WIDTH = 72


def wrapped(text: str, indent: str = "", bullet: str = "") -> str:
    """``text`` in lines of at most ``WIDTH`` columns, each behind ``indent``."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent + bullet,
        subsequent_indent=indent + " " * len(bullet),
        break_long_words=False,
        break_on_hyphens=False,
    )
