"""What goes into the ranker and what comes out, as plain values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from recommender.story_text import StoryText, says_something

ReasonKind = Literal["topic", "role", "text", "history", "fresh", "must_read", "explore"]
ActionKind = Literal["click", "more", "less", "sent"]

LIKED_BY_MANY = "what many readers like"
"""Detail of a reason that is no property of the story, but what other readers like."""
LIKED_BY_ROLE = "what readers in the role of {role} like"
"""The same of the readers of one role."""


@dataclass(frozen=True, slots=True)
class Story(StoryText):
    """One story as the ranker sees it.

    ``must_read`` is for everybody, ``pinned_for`` names segments for whose readers it is one.
    ``position`` counts from 0 within its article, as the editor put them. ``language`` is the tag
    its source gives, None where it gives none.
    ``id`` is unique over all articles given to one ranker; ``article`` groups the stories of one
    digest; ``key`` is the story's id within its article. ``topics`` and ``roles`` map names to
    weights in (0, 1]. ``published_at`` is aware; None is neutral. It
    stands for the day of its import where it is not ``dated``.
    """

    id: str
    article: str
    key: str
    body: str = ""
    topics: Mapping[str, float] = field(default_factory=dict)
    roles: Mapping[str, float] = field(default_factory=dict)
    source: str | None = None
    curator: str | None = None
    published_at: datetime | None = None
    dated: bool = True
    must_read: bool = False
    pinned_for: frozenset[str] = frozenset()
    position: int = 0
    language: str | None = None

    @property
    def makes_a_card(self) -> bool:
        """Whether there is more to show than a title: some text of its own, or a link."""
        return says_something(self) or bool(self.body or self.url)


@dataclass(frozen=True, slots=True)
class Action:
    """Something a reader did with a story, or was sent; ``story`` is a ``Story.id``."""

    story: str
    kind: ActionKind
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader: roles, stated topic weights (−2 never … +3 love) and history, oldest first.
    ``segments`` are those that some story is pinned for. ``languages``: tags of those they read;
    none means all."""

    id: str
    roles: tuple[str, ...] = ()
    topics: Mapping[str, float] = field(default_factory=dict)
    history: tuple[Action, ...] = ()
    segments: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class Reason(NamedTuple):
    """A true part of a score. ``detail`` names the topic, the role, the words or the story that
    contributed; ``share`` is its part of the score, and a pick's shares add up to 1."""

    kind: ReasonKind
    detail: str
    share: float


@dataclass(frozen=True, slots=True)
class Pick:
    """One story chosen for one reader; ``position`` counts from 1. ``also`` holds the ids of
    near-identical stories it stands for. ``propensity`` is the probability with which it was drawn
    (None: it was not drawn), ``places`` the positions at which it might have stood with the
    probability of each (empty: only at its own)."""

    story: str
    position: int
    score: float
    reasons: tuple[Reason, ...]
    also: tuple[str, ...] = ()
    propensity: float | None = None
    places: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A story that was not chosen, and ``why`` in a few words."""

    story: str
    score: float
    why: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one reader gets: best first. Empty when nothing passes the relevance floor."""

    reader: str
    picks: tuple[Pick, ...]
    runners_up: tuple[RunnerUp, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """What lists are asked for: at most ``top`` picks each, as of ``now``.

    ``as_issue``: the rules of a list hold (floor, near-duplicates, caps, diversity, calibration,
    must-read, exploration); without it relevance alone orders, and only muted topics and stories
    of the reader's history are left out. ``exclude`` holds ids of stories nobody gets,
    ``unpinned`` of those that are no must-reads this time. ``seed``
    decides the exploration slot's draw, together with the reader's id.
    """

    now: datetime
    top: int
    seed: int | str = 0
    as_issue: bool = True
    exclude: Collection[str] = ()
    unpinned: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A topic or role of the vocabulary, as the ranker uses it: a pseudo-document.
    ``translations``, its names in other languages, mean it but are no part of that text."""

    name: str
    definition: str = ""
    aliases: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    translations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All known topics and roles. Names are compared without regard to case."""

    topics: tuple[Term, ...] = ()
    roles: tuple[Term, ...] = ()
