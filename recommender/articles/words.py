"""Turns text into terms that can be compared: stems, numbers, acronyms and blends.

Light on purpose: it only has to find ``TPUs`` in ``TPU development``, ``$6.3B`` in ``$6.3 billion``
and ``capex`` in ``capital expenditure`` within one article. Never used for ranking, which has its
own analysis.
"""

import itertools
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

from recommender.articles import word_lists

_WORD = re.compile(r"[^\W_]+(?:[.'&][^\W_]+)*")
_SCALED = re.compile(
    r"(?<!\d)(\d++(?:\.\d++)?)\s{0,3}-?(trillion|billion|million|thousand|percent|bn|mn|tn|[bmkt%x])(?!\w)",
    re.IGNORECASE,
)
_SCALES = {
    "trillion": "t", "tn": "t", "t": "t", "billion": "b", "bn": "b", "b": "b",
    "million": "m", "mn": "m", "m": "m", "thousand": "k", "k": "k",
    "percent": "pct", "%": "pct", "x": "x",
}  # fmt: skip
_NUMBERS = {word: str(number) for number, word in enumerate(word_lists.NUMBERS.split(), start=2)}
STOP = frozenset(word_lists.STOP.split())
WEAK = frozenset(word_lists.WEAK.split())
"""Words too common in this trade to identify a story alone."""
_CLIPPED = {
    "generation": "gen", "generations": "gen", "gens": "gen", "application": "app",
    "applications": "app", "apps": "app", "laboratory": "lab", "laboratories": "lab", "labs": "lab",
    "executive": "exec", "executives": "exec", "execs": "exec",
    "evaluation": "eval", "evaluations": "eval", "evals": "eval",
    "infrastructure": "infra", "repository": "repo", "repositories": "repo", "repos": "repo",
}  # fmt: skip
"""Long forms to the clipped ones that headlines use."""
_PLURAL = (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", ""))
_SUFFIXES = tuple(word_lists.SUFFIXES.split())


def words(text: str) -> list[str]:
    """The words as written, numbers with their scale (``6.3b``), possessives without theirs."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain)
    plain = _SCALED.sub(lambda match: match.group(1) + _SCALES[match.group(2).lower()], plain)
    found = (word for run in _WORD.findall(plain) for word in _pieces(run))
    return [word for word in found if word]


def _pieces(run: str) -> list[str]:
    bare = re.sub(r"'s$|'$", "", run, flags=re.IGNORECASE)
    return [bare] if "." in bare or "&" in bare else bare.split("'")[:1]


def stem(word: str) -> str:
    """A light English stem: plural, then one derivational suffix, then a final e, i or y."""
    lower = re.sub(r"^([A-Z0-9]{2,})s$", r"\1", word).casefold()
    if lower in _NUMBERS or lower in _CLIPPED:
        return _NUMBERS.get(lower) or _CLIPPED[lower]
    if len(lower) <= 3 or any(letter.isdigit() for letter in lower):
        return lower
    lower = singular(lower)
    for suffix in _SUFFIXES:
        base = lower.removesuffix(suffix)
        if base != lower and len(base) >= 3 and re.search(r"[aeiouy]", base):
            lower = base[:-1] if base[-1] == base[-2] and base[-1] not in "ls" else base
            break
    return re.sub(r"[eiy]$", "", lower) if len(lower) > 3 else lower


def singular(lower: str) -> str:
    """A lower-case word without the s of its plural."""
    if lower.endswith(("ss", "us", "is")):
        return lower
    for ending, replacement in _PLURAL:
        if lower.endswith(ending) and len(lower) - len(ending) >= 2:
            return lower[: len(lower) - len(ending)] + replacement
    return lower


def terms(text: str, short_forms: Collection[str] = frozenset()) -> list[str]:
    """Stems of the words that carry meaning, in order.

    Each of ``short_forms`` (acronyms and blends seen elsewhere in the article) that words here
    spell out is added at the end.
    """
    written = words(text)
    found = [stem(word) for word in written if word.casefold() not in STOP]
    if short_forms:
        lowered = [word.casefold() for word in written]
        found += sorted(spelled_out(lowered) & set(short_forms))
    return found


def spelled_out(lowered: Sequence[str]) -> set[str]:
    """What consecutive words may be written as: by their initials (``tpu``), two longer words by
    their beginnings (``capex``), any two as one (``datacenter``)."""
    initials = "".join(word[0] for word in lowered)
    found = {
        initials[start : start + size]
        for size in range(3, 7)
        for start in range(len(initials) - size + 1)
    }
    for one, two in itertools.pairwise(lowered):
        if len(one) > 4 and len(two) > 4:
            found.update(one[:i] + two[:j] for i in range(3, 6) for j in range(2, 6))
        found.add(one + stem(two))
    return found


def short_forms(texts: Iterable[str]) -> frozenset[str]:
    """Words that may be short for others: acronyms (``TPUs``) and words as long as a blend."""
    found: set[str] = set()
    for text in texts:
        for word in words(text):
            letters = re.sub(r"s$", "", word)
            if re.fullmatch(r"[A-Z]{3,6}", letters):
                found.add(letters.casefold())
            elif re.fullmatch(r"[A-Za-z]{5,14}", word):
                found.add(stem(word))
    return frozenset(found)
