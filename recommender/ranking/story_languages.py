"""The language a story is written in: as its source says, or as its words show.

A source's tag is believed. Where there is none the text is asked (py3langid: 97 languages by their
letters). A text that leaves it open among all of them, as titles do, is asked again among those
that the other stories are in; where that is not sure either, its language is unknown.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ranking.values import Story

SURE = 0.5
"""Probability, among all languages, from which that of a text is known."""
SURE_AMONG_FEW = 0.8
"""The same among the languages of the other stories."""
USED = 0.05
"""Share of the stories of known language from which a language is one of theirs."""
LONGEST = 1_000
"""Characters of a story that are looked at."""
Mask = npt.NDArray[np.bool_]


def primary(tag: str) -> str:
    """The language of a tag alone, without script and country: ``pt`` of ``pt-BR``."""
    return tag.replace("_", "-").partition("-")[0].casefold()


def languages_of(stories: Sequence[Story]) -> list[str | None]:
    """The primary language of each story, None where neither its source nor its text tells."""
    found: list[str | None] = []
    open_texts: dict[int, dict[str, float]] = {}
    for at, story in enumerate(stories):
        text = " ".join([story.title, story.summary, story.body])[:LONGEST].strip()
        tag = primary(story.language) if story.language else None
        if tag is None and text:
            probabilities = dict(_identifier().rank(text))
            likeliest = max(probabilities, key=probabilities.__getitem__)
            if probabilities[likeliest] >= SURE:
                tag = likeliest
            else:
                open_texts[at] = probabilities
        found.append(tag)
    times = Counter(tag for tag in found if tag is not None)
    used = sorted(tag for tag, number in times.items() if number >= USED * times.total())
    for at, probabilities in open_texts.items():
        found[at] = _among(probabilities, used)
    return found


def _among(probabilities: dict[str, float], used: Sequence[str]) -> str | None:
    """The likeliest of the languages ``used``, if it is surely that one of them."""
    theirs = {tag: probabilities[tag] for tag in used if tag in probabilities}
    if len(theirs) < 2:
        return None
    likeliest = max(theirs, key=theirs.__getitem__)
    return likeliest if theirs[likeliest] >= SURE_AMONG_FEW * sum(theirs.values()) else None


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
                self._known = languages_of(self._candidates)
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
