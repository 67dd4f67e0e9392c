"""What ties a story to its event: the names and numbers in its title and first words.

A name is a word that is written with a capital where the stories around never write it without, or
one of letters and digits; a story's topics are its subject, no names. Numbers are compared by
value, whether in figures or words ("$42M", "42 Millionen"); years count for nothing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from recommender.ranking import words
from recommender.ranking.values import Story

_TOKEN = re.compile(r"[^\W_]+(?:[-.,'’][^\W_]+)*|[%€$£.!?:;]")
_NUMBER = re.compile(r"(\d[\d.,]*)([a-z]{0,2})$")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_IDENTIFIER = re.compile(r"([A-Za-z]+(?:-\d{4})?)-(\d+)")
_SCALES = {
    "thousand": 1e3, "k": 1e3, "million": 1e6, "millions": 1e6, "millionen": 1e6, "m": 1e6,
    "mio": 1e6, "millones": 1e6, "milhões": 1e6, "milioni": 1e6, "miljoen": 1e6, "billion": 1e9,
    "billions": 1e9, "milliarden": 1e9, "milliards": 1e9, "bn": 1e9, "b": 1e9,
}  # fmt: skip
_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred")
_WORDS = {word: float(number) for number, word in enumerate(_UNITS)} | {
    word: 10.0 * number for number, word in enumerate(_TENS, 2)
}
_COUNTED = frozenset({"part", "issue", "version", "episode", "teil", "volume", "chapter"})
_FIRST_YEAR, _LAST_YEAR = 1990, 2099
SMALL = 10
"""Whole numbers up to this tie nothing to anything: every second story has a "two"."""
LEAD = 60
"""Words of a body that are looked at where a story has no summary."""

Versions = Mapping[str, set[str]]


@dataclass(frozen=True)
class Facts:
    """The ``names`` of a story (folded, singular), those of its ``title``, its ``numbers`` and, by
    the word before it, what is counted or versioned: ``{"part": {"2"}, "solstice": {"6.1"}}``."""

    names: frozenset[str]
    title: frozenset[str]
    numbers: frozenset[str]
    versions: Versions
    told: bool
    """Whether there is more of the story than its title."""


def count_differently(one: Versions, other: Versions) -> bool:
    """Whether both count or version one thing, and differently."""
    return any(name in other and value.isdisjoint(other[name]) for name, value in one.items())


def versions(story: Story) -> Versions:
    """The ``Facts.versions`` of a story, which need no other stories."""
    title, lead = _texts(story)
    return _versions([*title, ".", *lead])


def of(stories: Iterable[Story]) -> list[Facts]:
    """The facts of each of ``stories``, which know from each other what is no name."""
    told = list(stories)
    texts = [_texts(story) for story in told]
    lower = {word for own in texts for text in own for word in text if word.islower()}
    found = []
    for story, (title, lead) in zip(told, texts, strict=True):
        subjects = {term for topic in story.topics for term in words.tokens(topic)}
        found.append(
            Facts(
                _names([*title, *lead], lower) - subjects,
                _names(title, lower) - subjects,
                _numbers([*title, ".", *lead]),
                _versions([*title, ".", *lead]),
                bool(lead),
            )
        )
    return found


def _texts(story: Story) -> tuple[list[str], list[str]]:
    lead = story.summary or story.takeaway or " ".join(story.body.split()[:LEAD])
    return _TOKEN.findall(story.title), _TOKEN.findall(lead)


def _names(tokens: Iterable[str], lower: set[str]) -> frozenset[str]:
    found = set()
    for token in tokens:
        if len(token) < 2 or not any(map(str.isalpha, token)):
            continue
        if any(map(str.isdigit, token)) and any(map(str.isupper, token)):
            found.add(token.lower())
        elif token[0].isupper() and token.lower() not in lower:
            [*terms] = words.tokens(token.replace("’", "'").removesuffix("'s").rstrip("'"))
            found.update(terms)
    return frozenset(found)


def _numbers(tokens: list[str]) -> frozenset[str]:
    found = set()
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        value, unit = _value(token.lower())
        if isinstance(value, str):
            found.add(value)
        elif value is not None:
            value *= _SCALES.get(unit, _SCALES.get(following.lower(), 1.0))
            if not _is_year(value) and (value > SMALL or value != int(value)):
                found.add(f"{value:g}")
    return frozenset(found)


def _value(token: str) -> tuple[float | str | None, str]:
    """A number and the letters right behind it; a text where it is a version such as 9.4.2."""
    if token in _WORDS:
        return _WORDS[token], ""
    match = _NUMBER.match(token)
    if match is None:
        return None, ""
    digits = match.group(1).rstrip(".,")
    if _THOUSANDS.fullmatch(digits):
        return float(re.sub("[.,]", "", digits)), match.group(2)
    if len(digits) > 15 or digits.count(".") + digits.count(",") > 1:
        return digits, match.group(2)
    return float(digits.replace(",", ".")), match.group(2)


def _is_year(value: float) -> bool:
    return _FIRST_YEAR <= value <= _LAST_YEAR and value == int(value)


def _versions(tokens: list[str]) -> Versions:
    found: dict[str, set[str]] = {}
    for token, following in pairwise([*tokens, ""]):
        if token[0].isalpha() and (token[0].isupper() or token.lower() in _COUNTED):
            value, _ = _value(following.lower())
            if isinstance(value, str) or (value is not None and not _is_year(value)):
                found.setdefault(token.lower(), set()).add(following.lower().rstrip(".,"))
        if "-" in token and (identifier := _IDENTIFIER.fullmatch(token)):
            found.setdefault(identifier.group(1).lower(), set()).add(identifier.group(2))
    return found
