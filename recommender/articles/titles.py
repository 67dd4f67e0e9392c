"""Takes a title apart that lists several things: ``645: A's Plan, B, $6.3B for C, and Three Ds``.

Only says how a title could be read; whether the article really is a digest is decided by
``stories``, from its text.
"""

import re
from dataclasses import dataclass

_NUMBERED = re.compile(
    r"\s*(?:[^:;|–—]{0,60}?(?:#|№|\b(?:issue|edition|no|nr|vol|volume|episode|ep|week|newsletter"
    r"|digest|weekly|brief|briefing|roundup|recap|news)\b\.?)\s*#?)?\s*#?\d{1,5}"
    r"(?:\s*\([^)]{1,40}\))?\s*(?::|\||[–—]|-\s|\.\s|\)\s)\s*",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATED = re.compile(
    rf"\s*(?:[^:;|–—]{{0,40}}\b)?(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}\.?\s+{_MONTH}(?:,?\s+\d{{4}})?"
    rf"|{_MONTH}\s+\d{{1,2}}(?:,?\s+\d{{4}})?)\s*(?::|\||[–—])\s*",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\s*(?:(?:this|last) (?:week|month)\b[^:;|]{0,40}|[^:;|]{0,40}\b(?:roundup|round-up|digest"
    r"|recap|weekly|newsletter|briefing|in brief|links|headlines|news|download))"
    r"\s*(?::|\||[–—])\s*",
    re.IGNORECASE,
)
_STRONG = tuple(
    re.compile(pattern)
    for pattern in (
        r"\s*[;；]\s+|；",
        r"\s+\|+\s+",
        r"\s+[•·●]\s+",
        r"\s+\+\s+",
        r"\s+/\s+",
        r"(?:^|[,;]?\s+)\(?\d{1,2}[.)]\s+",
    )
)
_COMMA = re.compile(r",\s+|，|、")
_LAST = re.compile(r"(?:and|&|plus|und|et)\s+", re.IGNORECASE)
_REST = re.compile(r"(?:(?:much|many|some|a lot)\s+)?(?:more|others?(?:\s+\w+)?)\W*", re.IGNORECASE)
_TAIL = re.compile(
    r"(?:inc|llc|ltd|corp|co|jr|sr|phd|md|d\.c|u\.s|\d{4}|\w+ly|however|too|etc)\.?", re.IGNORECASE
)
_BRACKETS = {"(": ")", "[": "]", "{": "}", "“": "”", "«": "»"}


@dataclass(frozen=True, slots=True)
class Listing:
    """A title read as a list. ``issue`` tells whether it opens with an issue number, a date or a
    label such as ``This week in AI:``; ``alternatives`` are ways to read the parts, likeliest
    first, each of at least two parts."""

    issue: bool
    alternatives: tuple[tuple[str, ...], ...]


def read(title: str) -> Listing | None:
    """How ``title`` can be read as a list, or None when it names one thing only."""
    rest = without_issue(title)
    issue = rest != title
    found = []
    for parts in _readings(rest):
        kept = tuple(part for part in map(_clean, parts) if part and not _REST.fullmatch(part))
        if len(kept) >= 2 and kept not in found:
            found.append(kept)
    return Listing(issue, tuple(found)) if found else None


def without_issue(title: str) -> str:
    """The title without an issue number, date or label in front; itself when it has none."""
    for pattern in (_NUMBERED, _DATED, _LABEL):
        opening = pattern.match(title)
        if opening and title[opening.end() :].strip():
            return title[opening.end() :]
    return title


def _readings(title: str) -> list[list[str]]:
    for separator in _STRONG:
        parts = _split(title, separator)
        if len(parts) >= 3:
            return [parts]
    parts = _glued(_split(title, _COMMA))
    readings = [parts]
    last = parts[-1]
    if len(parts) >= 2 and not _LAST.match(last):
        halves = re.split(r"\s+(?:and|&|plus|und|et)\s+", last)
        if len(halves) == 2:
            readings.insert(0, [*parts[:-1], *halves])
    two = _split(title, _STRONG[0])
    if len(two) == 2 and len(parts) < 3:
        readings.insert(0, two)
    return readings


def _split(title: str, separator: re.Pattern[str]) -> list[str]:
    """Split outside of brackets and quotation marks."""
    guarded = _guarded(title)
    parts, start = [], 0
    for match in separator.finditer(title):
        if not any(begin < match.start() < end for begin, end in guarded):
            parts.append(title[start : match.start()])
            start = match.end()
    parts.append(title[start:])
    return [part for part in parts if part.strip()]


def _guarded(title: str) -> list[tuple[int, int]]:
    spans = [match.span() for match in re.finditer(r'(?<!\w)"[^"]*"', title)]
    for opening, closing in _BRACKETS.items():
        pattern = f"{re.escape(opening)}[^{re.escape(closing)}]*{re.escape(closing)}"
        spans += [match.span() for match in re.finditer(pattern, title)]
    return spans


def _glued(parts: list[str]) -> list[str]:
    """Put what cannot stand alone (``Inc.``, a year, an adverb) back to the part before it."""
    glued: list[str] = []
    for part in parts:
        bare = part.strip()
        if glued and _TAIL.fullmatch(bare):
            glued[-1] = f"{glued[-1]}, {bare}"
        else:
            glued.append(bare)
    return glued


def _clean(part: str) -> str:
    bare = _LAST.sub("", part.strip(" ,;|"), count=1) if _LAST.match(part.strip(" ,;|")) else part
    bare = bare.strip(" ,;|")
    first = bare.split(" ", 1)[0]
    return bare[:1].upper() + bare[1:] if first.isalpha() and first.islower() else bare
