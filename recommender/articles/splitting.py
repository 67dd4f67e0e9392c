"""Splits an article into its stories: a digest into the things it covers, any other into one.

A digest is recognised by evidence: its title lists several things that stand for themselves, and
different sentences of its text answer to different ones. Each story then owns its part of the
title, the sentences and items about it, and the topics that are clearly its own; what could be
anybody's is inherited at a discount, what is clearly a sibling's is not. In doubt an article stays
whole. Deterministic; changes no word of the text.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from recommender.articles import evidence, fields, sentences, story_labels, titles, words
from recommender.articles.evidence import Matcher, Ownership, Unit
from recommender.articles.values import ArticleDraft, StoryDraft
from recommender.story_text import LISTS, PROSE, texts

VERSION = 1
"""Raised whenever the same article would be split otherwise, so that it is imported again."""
MAX_PARTS = 40
"""Things one title can list; more are no digest."""
MAX_UNITS = 2_000
"""Sentences and items of a digest; more are no brief."""
MAX_TEXT = 200_000
"""Characters of a digest's text."""
MAX_KEY = 100

_GOES_ON = re.compile(
    r"(?:with|using|for|by|from|in|on|of|to|via|including|especially|but|or|nor|which|that|who|not|as"
    r"|its|their)\s"
)
"""How a part begins, in small letters, that belongs to the part before it."""
_TAKEAWAY = evidence.IN_ORDER + 1
_ADVICE = frozenset({"takeaway", "practice"})


@dataclass(frozen=True, slots=True)
class _Piece:
    """A unit of the article's text, and the field it came from."""

    field: str
    unit: Unit


def split(article: ArticleDraft) -> tuple[StoryDraft, ...]:
    """The stories of an article, at least one, in the order of its title.

    Stories the file listed itself keep their ids and words; they inherit what they do not state.
    """
    if article.stories:
        return _listed(article)
    listing = titles.read(article.title)
    if listing is None:
        return (_whole(article),)
    pieces = _pieces(article)
    units = [piece.unit for piece in pieces]
    if len(units) > MAX_UNITS or sum(len(unit.text) for unit in units) > MAX_TEXT:
        return (_whole(article),)
    for parts in listing.alternatives:
        if not _may_be_digest(parts, [unit.text for unit in units], issue=listing.issue):
            continue
        matcher = Matcher(parts, units)
        ownership = evidence.own(matcher, units)
        if _is_digest(parts, ownership, issue=listing.issue):
            return _stories(article, parts, pieces, ownership)
    return (_whole(article),)


def _whole(article: ArticleDraft) -> StoryDraft:
    return StoryDraft(
        key=article.key,
        topics=dict.fromkeys(article.topics, 1.0),
        roles=dict.fromkeys(article.roles, 1.0),
        **texts(article),
    )


def _pieces(article: ArticleDraft) -> list[_Piece]:
    summary = article.summary or article.body
    pieces = [
        _Piece("summary", Unit(text, run=evidence.IN_ORDER)) for text in sentences.split(summary)
    ]
    pieces += [
        _Piece("takeaway", Unit(text, run=_TAKEAWAY)) for text in sentences.split(article.takeaway)
    ]
    for name in LISTS:
        pieces += [_Piece(name, Unit(text)) for text in getattr(article, name)]
    return pieces


def _may_be_digest(parts: Sequence[str], text: Sequence[str], *, issue: bool) -> bool:
    """Whether the title allows it: most parts stand for themselves, being names or more than one
    word, and no part is plainly the rest of the one before."""
    names, small = evidence.capitals(text)
    stems = [[words.stem(word) for word in words.words(part)] for part in parts]
    standing = [len(part) > 1 or not small.issuperset(part) for part in stems]
    if any(": " in part for part in parts[-1:]) and len(parts) < 5:
        return False  # "Fast, Cheap, and Good Enough: Choosing …" is one thing
    longer = [len(part) > 1 for part in stems]
    if sum(longer) == 1 and (longer[0] or longer[-1]) and len(parts) > 2:
        return False  # "Lessons from A, B, and C", "A, B, and C in D"
    if len(parts) > MAX_PARTS or sum(standing) < 0.6 * len(parts):
        return False
    if issue:
        return len(parts) >= 3 or all(longer)
    named = sum(not names.isdisjoint(part) for part in stems)
    if len(parts) < 3 or any(_GOES_ON.match(part) for part in parts[1:]):
        return False
    return sum(longer[1:-1]) >= (len(parts) - 2) / 2 and named >= len(parts) / 2


