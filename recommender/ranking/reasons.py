"""Why a story was chosen: the true parts of its score, largest first, adding up to 1."""

from collections.abc import Sequence

import numpy as np

from recommender.ranking.affinities import Affinities, Interest
from recommender.ranking.values import Reason, ReasonKind, Story

LEAST = 0.005
"""Parts smaller than this are left out, and the others scaled to add up to 1."""
NEW = "published recently"
ANYTHING = "nothing is known of this reader yet"
MUST_READ = "the editors' choice"
EXPLORE = "outside the usual topics"


def explain(
    interests: Sequence[Interest],
    parts: Sequence[float],
    *,
    factor: float,
    story: int,
    affinities: Affinities,
    titles: dict[str, str],
    bonus: tuple[ReasonKind, float] | None = None,
) -> tuple[Reason, ...]:
    """Reasons for one story and one reader.

    ``parts`` are what each interest adds; ``factor`` multiplies their sum, and what it adds above
    1 is due to freshness. ``bonus`` is a further part of the score, as (kind, size relative to
    ``factor`` × the sum of ``parts``). The shares are shares of the sum of all of this.
    """
    total = float(sum(parts))
    found: dict[tuple[ReasonKind, str], float] = {}
    scale = min(factor, 1.0)
    for interest, part in zip(interests, parts, strict=True):
        if part > 0:
            key = _named(interest, story, affinities, titles)
            found[key] = found.get(key, 0.0) + part * scale
    if factor > 1:
        found["fresh", NEW] = found.get(("fresh", NEW), 0.0) + total * (factor - 1)
    if bonus is not None:
        kind, size = bonus
        detail = MUST_READ if kind == "must_read" else EXPLORE
        found[kind, detail] = size
    return shares(found)


def shares(found: dict[tuple[ReasonKind, str], float]) -> tuple[Reason, ...]:
    """Parts as reasons: largest first, ties by kind and detail; shares add up to exactly 1."""
    total = sum(found.values())
    if total <= 0:
        return ()
    kept = {key: part for key, part in found.items() if part >= LEAST * total}
    whole = sum(kept.values())
    ordered = sorted(kept.items(), key=lambda item: (-item[1], item[0]))
    rounded = [float(np.round(part / whole, 4)) for _, part in ordered]
    rounded[0] = round(1 - sum(rounded[1:]), 4)
    return tuple(
        Reason(kind, detail, share) for ((kind, detail), _), share in zip(ordered, rounded, strict=True)
    )


def _named(
    interest: Interest, story: int, affinities: Affinities, titles: dict[str, str]
) -> tuple[ReasonKind, str]:
    if interest.kind == "topic" and affinities.evident(interest.name, story):
        return "topic", affinities.topics.shown(interest.name)
    if interest.kind == "role":
        return "role", affinities.roles.shown(interest.name)
    if interest.kind == "history":
        return "history", titles[interest.name]
    if interest.kind == "fresh":
        return "fresh", ANYTHING
    shared = affinities.words(interest.name, story)
    return "text", shared or affinities.topics.shown(interest.name)


def title_of(stories: Sequence[Story]) -> dict[str, str]:
    """Titles by id."""
    return {story.id: story.title for story in stories}
