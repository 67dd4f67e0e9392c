"""What mail programs show beside the subject: the lead in the words that fit the reader's role.

A brief often speaks to one role ("Founders should …"); a sentence that begins by addressing another
one is left to those whom it means. Takes values, returns text.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from mailer.issue.cards import ROLES, Servings, serving_order
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
    own_roles = " ".join(roles).casefold()
    said = _sentences(lead, serving_order(roles))
    fitting = [sentence for sentence, addressed in said if _for_them(addressed, own_roles)]
    for sentence in fitting or lead.first_words:
        if sentence.casefold().startswith(subject_words) or sentence in text:
            continue
        text = f"{text} {sentence}".strip()
        if len(text) >= LEAST:
            break
    return text


@lru_cache(maxsize=10_000)
def _sentences(lead: StoryContent, order: Servings) -> tuple[tuple[str, frozenset[str]], ...]:
    """Those of the parts in this order and of the summary, each with whom it addresses."""
    parts = [name for serving in order for name in serving]
    wanted = [name for name in (*parts, "summary") if name != "code_references"]
    found = [sentence for name in wanted for sentence in _split(getattr(lead, name))]
    return tuple([(sentence, _addressed(sentence)) for sentence in found])


def _split(value: str | tuple[str, ...]) -> list[str]:
    return sentences.split(value if isinstance(value, str) else " ".join(value[:1]))


def _addressed(sentence: str) -> frozenset[str]:
    return _PEOPLE.intersection(re.findall(r"[a-z]+", sentence.casefold())[:ADDRESSED_WITHIN])


def _for_them(addressed: frozenset[str], own_roles: str) -> bool:
    """Whether what addresses these people, or nobody, is for readers with these roles."""
    return not addressed or any(word[:-1].removesuffix("ie") in own_roles for word in addressed)
