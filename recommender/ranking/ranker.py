"""Joins the parts: stories and readers in, a ranked list with reasons for each reader out.

A ``Ranker`` is made once from the stories and then asked for chunk after chunk of readers. What a
reader gets depends on nothing but the stories, the settings, that reader, the time and the seed.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from recommender.errors import NotFoundError
from recommender.ranking import duplicates, features, profiles, reasons, scoring, selection
from recommender.ranking.affinities import Affinities
from recommender.ranking.profiles import Profiles
from recommender.ranking.scoring import EXCLUDED, Scores
from recommender.ranking.selection import NONE, Places
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import (
    Pick,
    Ranking,
    Reader,
    Reason,
    ReasonKind,
    RunnerUp,
    Story,
    Vocabulary,
)

EXPLORED = 20
"""Stories the exploration slot draws from."""


class Ranker:
    """Ranks ``candidates``. ``archive`` is every story ever published: words get their weights
    from it, and readers' history is looked up in it. ``crowd`` is what each of other readers
    clicked (story ids): stories read by the same people are then near to each other."""

    def __init__(
        self,
        candidates: Sequence[Story],
        *,
        archive: Sequence[Story] = (),
        vocabulary: Vocabulary | None = None,
        settings: RankingSettings | None = None,
        crowd: Iterable[Sequence[str]] = (),
    ) -> None:
        self.settings = settings or RankingSettings()
        known = {story.id: story for story in (*archive, *candidates)}
        self._stories = [known[story] for story in sorted(known)]
        self.candidates = sorted({s.id: s for s in candidates}.values(), key=_newest_first)
        self._column = {story.id: at for at, story in enumerate(self.candidates)}
        self._space = features.build(self._stories, self.settings.text)
        self.affinities = Affinities(
            self._space,
            self._stories,
            self.candidates,
            vocabulary or Vocabulary(),
            self.settings.affinity,
            crowd,
        )
        rows = np.array([self._space.row[s.id] for s in self.candidates], dtype=np.int64)
        self._shelf = selection.Shelf(
            self._space.vectors[rows],
            selection.sources([story.article for story in self.candidates]),
            selection.sources([story.source for story in self.candidates]),
        )
        self._duplicates = duplicates.find(
            self._space, self._stories, self.candidates, self.settings.duplicate
        )
        self._titles = reasons.title_of(self._stories)
        self._carriers: dict[str, npt.NDArray[np.bool_]] = {}

    def rank(
        self,
        readers: Sequence[Reader],
        *,
        now: datetime,
        top: int,
        seed: int | str = 0,
        as_issue: bool = True,
        exclude: Collection[str] = (),
        runners_up: int = 0,
    ) -> list[Ranking]:
        """A ranking for each of ``readers``, in their order, of at most ``top`` picks.

        ``as_issue``: the rules of a list hold (floor, near-duplicates, caps, diversity,
        calibration, must-read, exploration); without it relevance alone orders, and only muted
        topics and stories of the reader's history are left out. ``exclude`` holds ids of stories
        nobody gets. ``runners_up`` asks for so many of the best that were not chosen, with why.
        """
        if not self.candidates or not readers or top < 1:
            return [Ranking(reader.id, ()) for reader in readers]
        profile, scores, factors = self._scored(readers, now, as_issue, exclude)
        if as_issue:
            places, special = self._issue(readers, profile, scores, top, seed)
        else:
            places, special = selection.best(np.where(scores > 0, scores, EXCLUDED), top), {}
        rankings = [
            Ranking(
                reader.id,
                tuple(
                    self._pick(
                        profile, scores, factors, row, int(at), position, special.get((row, int(at)))
                    )
                    for position, at in enumerate(places[row][places[row] != NONE], 1)
                ),
            )
            for row, reader in enumerate(readers)
        ]
        if not runners_up:
            return rankings
        others = [
            self._others(scores[row], ranking, runners_up) for row, ranking in enumerate(rankings)
        ]
        return [
            replace(
                ranking,
                runners_up=self.explain(
                    reader, ids, now=now, top=top, seed=seed, as_issue=as_issue, exclude=exclude
                ),
            )
            for reader, ids, ranking in zip(readers, others, rankings, strict=True)
        ]

    def explain(
        self,
        reader: Reader,
        stories: Sequence[str],
        *,
        now: datetime,
        top: int,
        seed: int | str = 0,
        as_issue: bool = True,
        exclude: Collection[str] = (),
    ) -> tuple[RunnerUp, ...]:
        """Why each of ``stories`` (ids) is chosen for ``reader``, or why it is not.

        Raises NotFoundError for a story that is no candidate.
        """
        for story in stories:
            if story not in self._column:
                raise NotFoundError(f"the story {story!r} is not among those that can be chosen now")
        [ranking] = self.rank(
            [reader], now=now, top=top, seed=seed, as_issue=as_issue, exclude=exclude
        )
        profile, scores, factors = self._scored([reader], now, as_issue, exclude)
        found = []
        for story in stories:
            at = self._column[story]
            why = self._why(reader, profile, scores[0], ranking, at, exclude, as_issue)
            plain = self._unfiltered(profile, factors, at)
            pick = self._pick(profile, plain, factors, 0, at, 0, None)
            found.append(RunnerUp(story, pick.score, why, pick.reasons))
        return tuple(found)

    def _scored(
        self, readers: Sequence[Reader], now: datetime, as_issue: bool, exclude: Collection[str]
    ) -> tuple[Profiles, Scores, npt.NDArray[np.float32]]:
        self.affinities.trim()
        profile = profiles.build(readers, self.affinities, self.settings.profile, now)
        factors = scoring.freshness(self.candidates, self.settings.freshness, now)
        scores = scoring.score(profile, self.affinities.values, factors)
        repeats = self._repeats if as_issue else self._itself
        scoring.exclude(scores, profile, self._carrying, repeats)
        for story in exclude:
            scores[:, self._itself(story)] = EXCLUDED
        return profile, scores, factors

    def _unfiltered(
        self, profile: Profiles, factors: npt.NDArray[np.float32], at: int
    ) -> Scores:
        scores = np.zeros((1, len(self.candidates)), dtype=np.float32)
        scores[0, at] = scoring.score(profile, self.affinities.values, factors)[0, at]
        return scores

    def _carrying(self, topic: str) -> npt.NDArray[np.bool_]:
        if topic not in self._carriers:
            self._carriers[topic] = self.affinities.carriers(topic)
        return self._carriers[topic]

    def _itself(self, story: str) -> npt.NDArray[np.int64]:
        at = self._column.get(story)
        return np.array([] if at is None else [at], dtype=np.int64)

    def _repeats(self, story: str) -> npt.NDArray[np.int64]:
        """Candidates near-identical to a story of the archive, with their whole clusters."""
        row = self._space.row.get(story)
        if row is None:
            return np.array([], dtype=np.int64)
        twins = self._duplicates.twins
        direct = twins.indices[twins.indptr[row] : twins.indptr[row + 1]]
        found = {m for c in direct for m in self._duplicates.members[self._duplicates.cluster[c]]}
        return np.array(sorted(found), dtype=np.int64)

    def _issue(
        self, readers: Sequence[Reader], profile: Profiles, scores: Scores, top: int, seed: int | str
    ) -> tuple[Places, dict[tuple[int, int], tuple[ReasonKind, float, float | None]]]:
        shown = np.where(self._duplicates.shown, scores, EXCLUDED)
        special: dict[tuple[int, int], tuple[ReasonKind, float, float | None]] = {}
        seated = self._must_reads(shown)
        places = selection.issue(
            shown, self._shelf, self.settings, top, seated=None if seated is None else seated
        )
        for row, reader in enumerate(readers):
            if seated is not None and seated[row] != NONE:
                score = float(scores[row, seated[row]])
                special[row, int(seated[row])] = ("must_read", self._lift(score), None)
                places[row] = _second(places[row])
            if self.settings.explore and top >= 5 and places[row, -1] != NONE:
                self._explore(shown, places, row, f"{seed}/{reader.id}", special)
        return places, special

    def _lift(self, score: float) -> float:
        """What an editor's word or exploration adds to a story's own score to bring it in."""
        return score + max(self.settings.relevance_floor, 0.01)

    def _must_reads(self, shown: Scores) -> Places | None:
        """The newest must-read each reader may get, or NONE; None when there is none at all."""
        columns = [at for at, story in enumerate(self.candidates) if story.must_read]
        if not columns or not self.settings.must_read:
            return None
        allowed = shown[:, columns] >= 0
        first = allowed.argmax(axis=1)
        found: Places = np.where(allowed.any(axis=1), np.array(columns)[first], NONE).astype(np.int32)
        return found

    def _explore(
        self, shown: Scores, places: Places, row: int, seed: str,
        special: dict[tuple[int, int], tuple[ReasonKind, float, float | None]],
    ) -> None:
        listed = places[row]
        articles = set(self._shelf.articles[listed].tolist())
        floor = self.settings.relevance_floor
        pool = np.flatnonzero((shown[row] >= 0) & (shown[row] < floor))
        pool = np.array([at for at in pool if int(self._shelf.articles[at]) not in articles][:EXPLORED])
        if (row, int(listed[-1])) in special or len(pool) == 0:
            return
        digest = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()
        at = int(pool[int.from_bytes(digest[:8], "big") % len(pool)])
        places[row, -1] = at
        special[row, at] = ("explore", self._lift(float(shown[row, at])), 1 / len(pool))

    def _pick(
        self, profile: Profiles, scores: Scores, factors: npt.NDArray[np.float32], row: int, at: int,
        position: int, special: tuple[ReasonKind, float, float | None] | None,
    ) -> Pick:
        span = slice(profile.likes.indptr[row], profile.likes.indptr[row + 1])
        columns = profile.likes.indices[span]
        parts = profile.likes.data[span] * self.affinities.values[columns, at]
        own = max(float(scores[row, at]), 0.0)
        total = float(parts.sum()) * float(factors[at])
        lift = 0.0 if special is None else special[1]
        bonus = None
        if special is not None:
            bonus = (special[0], lift * total / own if own > 0 else lift)
        found: tuple[Reason, ...] = reasons.explain(
            [self.affinities.interest(int(column)) for column in columns],
            parts.tolist(),
            factor=float(factors[at]),
            story=at,
            affinities=self.affinities,
            titles=self._titles,
            bonus=bonus,
        )
        also = tuple(self.candidates[other].id for other in self._duplicates.also(at))
        return Pick(
            story=self.candidates[at].id,
            position=position,
            score=own + lift,
            reasons=found,
            also=also,
            propensity=None if special is None else special[2],
        )

    def _others(self, scores: npt.NDArray[np.float32], ranking: Ranking, most: int) -> list[str]:
        chosen = {pick.story for pick in ranking.picks}
        order = selection.best(scores[None, :], most + len(chosen))[0]
        ids = [self.candidates[at].id for at in order if at != NONE]
        return [story for story in ids if story not in chosen][:most]

    def _why(
        self, reader: Reader, profile: Profiles, scores: npt.NDArray[np.float32], ranking: Ranking,
        at: int, exclude: Collection[str], as_issue: bool,
    ) -> str:
        story = self.candidates[at]
        for pick in ranking.picks:
            if pick.story == story.id:
                return f"chosen, at position {pick.position}"
        if story.id in exclude:
            return "left out of this issue for everybody"
        for topic in profile.muted[0]:
            if self._carrying(topic)[at]:
                return f"about {self.affinities.topics.shown(topic)}, which this reader muted"
        if story.id in profile.answered[0]:
            return "this reader had it before"
        if scores[at] < 0:
            return "nearly the same as a story this reader had before"
        if not as_issue:
            return "others score higher" if scores[at] > 0 else "nothing ties it to this reader"
        return self._why_not_listed(scores, ranking, at)

    def _why_not_listed(
        self, scores: npt.NDArray[np.float32], ranking: Ranking, at: int
    ) -> str:
        shown = self._duplicates.members[self._duplicates.cluster[at]][0]
        if shown != at:
            return f"nearly the same as “{self.candidates[shown].title}”, which stands for it"
        floor = self.settings.relevance_floor
        if scores[at] < floor:
            return f"scores {scores[at]:.3f}, below the relevance floor of {floor:g}"
        listed = [self.candidates[self._column[pick.story]] for pick in ranking.picks]
        story = self.candidates[at]
        if sum(s.article == story.article for s in listed) >= self.settings.max_per_article:
            return f"{self.settings.max_per_article} stories of the same digest are in already"
        cap = self.settings.max_per_source
        if cap is not None and sum(s.source == story.source for s in listed) >= cap:
            return f"{cap} stories of the same source are in already"
        least = min((pick.score for pick in ranking.picks), default=0.0)
        if scores[at] > least:
            return "too like what is in already, or its topic has its share"
        return "others score higher"


def _newest_first(story: Story) -> tuple[float, str]:
    return (-(story.published_at.timestamp()) if story.published_at else float("inf"), story.id)


def _second(places: Places) -> Places:
    """The list with its first two places swapped: relevance leads, the must-read follows."""
    if len(places) > 1 and places[1] != NONE:
        places[[0, 1]] = places[[1, 0]]
    return places
