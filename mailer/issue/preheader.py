"""What mail programs show beside the subject: the lead in the words that fit the reader's role.

A brief often speaks to one role ("Founders should …"); a sentence that begins by addressing another
one is left to those whom it means. Takes values, returns text.
"""

from collections.abc import Sequence
from functools import lru_cache

from mailer.issue.content import StoryContent
from mailer.issue.plaintext import shorten
from mailer.issue.servings import Servings, addressed, called, serving_order
from mailer.localization import Language
from recommender.articles import sentences

LENGTH = 110
LEAST = 40


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
    own = called(roles)
    said = _sentences(lead, serving_order(roles))
    fitting = [sentence for sentence, people in said if not people or people & own]
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
    return tuple([(sentence, addressed(sentence)) for sentence in found])


def _split(value: str | tuple[str, ...]) -> list[str]:
    return sentences.split(value if isinstance(value, str) else " ".join(value[:1]))