def _is_digest(parts: Sequence[str], ownership: Ownership, *, issue: bool) -> bool:
    """Whether the text bears out that the parts are different things."""
    alone = {named[0] for named in ownership.named if len(named) == 1}
    crossing = sum(len(named) > 1 for named in ownership.named)
    answered = sum(bool(named) for named in ownership.named)
    apart = crossing <= answered / 3
    if issue:
        untold = not ownership.named and len(parts) >= 4
        return untold or (apart and len(alone) >= 2)
    if len(parts) == 3:
        return len(alone) == 3 and crossing == 0
    return apart and len(alone) >= max(3, math.ceil(len(parts) / 2))


def _stories(
    article: ArticleDraft, parts: Sequence[str], pieces: Sequence[_Piece], ownership: Ownership
) -> tuple[StoryDraft, ...]:
    stories = []
    keys: set[str] = set()
    for index, part in enumerate(parts):
        mine = [
            piece for piece, owners in zip(pieces, ownership.owners, strict=True) if index in owners
        ]
        story = StoryDraft(key=_unused(fields.slug(part, limit=MAX_KEY), keys), title=part)
        stories.append(_filled(story, mine))
    return _with_names(article, stories, pieces, ownership.owners)


def _filled(story: StoryDraft, pieces: Sequence[_Piece]) -> StoryDraft:
    units: dict[str, list[str]] = {}
    for piece in pieces:
        units.setdefault(piece.field, []).append(piece.unit.text)
    mine: dict[str, Any] = {name: " ".join(units.get(name, ())) for name in PROSE}
    mine |= {name: tuple(units.get(name, ())) for name in LISTS}
    return replace(story, **{name: getattr(story, name) or mine[name] for name in mine})


def _unused(key: str, taken: set[str]) -> str:
    candidate, number = key, 1
    while candidate in taken:
        number += 1
        candidate = f"{key}-{number}"
    taken.add(candidate)
    return candidate


def _with_names(
    article: ArticleDraft,
    stories: Sequence[StoryDraft],
    pieces: Sequence[_Piece],
    owners: Sequence[Sequence[int]],
) -> tuple[StoryDraft, ...]:
    """The stories with the topics and roles of their digest, where they state none of their own."""
    parts = [story.title for story in stories]
    texts = [piece.unit.text for piece in pieces]
    about = story_labels.topics(article.topics, parts, texts, owners)
    advice = [piece.unit.text if piece.field in _ADVICE else "" for piece in pieces]
    best_for = story_labels.roles(article.roles, len(parts), advice, owners)
    return tuple(
        replace(story, topics=story.topics or about[index], roles=story.roles or best_for[index])
        for index, story in enumerate(stories)
    )


def _listed(article: ArticleDraft) -> tuple[StoryDraft, ...]:
    """Stories the file lists itself, with the rest of the article shared out among them."""
    if len(article.stories) == 1:
        return (_merged(article, article.stories[0]),)
    own = [
        _Piece("", Unit(text, owner=index))
        for index, story in enumerate(article.stories)
        for text in sentences.split(story.summary)
    ]
    pieces = (own + _pieces(article))[:MAX_UNITS]
    units = [piece.unit for piece in pieces]
    ownership = evidence.own(Matcher([story.title for story in article.stories], units), units)
    stories = [
        _filled(
            story,
            [piece for piece, by in zip(pieces, ownership.owners, strict=True) if index in by],
        )
        for index, story in enumerate(article.stories)
    ]
    return _with_names(article, stories, pieces, ownership.owners)


def _merged(article: ArticleDraft, story: StoryDraft) -> StoryDraft:
    whole = _whole(article)
    stated = {
        name: value for name in StoryDraft.__dataclass_fields__ if (value := getattr(story, name))
    }
    return replace(whole, **stated)
