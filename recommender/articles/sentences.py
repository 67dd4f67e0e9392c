"""Splits English prose into sentences, without a model and without losing a character that counts.

Knows what newsrooms write: ``$6.3 billion``, ``GLM-5.2``, ``v2.``, ``U.S.``, ``e.g.``, initials,
closing quotes. In doubt it does not split: two sentences kept together read better than one cut.
"""

import re

from recommender.articles import word_lists

_END = re.compile(
    r"(?<![.!?…。！？])(?P<end>[.!?…。！？]++[\"'”’)\]»]*+)(?P<gap>\s++|(?<=[。！？])|$)"
)
_STARTS = re.compile(r"[\"'“‘(\[«$€£#]*+[^\W_a-z]")
_LONGEST_WORD = 40
"""Characters looked at to either side of a full stop."""
_NEVER_LAST = frozenset(word_lists.NEVER_LAST.split())
"""Abbreviations that are followed by what they belong to."""
_SELDOM_LAST = frozenset(word_lists.SELDOM_LAST.split())
"""Abbreviations that end a sentence only when the next word plainly begins one."""
_BEGINNERS = frozenset(word_lists.BEGINNERS.split())


def split(text: str) -> list[str]:
    """The sentences of ``text`` in order; a line break always ends one."""
    found: list[str] = []
    for line in text.split("\n"):
        start = 0
        for match in _END.finditer(line):
            if _is_end(line, match):
                found.append(line[start : match.end("end")].strip())
                start = match.end()
        found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def _is_end(line: str, match: re.Match[str]) -> bool:
    rest = line[match.end() : match.end() + _LONGEST_WORD]
    mark = match.group("end")[0]
    if not _STARTS.match(rest):
        return not rest or mark in "。！？"
    if mark != ".":
        return True
    before = line[max(0, match.start() - _LONGEST_WORD) : match.start()].split()
    word = before[-1].lstrip("\"'“‘([").casefold() if before else ""
    if word in _NEVER_LAST:
        return False
    if word in _SELDOM_LAST or re.fullmatch(r"[^\W\d_]", word):
        return re.split(r"[\s,'’]", rest.lstrip("\"'“‘("), maxsplit=1)[0].casefold() in _BEGINNERS
    return True
