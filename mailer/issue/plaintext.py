"""Text that is not markup: cleaned of what cannot be seen, shortened, and wrapped for reading.

Everything an issue shows has gone through ``clean``. It never interprets what it is given.
"""

import re
import unicodedata

WIDTH = 74
"""Columns of the text part; RFC 5322 section 2.1.1 advises at most 78."""
INVISIBLE = (
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # direction, no width
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # half characters, and what is no character
)
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNPRINTABLE = re.compile(f"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029{INVISIBLE}]+")
_LINK = re.compile(r"[(<“\"]?https?://", re.IGNORECASE)
WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]"
)
"""Characters that take two columns (UAX 11)."""
_SENTENCE_END = re.compile(r"(?:(?<=\w{4})\.|[!?。！？])[\"'”’)\]»]*(?=\s|$)")
"""An end that is none of ``U.S.``, ``e.g.``, ``vs.``."""
_JOINED = "\u200d\ufe0e\ufe0f"


def clean(text: str) -> str:
    """One line: no control or direction characters, nothing invisible, single spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join(_CONTROL.sub(" ", _INVISIBLE.sub("", text)).split())


def dotted(*parts: str) -> str:
    """Parts of a line with a dot between them, which never stands at a line's end or beginning;
    empty parts are left out."""
    return "\u00a0·\u00a0".join(filter(None, parts))


def printable(text: str) -> str:
    """``text`` with its line breaks, without control and invisible characters."""
    return _UNPRINTABLE.sub("", text)


def shorten(text: str, length: int, *, at_sentence: bool = False) -> str:
    """At most ``length`` (≥ 1) characters of a cleaned text.

    Cut after a word, with an ellipsis; with ``at_sentence`` rather after a sentence, when that
    keeps more than half, and then without one. A word longer than half of it all is cut itself,
    but never between a letter and its accent or inside an emoji.
    """
    if len(text) <= length:
        return text
    if at_sentence:
        ends = [match.end() for match in _SENTENCE_END.finditer(text, length // 2, length)]
        if ends:
            return text[: ends[-1]]
    cut = text.rfind(" ", length // 2, length)
    if cut < 0:
        cut = length - 1
        while cut > 1 and (text[cut] in _JOINED or unicodedata.combining(text[cut])):
            cut -= 1
    return text[:cut].rstrip(" ,;:–—-.…(“\u200d") + "…"


def wrapped(text: str, indent: str = "", bullet: str = "") -> str:
    """A cleaned text in lines of at most ``WIDTH`` columns behind ``indent``, the first behind
    ``bullet`` too. Wide characters (UAX 11) count twice; links stay whole on any length."""
    width = WIDTH - len(indent) - len(bullet)
    if not text.isascii() and WIDE.search(text):
        width //= 2
    lines: list[str] = []
    start, end = 0, len(text)
    while end - start > width:
        cut = text.rfind(" ", start, start + width + 1)
        if cut <= start:
            cut = text.find(" ", start)
            cut = end if cut < 0 else cut
            if not _LINK.match(text, start):
                cut = min(cut, start + width)
        lines.append(text[start:cut])
        start = cut + 1 if text[cut : cut + 1] == " " else cut
    if start < end or not lines:
        lines.append(text[start:])
    return indent + bullet + f"\n{indent}{' ' * len(bullet)}".join(lines)


def underlined(text: str, mark: str) -> str:
    """A heading over a line of ``mark`` as long as its longest line."""
    lines = wrapped(text)
    longest = max(len(line) for line in lines.split("\n"))
    return f"{lines}\n{mark * min(longest, WIDTH)}"


def direction(text: str) -> str:
    """``rtl`` when the first letter of ``text`` is written right to left, else ``ltr`` (UAX 9,
    rule P2)."""
    if text.isascii():
        return "ltr"
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return "ltr"
