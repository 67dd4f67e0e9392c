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
from recommender.ranking.affinities import Affinities
from recommender.ranking.popularity import EVERYBODY
from recommender.ranking.settings import ProfileSettings
from recommender.ranking.values import Action, Reader

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
    rows, tastes = affinities.rows, affinities.tastes.trust > 0
    for reader in readers:
        wanted, unloved = _stated(reader, affinities, settings)
        learned, unwanted = _learned(reader.history, affinities, settings, now)
        if learned:
            learned_mass = sum(learned.values())
            mass = 1.0
            if wanted:
                mass = sum(wanted.values()) * learned_mass / (learned_mass + settings.patience)
            kind = rows["learned" if len(learned) >= settings.enough else "history"]
            for story, weight in learned.items():
                wanted[kind[story]] = weight * mass / learned_mass
            if tastes:
                wanted[rows["crowd"][""]] = settings.promise * mass
            brought = affinities.sources.weights(learned, settings.source_patience)
            for name, lift in brought.items():
                wanted[rows["source"][name]] = settings.source * lift * mass
        role_only = not learned and all(weight <= 0 for weight in reader.topics.values())
        if not wanted or fallback or (settings.fallback and role_only):
            wanted |= _fallback(reader, affinities)
        likes.add(wanted)
        dislikes.add({rows["history"][story]: weight for story, weight in unwanted.items()})
        muted.append(unloved)
        answered.append(tuple(dict.fromkeys([action.story for action in reader.history])))
    width = len(affinities.values)
    return Profiles(likes.matrix(width), dislikes.matrix(width), muted, answered)


def replaced(
    likes: sp.csr_array, theirs: sp.csr_array, rows: npt.NDArray[np.int64]
) -> sp.csr_array:
    """``likes`` (readers × interests) in which ``rows`` are those of ``theirs``, which may know
    more interests."""
    whole = sp.csr_array(
        (likes.data, likes.indices, likes.indptr), shape=(likes.shape[0], theirs.shape[1])
    )
    order = np.arange(likes.shape[0])
    order[rows] = likes.shape[0] + np.arange(len(rows))
    return sp.csr_array(sp.csr_array(sp.vstack([whole, theirs]))[order])


def _fallback(reader: Reader, affinities: Affinities) -> dict[int, float]:
    """What readers of the same roles like, then what all like, then whatever is new."""
    if not affinities.popularity.known(EVERYBODY):
        return {affinities.rows["fresh"][""]: 1.0}
    roles = dict.fromkeys(map(affinities.roles.canonical, reader.roles))
    known = [role for role in roles if affinities.popularity.known(role)]
    liked = affinities.rows["liked"]
    wanted = {liked[role]: 1 / len(known) ** 0.5 for role in known}
    wanted[liked[EVERYBODY]] = OF_ALL if known else 1.0
    return wanted | {affinities.rows["fresh"][""]: OF_NEW}


def _stated(
    reader: Reader, affinities: Affinities, settings: ProfileSettings
) -> tuple[dict[int, float], tuple[str, ...]]:
    """Rows of stated topics and roles with their weights, and the topics that must stay out."""
    canonical, rows = affinities.topics.canonical, affinities.rows["topic"]
    wanted: dict[int, float] = {}
    unloved: list[str] = []
    for name, weight in reader.topics.items():
        if weight > 0:
            row = rows[canonical(name)]
            wanted[row] = max(wanted[row], weight) if row in wanted else weight
        elif weight < 0:
            unloved.append(canonical(name))
    share = 1.0
    if wanted:
        strongest, share = max(wanted.values()), settings.role
        wanted = {row: weight / strongest for row, weight in wanted.items()}
    if reader.roles:
        roles = dict.fromkeys(map(affinities.roles.canonical, reader.roles))
        for role in roles:
            wanted[affinities.rows["role"][role]] = share / len(roles) ** 0.5
    return wanted, tuple(unloved)


def _learned(
    history: Sequence[Action], affinities: Affinities, settings: ProfileSettings, now: datetime
) -> tuple[dict[str, float], dict[str, float]]:
    """Stories (ids) that a reader answered with interest, and without, with their weights."""
    if not history:
        return {}, {}
    values = {"click": 1.0, "more": settings.more, "less": -settings.less}
    known = affinities.space.row
    total: dict[str, float] = {}
    for action in answers.valid(history):
        story = action.story
        if story not in known:
            continue
        weight = values[action.kind]
        if action.at is not None:
            age = max((now - action.at).total_seconds() / 86_400, 0.0)
            weight *= 0.5 ** (age / settings.click_half_life)
        total[story] = total[story] + weight if story in total else weight
    wanted = {story: weight for story, weight in total.items() if weight > 0}
    if len(wanted) == len(total):
        return wanted, {}
    return wanted, {story: -weight for story, weight in total.items() if weight < 0}


class _Rows:
    """A CSR matrix while it grows, row by row."""

    def __init__(self) -> None:
        self._columns: list[int] = []
        self._values: list[float] = []
        self._starts = [0]

    def add(self, row: dict[int, float]) -> None:
        self._columns += row
        self._values += row.values()
        self._starts.append(len(self._values))

    def matrix(self, width: int) -> sp.csr_array:
        values: npt.NDArray[np.float32] = np.array(self._values, dtype=np.float32)
        columns = np.array(self._columns, dtype=np.int32)
        starts = np.array(self._starts, dtype=np.int32)
        return sp.csr_array((values, columns, starts), shape=(len(starts) - 1, width))
