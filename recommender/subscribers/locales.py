"""Languages as people and systems write them, as language tags (BCP 47)."""

import re
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global

_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_NONE = frozenset({"c", "posix"})
_SPOKEN = ("en", "de", "fr", "es", "it", "nl", "pt")
"""Languages whose names for languages are known; each language's own name is, too."""


@lru_cache(maxsize=1_000)
def tag(text: str) -> str | None:
    """``text`` as a language tag: ``en_US.UTF-8``, ``EN-us`` and "English (US)" are one. None
    where it says that there is none (the ``C`` locale).

    Raises ValueError when no language is meant.
    """
    bare = re.split(r"[.@]", text.strip(), maxsplit=1)[0]
    if bare.casefold() in _NONE:
        return None
    language = re.split("[-_]", bare.casefold())[0]
    if _TAG.fullmatch(bare) and (len(language) == 2 or language in _codes()):
        return _cased(bare)
    named = _by_name().get(re.sub(r" ?\(.*\)$", "", bare.casefold()).strip())
    if named is not None:
        return named
    raise ValueError(f"{text!r} is not a language tag such as en or de-AT")


def _cased(text: str) -> str:
    """The parts in the case they are written in by convention (RFC 5646, section 2.1.1)."""
    language, *rest = re.split("[-_]", text.lower())
    language = get_global("language_aliases").get(language, language).split("_")[0]
    parts = [
        part.upper() if len(part) == 2 else part.title() if len(part) == 4 and part.isalpha()
        else part
        for part in rest
    ]  # fmt: skip
    return "-".join([language, *parts])


@cache
def _codes() -> frozenset[str]:
    return frozenset(Locale("en").languages) | {
        code for code in get_global("language_aliases") if len(code) == 3
    }


@cache
def _by_name() -> dict[str, str]:
    names: dict[str, str] = {}
    for code in sorted({one.split("_")[0] for one in get_global("likely_subtags")} & _codes()):
        try:
            own = Locale(code).get_language_name(code)
        except (UnknownLocaleError, ValueError):
            continue
        if own:
            names[own.casefold()] = code
    for spoken in reversed(_SPOKEN):
        names |= {name.casefold(): code for code, name in Locale(spoken).languages.items()}
    return names
