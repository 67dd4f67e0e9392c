"""Turns text into the terms the ranker compares: folded, singular words and short runs of them.

Never drops a word for being long, technical or a number with letters (``v2``, ``gpt-4``); only
words of grammar and bare digits go.
"""

import re
import unicodedata
from functools import lru_cache

from recommender.ranking import languages

_WORD = re.compile(r"(?:[^\W_]|[\u0e31-\u0e4e\u0900-\u0dff])+(?:\+\+|#)?")
_STOP = languages.STOP | {
    "using", "use", "used", "based", "new", "paper", "don", "doesn", "isn", "ll", "ve", "re",
}  # fmt: skip
_NO_PLURAL = frozenset({"plus", "thus", "opus", "onus"})
_NAMES = frozenset(
    (
        "kubernetes",
        "postgres",
        "aws",
        "dns",
        "css",
        "gps",
        "ios",
        "macos",
        "news",
        "series",
        "species",
        "https",
    )
)
"""Words that end like a plural and are none; readers see them in reasons."""


def fold(name: str) -> str:
    """A topic's or role's name as it is compared: without regard to case, spacing or hyphens."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(re.sub(r"[\s_\-–—/]+", " ", plain).split())


def tokens(text: str) -> list[str]:
    """The content words of ``text`` in order, folded and singular."""
    plain = _plain(text)
    if plain.isascii():
        return [stem for word in _WORD.findall(plain) if (stem := _term(word))]
    whole = (part for word in _WORD.findall(plain) for part in languages.pieces(word))
    return [stem for word in whole if (stem := _term(word))]


def terms(text: str, ngrams: int = 2) -> list[str]:
    """Content words of ``text``, and runs of up to ``ngrams`` of them."""
    single = tokens(text)
    terms = list(single)
    for size in range(2, ngrams + 1):
        terms += [" ".join(run) for run in zip(*(single[at:] for at in range(size)), strict=False)]
    return terms


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    split = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in split if not "\u0300" <= letter <= "\u036f")
    return unicodedata.normalize("NFC", plain)


@lru_cache(maxsize=1)
def _stop() -> frozenset[str]:
    """Words of grammar. The library is imported when they are asked for: it takes half a second,
    and who only folds names does without."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS) | _STOP


@lru_cache(maxsize=1 << 17)
def _term(word: str) -> str:
    if word in _stop() or (len(word) == 1 and word.isascii()) or word.isdecimal():
        return ""
    other = languages.singular(word)
    return singular(word) if other == word else other


def singular(word: str) -> str:
    """An English word without the ending of its plural (the S-stemmer: Harman, JASIS 1991), and
    acronyms such as ``tpus`` without theirs."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "is")) or word in _NAMES:
        return word
    if word.endswith("us") and (len(word) > 4 or word in _NO_PLURAL):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1]
