"""Words of remote servers and strangers as one line that is safe to print and to store.

A reason phrase, a relay's greeting, a feed's title or a diagnosis may hold what moves a terminal's
cursor, sets its title or turns the direction of its text. Here such characters become visible
escapes; nothing of what was said is hidden.
"""

import re

LONGEST = 300
"""Characters of remote words that are kept unless the caller says otherwise."""
_DANGEROUS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Controls (C0, C1), line separators, marks of direction, what has no width, half characters."""
_BREAKS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""The same for text of our own around it: tabs, line feeds and what scripts need may stay."""


def one_line(words: str | bytes, most: int = LONGEST) -> str:
    """``words`` on one line of at most ``most`` characters, dangerous ones written as ``\\x1b``."""
    if isinstance(words, bytes):
        words = words[: 4 * most].decode("utf-8", "backslashreplace")
    line = " ".join(words[: 4 * most].split())
    line = _DANGEROUS.sub(_written, line)
    return line if len(line) <= most else line[: most - 1] + "…"


def for_terminal(text: str) -> str:
    """``text`` with its line breaks, and everything that would command a terminal written out."""
    return text if text.isascii() and text.isprintable() else _BREAKS.sub(_written, text)


def _written(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
