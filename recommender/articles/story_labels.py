"""Decides which topics and roles of a digest are a story's own, inherited, or a sibling's.

A topic is a story's own when most of its name is found there, in the title before the sentences;
what no story can claim is inherited by all at a discount, what a sibling claims is not. Roles are
inherited by all, and fully weighted where the text speaks to them ("For CTOs …").
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from recommender.articles import evidence, words

INHERITED = 0.3
"""Weight of a topic or role that a story has only from the digest it stood in."""
CLAIM = 0.45
"""How much of a topic's name must be found in a story for the topic to be its own."""
UNSEEN = 0.5
"""What a word of a topic's name weighs that the article does not use."""
IN_TEXT = 0.7
"""What a word in a story's sentences counts for a topic, beside 1 for a word of its title."""

_NOBODY = -1


def topics(
    names: Sequence[str],
    titles: Sequence[str],
    texts: Sequence[str],
    owners: Sequence[Sequence[int]],
) -> list[dict[str, float]]:
    """Weights of the topics ``names``, one mapping per story title; ``owners`` holds, per text, the
    stories it belongs to."""
    claimed = claims(names, titles, texts, owners)
    weights: list[dict[str, float]] = []
    for story in range(len(titles)):
        mine = {name: 1.0 if name in claimed else INHERITED for name in names}
        weights.append({n: w for n, w in mine.items() if n not in claimed or story in claimed[n]})
    return weights


def roles(
    names: Sequence[str],
    stories: int,
    advice: Sequence[str],
    owners: Sequence[Sequence[int]],
) -> list[dict[str, float]]:
    """Weights of the roles ``names`` for each of so many stories; ``advice`` are the sentences that
    may speak to a role."""
    weights = [dict.fromkeys(names, INHERITED) for _ in range(stories)]
    for name in names:
        wanted = _plain_words(name)
        for text, owned_by in zip(advice, owners, strict=True):
            if wanted and wanted <= _plain_words(text):
                for story in owned_by:
                    weights[story][name] = 1.0
    return weights


def claims(
    names: Sequence[str],
    titles: Sequence[str],
    texts: Sequence[str],
    owners: Sequence[Sequence[int]],
) -> dict[str, frozenset[int]]:
    """The stories each topic clearly belongs to; a topic that could be anybody's is left out.

    A topic that only sentences of no story speak of belongs to an untitled piece: its set is empty.
    """
    forms = words.short_forms([*titles, *names, *texts])
    spread: dict[str, dict[int, float]] = defaultdict(dict)
    for part, title in enumerate(titles):
        for term in words.terms(title, forms):
            spread[term][part] = 1.0
    for text, owned_by in zip(texts, owners, strict=True):
        for term in words.terms(text, forms):
            for part in owned_by or (_NOBODY,):
                spread[term].setdefault(part, IN_TEXT)
    found = {}
    for name in names:
        scores = _coverage(set(words.terms(name, forms)), spread)
        best = max(scores.values(), default=0.0)
        if best >= CLAIM:
            found[name] = frozenset(
                part for part, score in scores.items() if part != _NOBODY and score >= 0.8 * best
            )
    return found


def _coverage(wanted: set[str], spread: Mapping[str, Mapping[int, float]]) -> dict[int, float]:
    """Per story, the part of the wanted terms found there; a term many stories have counts less."""
    whole = 0.0
    scores: dict[int, float] = defaultdict(float)
    for term in sorted(wanted):
        places = spread.get(term, {})
        weight = evidence.WEAK if evidence.is_weak(term) else 1.0
        whole += weight if places else weight * UNSEEN
        for part, strength in places.items():
            rivals = sum(other >= strength for other in places.values())
            scores[part] += weight * strength / math.sqrt(rivals)
    return {part: score / whole for part, score in scores.items()} if whole else {}


def _plain_words(text: str) -> set[str]:
    lowered = (word.casefold() for word in words.words(text))
    return {words.singular(word) for word in lowered if word not in words.STOP}
