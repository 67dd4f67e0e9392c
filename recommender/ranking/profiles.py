"""Readers as weighted interests: what they said, what their answers taught, what they must not get.

A profile is a list of single interests, never their mean: someone who follows chips and cooking
gets both, not what lies half-way.
"""

from collections.abc import Mapping, Sequence
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


_NO_STORY: Mapping[str, float] = {}
_NO_ROW: Mapping[int, float] = {}
_NOTHING = (_NO_STORY, _NO_STORY)
"""What is learned from no answer."""


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
    stated, source = _Stated(affinities, settings), rows["source"]
    for reader in readers:
        wanted, unloved = stated.of(reader)
        history = reader.history
        learned, unwanted = _learned(history, affinities, settings, now) if history else _NOTHING
        if learned:
            learned_mass = sum(learned.values())
            mass = 1.0
            if wanted:
                mass = sum(wanted.values()) * learned_mass / (learned_mass + settings.patience)
                mass *= settings.learned
            kind = rows["learned" if len(learned) >= settings.enough else "history"]
            for story, weight in learned.items():
                wanted[kind[story]] = weight * mass / learned_mass
            if tastes:
                wanted[rows["crowd"][""]] = settings.promise * mass
            brought = affinities.sources.weights(learned, settings.source_patience)
            for name, lift in brought.items():
                wanted[source[name]] = settings.source * lift * mass
        role_only = not learned and not any(weight > 0 for weight in reader.topics.values())
        if not wanted or fallback or (settings.fallback and role_only):
            wanted |= _fallback(reader, affinities)
        likes.add(wanted)
        dislikes.add(
            {rows["history"][story]: weight for story, weight in unwanted.items()}
            if unwanted
            else _NO_ROW
        )
        muted.append(unloved)
        answered.append(tuple({action.story: None for action in history}) if history else ())
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


class _Stated:
    """What readers of a chunk stated: rows of topics and roles with their weights. Names and sets
    of roles that several of them have are looked up once."""

    def __init__(self, affinities: Affinities, settings: ProfileSettings) -> None:
        self._affinities, self._share_of_roles = affinities, settings.role
        self._topics: dict[str, int] = {}
        self._roles: dict[tuple[str, ...], list[int]] = {}

    def of(self, reader: Reader) -> tuple[dict[int, float], tuple[str, ...]]:
        """Rows of stated topics and roles with their weights, and the topics (canonical) that must
        stay out."""
        wanted: dict[int, float] = {}
        unloved: tuple[str, ...] = ()
        strongest = 0.0
        for name, weight in reader.topics.items():
            if weight > 0:
                row = self._topics.get(name)
                if row is None:
                    row = self._topic(name)
                if weight > wanted.get(row, 0.0):
                    wanted[row] = weight
                    strongest = max(strongest, weight)
            elif weight < 0:
                unloved += (self._affinities.topics.canonical(name),)
        share = 1.0
        if wanted:
            share = self._share_of_roles
            wanted = {row: weight / strongest for row, weight in wanted.items()}
        if reader.roles:
            rows = self._roles.get(reader.roles)
            if rows is None:
                rows = self._rows_of(reader.roles)
            weight = share / len(rows) ** 0.5
            for row in rows:
                wanted[row] = weight
        return wanted, unloved

    def _topic(self, name: str) -> int:
        canonical = self._affinities.topics.canonical(name)
        row = self._topics[name] = self._affinities.rows["topic"][canonical]
        return row

    def _rows_of(self, roles: tuple[str, ...]) -> list[int]:
        of_role = self._affinities.rows["role"]
        canonical = dict.fromkeys(map(self._affinities.roles.canonical, roles))
        rows = self._roles[roles] = [of_role[role] for role in canonical]
        return rows


def _learned(
    history: Sequence[Action], affinities: Affinities, settings: ProfileSettings, now: datetime
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Stories (ids) that a reader answered with interest, and without, with their weights."""
    values = {"click": 1.0, "more": settings.more, "less": -settings.less}
    known = affinities.space.row
    total: dict[str, float] = {}
    for action in answers.valid(history):
        story, at = action.story, action.at
        if story not in known:
            continue
        weight = values[action.kind]
        if at is not None:
            age = max((now - at).total_seconds() / 86_400, 0.0)
            weight *= 0.5 ** (age / settings.click_half_life)
        total[story] = total.get(story, 0.0) + weight
    if min(total.values(), default=1.0) > 0:
        return total, _NO_STORY
    wanted = {story: weight for story, weight in total.items() if weight > 0}
    return wanted, {story: -weight for story, weight in total.items() if weight < 0}


class _Rows:
    """A CSR matrix while it grows, row by row."""

    def __init__(self) -> None:
        self._columns: list[int] = []
        self._values: list[float] = []
        self._starts = [0]

    def add(self, row: Mapping[int, float]) -> None:
        if row:
            self._columns += row
            self._values += row.values()
        self._starts.append(len(self._values))

    def matrix(self, width: int) -> sp.csr_array:
        values: npt.NDArray[np.float32] = np.array(self._values, dtype=np.float32)
        columns = np.array(self._columns, dtype=np.int32)
        starts = np.array(self._starts, dtype=np.int32)
        return sp.csr_array((values, columns, starts), shape=(len(starts) - 1, width))
