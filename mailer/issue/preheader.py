"""What mail programs show beside the subject: the lead in the words that fit the reader's role.

A brief often speaks to one role ("Founders should …"); a sentence that begins by addressing another
one is left to those whom it means. Takes values, returns text.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from mailer.issue.cards import ROLES, serving_order
from mailer.issue.content import StoryContent
from mailer.issue.plaintext import shorten
from mailer.localization import Language
from recommender.articles import sentences

LENGTH = 110
LEAST = 40
ADDRESSED_WITHIN = 4
"""Words at the beginning of a sentence in which it says whom it is for."""
_PEOPLE = frozenset(
    f"{word.removesuffix('y')}{'ies' if word.endswith('y') else 's'}"
    for words, _ in ROLES
    for word in words.split()
) - {"leads", "chairs", "products", "heads", "chiefs", "partners", "presidents"}
"""Roles in the plural, as briefs address them."""


def preheader(
    lead: StoryContent,
    roles: tuple[str, ...],
    others: Sequence[str],
    subject_line: str,
    language: Language,
) -> str:
    """40 to 110 characters: the lead's own words, then what else is in the issue."""
    _ = language.text
    text = _own_words(lead, roles, subject_line)
    if len(text) < LEAST and others:
        also = _("Also: %(titles)s", titles="; ".join(others))
        text = f"{text} {also}".strip()
    if len(text) < LEAST:
        also = _("Chosen for you from what our editors have read.")
        text = f"{text} {also}".strip()
    return shorten(text, LENGTH)


@lru_cache(maxsize=10_000)
def _own_words(lead: StoryContent, roles: tuple[str, ...], subject_line: str) -> str:
    """Sentences of the lead, the most useful to these roles first, as many as are needed."""
    subject_words = subject_line.rstrip("….").casefold()
    text = ""
    for sentence in _sentences(lead, roles):
        if sentence.casefold().startswith(subject_words) or sentence in text:
            continue
        text = f"{text} {sentence}".strip()
        if len(text) >= LEAST:
            break
    return text


def _sentences(lead: StoryContent, roles: tuple[str, ...]) -> Iterator[str]:
    """Those of the parts that serve these roles and of the summary, but for what addresses others;
    the lead's first words where nothing else is left."""
    parts = [name for serving in serving_order(roles) for name in serving]
    wanted = [name for name in (*parts, "summary") if name != "code_references"]
    found = [sentence for name in wanted for sentence in _split(getattr(lead, name))]
    fitting = [sentence for sentence in found if not _addresses_others(sentence, roles)]
    yield from fitting or lead.first_words


def _split(value: str | tuple[str, ...]) -> list[str]:
    return sentences.split(value if isinstance(value, str) else " ".join(value[:1]))


def _addresses_others(sentence: str, roles: tuple[str, ...]) -> bool:
    opening = re.findall(r"[a-z]+", sentence.casefold())[:ADDRESSED_WITHIN]
    addressed = _PEOPLE.intersection(opening)
    own = " ".join(roles).casefold()
    return bool(addressed) and not any(word[:-1].removesuffix("ie") in own for word in addressed)
