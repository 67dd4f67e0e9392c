"""Takes off an address what comes along when people copy it: a name, ``mailto:``, quotes, dots, and
characters that cannot be seen. What is left is judged by ``addresses``."""

import re
import unicodedata
from urllib.parse import unquote

_PLAIN = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]*[A-Za-z0-9]")
_NAMED = re.compile(r"([^<>]*)<([^<>]+)>[\s.,;]*")
_LINKED = re.compile(r"\[[^\[\]]*\]\((mailto:[^()]+)\)", re.IGNORECASE)
_AROUND = "\"'`´‘’‚‛“”„‟«»‹›()[]{}<>.,;: \t"
"""What may stand around an address and is no part of one; a leading dot is not valid either."""
_JOINERS = "\u200c\u200d"
"""Invisible as well, but letters of some scripts are spelt with them."""


def address(text: str) -> str:
    """``text`` without what surrounds the address in it.

    Line breaks inside stay, and make it invalid: nobody's address spans lines.
    """
    if _PLAIN.fullmatch(text):
        return text
    shown = _visible(text).strip()
    found = _NAMED.fullmatch(shown)
    linked = None if found else _LINKED.fullmatch(shown)
    bare = (found[2] if found else linked[1] if linked else shown).strip()
    bare = _without_scheme(bare).strip(_AROUND)
    bare = _without_scheme(bare).strip(_AROUND)
    if "@" not in bare and "%40" in bare:
        bare = unquote(bare)
    return bare.replace("\uff20", "@")


def name(text: str) -> str:
    """The name before an address in angle brackets; '' without one."""
    named = _NAMED.fullmatch(_visible(text).strip())
    return named[1].strip(" \t\"'") if named else ""


def _visible(text: str) -> str:
    """``text`` without characters of no width, and with plain spaces for the other kinds."""
    if text.isascii():
        return text
    kept = []
    for letter in text:
        kind = unicodedata.category(letter)
        if kind == "Zs":
            kept.append(" ")
        elif kind != "Cf" or letter in _JOINERS:
            kept.append(letter)
    return "".join(kept)


def _without_scheme(text: str) -> str:
    if text[:7].casefold() != "mailto:":
        return text
    return unquote(text[7:].split("?", 1)[0]).lstrip("/")
