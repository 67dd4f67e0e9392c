"""Topics of a digest that none of its stories can show: the first card says where they stand.

A story that is no more than a title makes no card, and a topic may be a point that belongs to no
title. Who follows such a topic gets the digest all the same. Values only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from recommender.articles import sentences
from recommender.ranking import words
from recommender.ranking.values import Story
from recommender.story_text import LISTS, PROSE

CARRIED = 0.5
"""Weight from which a topic is a story's own."""
TOLD = 0.4
"""Weight of a topic with the story that only tells of it."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a digest tells of a ``topic``: the title of its story ``number`` (from 1) of ``of``, or
    a point of the digest, whose ``number`` is 0."""

    topic: str
    text: str
    number: int
    of: int

    def document(self) -> dict[str, Any]:
        """The same as JSON holds it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Placed:
    """A digest's first card as the ranker sees it, and what it tells of."""

    lead: Story
    placements: tuple[Placement, ...]


def place(stories: Sequence[Story], topics: Iterable[str], article: object) -> Placed | None:
    """What the first card among a digest's ``stories`` tells of the digest's ``topics``; None where
    each topic has a card of its own. ``article`` has the fields of a ``StoryText``."""
    lead = next((story for story in stories if story.makes_a_card), None)
    if lead is None or len(stories) < 2:
        return None
    shown = {words.fold(name) for one in stories if one.makes_a_card for name in one.topics}
    missing = [name for name in topics if words.fold(name) not in shown]
    found = [one for name in missing if (one := _placement(name, stories, article)) is not None]
    if not found:
        return None
    told = {placement.topic: TOLD for placement in found}
    return Placed(replace(lead, topics={**lead.topics, **told}), tuple(found))


def _placement(topic: str, stories: Sequence[Story], article: object) -> Placement | None:
    folded = words.fold(topic)
    for number, story in enumerate(stories, 1):
        if any(words.fold(name) == folded and w >= CARRIED for name, w in story.topics.items()):
            return Placement(topic, story.title, number, len(stories))
    wanted = set(words.tokens(topic))
    for text in _points(article):
        if wanted and wanted <= set(words.tokens(text)):
            return Placement(topic, text, 0, len(stories))
    return None


def _points(article: object) -> Iterable[str]:
    for name in LISTS:
        yield from getattr(article, name)
    for name in PROSE:
        yield from sentences.split(getattr(article, name))


def told(elsewhere: Iterable[Mapping[str, Any]], topic: str) -> Placement | None:
    """The placement of ``topic`` among those a card's document holds."""
    folded = words.fold(topic)
    for document in elsewhere:
        if words.fold(str(document.get("topic", ""))) == folded:
            return Placement(**{name: document[name] for name in Placement.__slots__})
    return None
