"""Readers as weighted interests: what they said, what their answers taught, what they must not get.

A profile is a list of single interests, never their mean: someone who follows chips and cooking
gets both, not what lies half-way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking import answers
from recommender.ranking.affinities import Affinities, Interest
from recommender.ranking.popularity import EVERYBODY
from recommender.ranking.settings import ProfileSettings
from recommender.ranking.values import Action, Reader

Rows = npt.NDArray[np.int64]
NOTHING_KNOWN = Interest("fresh", "")
OF_ALL, OF_NEW = 0.25, 0.75
"""What all readers like beside what those of a role like, and what is new beside either."""


@dataclass(frozen=True)
class Profiles:
    """A chunk of readers. ``likes`` and ``dislikes`` are readers × interest rows (CSR, weights
    ≥ 0); ``muted`` and ``answered`` hold, per reader, topics that must stay out and the ids of
    stories never to be chosen again."""

    likes: sp.csr_array
    dislikes: sp.csr_array
    muted: Sequence[tuple[str, ...]]
    answered: Sequence[tuple[str, ...]]


def build(
    readers: Sequence[Reader],
    affinities: Affinities,
    settings: ProfileSettings,
    now: datetime,
    *,
    fallback: bool = False,
) -> Profiles:
    """Profiles of ``readers`` as of ``now``. Topics weigh −2 to 3; a negative weight mutes. With
    ``fallback`` what others like stands beside their own interests, as it does for readers of whom
    no more than a role is known."""
    likes, dislikes = _Rows(), _Rows()
    muted, answered = [], []
    for reader in readers:
        wanted = _stated(reader, affinities, settings)
        learned, unwanted = _learned(reader.history, affinities, settings, now)
        if learned:
            say = sum(wanted.values())
            learned_mass = sum(learned.values())
            mass = say * learned_mass / (learned_mass + settings.patience) if wanted else 1.0
            for interest, weight in learned.items():
                wanted[interest] = weight * mass / learned_mass
            if affinities.tastes.trust:
                wanted[Interest("crowd", "")] = settings.promise * mass
            stories = {interest.name: weight for interest, weight in learned.items()}
            brought = affinities.sources.weights(stories, settings.source_patience)
            for name, lift in brought.items():
                wanted[Interest("source", name)] = settings.source * lift * mass
        role_only = all(interest.kind == "role" for interest in wanted)
        if not wanted or fallback or (settings.fallback and role_only):
            wanted |= _fallback(reader, affinities)
        likes.add(wanted, affinities)
        dislikes.add(unwanted, affinities)
        unloved = [name for name, weight in reader.topics.items() if weight < 0]
        muted.append(tuple(map(affinities.topics.canonical, unloved)))
        answered.append(tuple(dict.fromkeys([action.story for action in reader.history])))
    width = len(affinities.values)
    return Profiles(likes.matrix(width), dislikes.matrix(width), muted, answered)


def replaced(likes: sp.csr_array, theirs: sp.csr_array, rows: Rows) -> sp.csr_array:
    """``likes`` (readers × interests) in which ``rows`` are those of ``theirs``, which may know
    more interests."""
    whole = sp.csr_array(
        (likes.data, likes.indices, likes.indptr), shape=(likes.shape[0], theirs.shape[1])
    )
    order = np.arange(likes.shape[0])
    order[rows] = likes.shape[0] + np.arange(len(rows))
    return sp.csr_array(sp.csr_array(sp.vstack([whole, theirs]))[order])


def _fallback(reader: Reader, affinities: Affinities) -> dict[Interest, float]:
    """What readers of the same roles like, then what all like, then whatever is new."""
    if not affinities.popularity.known(EVERYBODY):
        return {NOTHING_KNOWN: 1.0}
    roles = dict.fromkeys(map(affinities.roles.canonical, reader.roles))
    known = [role for role in roles if affinities.popularity.known(role)]
    wanted = {Interest("liked", role): 1 / len(known) ** 0.5 for role in known}
    wanted[Interest("liked", EVERYBODY)] = OF_ALL if known else 1.0
    return wanted | {NOTHING_KNOWN: OF_NEW}


def _stated(
    reader: Reader, affinities: Affinities, settings: ProfileSettings
) -> dict[Interest, float]:
    topics: dict[str, float] = {}
    for name, weight in reader.topics.items():
        if weight > 0:
            canonical = affinities.topics.canonical(name)
            topics[canonical] = max(topics.get(canonical, 0.0), weight)
    wanted: dict[Interest, float] = {}
    strongest = max(topics.values(), default=1.0)
    for name, weight in topics.items():
        wanted[Interest("topic", name)] = weight / strongest
    roles = dict.fromkeys(map(affinities.roles.canonical, reader.roles))
    share = settings.role if topics else 1.0
    for role in roles:
        wanted[Interest("role", role)] = share / len(roles) ** 0.5
    return wanted


def _learned(
    history: Sequence[Action], affinities: Affinities, settings: ProfileSettings, now: datetime
) -> tuple[dict[Interest, float], dict[Interest, float]]:
    values = {"click": 1.0, "more": settings.more, "less": -settings.less}
    total: dict[Interest, float] = {}
    for action in answers.valid(history):
        if action.story not in affinities.space.row:
            continue
        age = 0.0 if action.at is None else max((now - action.at).total_seconds() / 86_400, 0.0)
        weight = values[action.kind] * 0.5 ** (age / settings.click_half_life)
        interest = Interest("history", action.story)
        total[interest] = total.get(interest, 0.0) + weight
    wanted = {interest: weight for interest, weight in total.items() if weight > 0}
    if len(wanted) >= settings.enough:
        wanted = {Interest("learned", told.name): weight for told, weight in wanted.items()}
    return wanted, {interest: -weight for interest, weight in total.items() if weight < 0}


class _Rows:
    """A CSR matrix while it grows, row by row."""

    def __init__(self) -> None:
        self._columns: list[int] = []
        self._values: list[float] = []
        self._starts = [0]

    def add(self, row: dict[Interest, float], affinities: Affinities) -> None:
        self._columns += [affinities.index(interest) for interest in row]
        self._values += row.values()
        self._starts.append(len(self._columns))

    def matrix(self, width: int) -> sp.csr_array:
        values: npt.NDArray[np.float32] = np.array(self._values, dtype=np.float32)
        columns = np.array(self._columns, dtype=np.int32)
        starts = np.array(self._starts, dtype=np.int32)
        return sp.csr_array((values, columns, starts), shape=(len(starts) - 1, width))
