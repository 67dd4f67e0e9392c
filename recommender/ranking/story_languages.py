"""The language a story is written in: as its source says, or as its words show.

A source's tag is believed. Where there is none the text is asked (py3langid: 97 languages by their
letters), and where that is not sure, as with titles of names, the language is unknown.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ranking.values import Story

SURE = 0.5
"""Probability from which the language of a text is known."""
LONGEST = 1_000
"""Characters of a story that are looked at."""
Mask = npt.NDArray[np.bool_]


def primary(tag: str) -> str:
    """The language of a tag alone, without script and country: ``pt`` of ``pt-BR``."""
    return tag.replace("_", "-").partition("-")[0].casefold()


def language(story: Story) -> str | None:
    """The primary language of a story, None where neither its source nor its text tells."""
    if story.language:
        return primary(story.language)
    text = " ".join([story.title, story.summary, story.body])[:LONGEST].strip()
    if not text:
        return None
    found, probability = _identifier().classify(text)
    return str(found) if probability >= SURE else None


class StoryLanguages:
    """The languages of candidates; each is looked at once, when a reader first has languages."""

    def __init__(self, candidates: Sequence[Story]) -> None:
        self._candidates = candidates
        self._known: list[str | None] | None = None
        self._foreign: dict[frozenset[str], Mask] = {}

    def foreign(self, languages: Sequence[str]) -> Mask:
        """Which candidates are in another language than these (tags); none where there are none.
        One whose language is unknown is not foreign."""
        wanted = frozenset(map(primary, languages))
        if wanted not in self._foreign:
            if self._known is None and wanted:
                self._known = [language(story) for story in self._candidates]
            known = self._known if wanted and self._known else [None] * len(self._candidates)
            self._foreign[wanted] = np.array(
                [one is not None and one not in wanted for one in known], dtype=bool
            )
        return self._foreign[wanted]

    def shown(self, at: int) -> str:
        """The language of a candidate, for a person."""
        return (self._known or {at: None})[at] or "an unknown language"


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """The model, some ten megabytes: read when a text is first asked. ``Any``: it has no types."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
