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
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


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
    likes, muted, with_topics = _stated(readers, affinities, settings)
    dislikes = _Weights(len(readers))
    answering = _learn(readers, likes, dislikes, affinities, settings, now)
    others = likes.counts() == 0
    if settings.fallback:
        others |= ~with_topics & ~answering
    for at in range(len(readers)) if fallback else np.flatnonzero(others).tolist():
        likes.add_row(at, _fallback(readers[at], affinities))
    answered = [
        tuple({action.story: None for action in reader.history}) if reader.history else ()
        for reader in readers
    ]
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


class _Weights:
    """Weights of interests for so many ``readers``, collected as columns, part after part. Those
    of one reader keep the order in which they came."""

    def __init__(self, readers: int) -> None:
        self._readers = readers
        self._parts: list[tuple[Integers, Integers, Floats]] = []
        self._rows: tuple[list[int], list[int], list[float]] = ([], [], [])

    def add(self, readers: Integers, interests: Integers, weights: Floats) -> None:
        """A part of many readers."""
        self._parts.append((readers, interests, weights))

    def add_row(self, reader: int, weights: Mapping[int, float]) -> None:
        """More weights of one reader, by interest; they come after all parts."""
        readers, interests, values = self._rows
        readers += [reader] * len(weights)
        interests += weights
        values += weights.values()

    def sums(self) -> Floats:
        """The sum of each reader's weights."""
        readers, _, weights = self._joined()
        return np.asarray(np.bincount(readers, weights, self._readers), dtype=np.float64)

    def counts(self) -> Integers:
        """How many weights each reader has."""
        counts: Integers = np.bincount(self._joined()[0], minlength=self._readers)
        return counts

    def matrix(self, width: int) -> sp.csr_array:
        """Readers × interests."""
        readers, interests, weights = self._joined()
        order = np.argsort(readers, kind="stable")
        starts = np.concatenate([[0], np.cumsum(self.counts())]).astype(np.int32)
        return sp.csr_array(
            (weights[order].astype(np.float32), interests[order].astype(np.int32), starts),
            shape=(self._readers, width),
        )

    def _joined(self) -> tuple[Integers, Integers, Floats]:
        readers, interests, weights = self._rows
        single = (
            np.array(readers, np.int64),
            np.array(interests, np.int64),
            np.array(weights, np.float64),
        )
        columns = zip(*self._parts, single, strict=True)
        joined = [np.concatenate(column) for column in columns]
        return joined[0], joined[1], joined[2]


def _stated(
    readers: Sequence[Reader], affinities: Affinities, settings: ProfileSettings
) -> tuple[_Weights, list[tuple[str, ...]], npt.NDArray[np.bool_]]:
    """What readers stated: topics, the strongest of each with weight 1, and roles; the topics
    (canonical) that must stay out for each; and who named a topic at all."""
    names = [name for reader in readers for name in reader.topics]
    weights = np.array([w for reader in readers for w in reader.topics.values()], np.float64)
    owners = np.repeat(np.arange(len(readers)), [len(reader.topics) for reader in readers])
    muted: list[tuple[str, ...]] = [()] * len(readers)
    for at in np.flatnonzero(weights < 0).tolist():
        muted[owners[at]] += (affinities.topics.canonical(names[at]),)
    wanted = np.flatnonzero(weights > 0)
    row = {
        name: affinities.rows["topic"][affinities.topics.canonical(name)]
        for name in dict.fromkeys([names[at] for at in wanted.tolist()])
    }
    interests = np.array([row[names[at]] for at in wanted.tolist()], np.int64)
    found = _Weights(len(readers))
    owners, interests, weights = _strongest(owners[wanted], interests, weights[wanted])
    most = np.zeros(len(readers))
    np.maximum.at(most, owners, weights)
    found.add(owners, interests, weights / most[owners])
    found.add(*_roles(readers, affinities, np.where(most > 0, settings.role, 1.0)))
    return found, muted, most > 0


def _strongest(
    owners: Integers, interests: Integers, weights: Floats
) -> tuple[Integers, Integers, Floats]:
    """The same weights, each interest of an owner once: at its first place, with its most."""
    keys = owners * (int(interests.max(initial=0)) + 1) + interests
    unique, first, which = np.unique(keys, return_index=True, return_inverse=True)
    if len(unique) == len(keys):
        return owners, interests, weights
    most = np.zeros(len(unique))
    np.maximum.at(most, which, weights)
    kept = np.sort(first)
    return owners[kept], interests[kept], most[which[kept]]


def _roles(
    readers: Sequence[Reader], affinities: Affinities, shares: Floats
) -> tuple[Integers, Integers, Floats]:
    """Readers, interests and weights of all roles; of n roles each weighs ``shares`` / √n."""
    canonical, of_role = affinities.roles.canonical, affinities.rows["role"]
    rows = {
        roles: [of_role[role] for role in dict.fromkeys(map(canonical, roles))]
        for roles in dict.fromkeys([reader.roles for reader in readers])
    }
    theirs = [rows[reader.roles] for reader in readers]
    owners = np.repeat(np.arange(len(readers)), [len(own) for own in theirs])
    interests = np.array([row for own in theirs for row in own], np.int64)
    roots = np.array([len(own) ** 0.5 for own in theirs])
    return owners, interests, shares[owners] / roots[owners]


def _learn(
    readers: Sequence[Reader],
    likes: _Weights,
    dislikes: _Weights,
    affinities: Affinities,
    settings: ProfileSettings,
    now: datetime,
) -> npt.NDArray[np.bool_]:
    """Add what answers taught to ``likes``, which hold what was stated, and to ``dislikes``; who
    has answered with interest."""
    rows, tastes = affinities.rows, affinities.tastes.trust > 0
    stated, counts = likes.sums().tolist(), likes.counts().tolist()
    answering = np.zeros(len(readers), dtype=bool)
    for at, reader in enumerate(readers):
        if not reader.history:
            continue
        learned, unwanted = _learned(reader.history, affinities, settings, now)
        if unwanted:
            dislikes.add_row(at, {rows["history"][story]: w for story, w in unwanted.items()})
        if not learned:
            continue
        answering[at] = True
        learned_mass = sum(learned.values())
        mass = 1.0
        if counts[at]:
            mass = stated[at] * learned_mass / (learned_mass + settings.patience)
            mass *= settings.learned
        kind = rows["learned" if len(learned) >= settings.enough else "history"]
        wanted = {kind[story]: weight * mass / learned_mass for story, weight in learned.items()}
        if tastes:
            wanted[rows["crowd"][""]] = settings.promise * mass
        brought = affinities.sources.weights(learned, settings.source_patience)
        for name, lift in brought.items():
            wanted[rows["source"][name]] = settings.source * lift * mass
        likes.add_row(at, wanted)
    return answering


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
