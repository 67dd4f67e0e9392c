"""Joins the parts: stories and readers in, a ranked list with reasons for each reader out.

A ``Ranker`` is made once from the stories and then asked for chunk after chunk of readers. What a
reader gets depends on nothing but the stories, the settings, that reader, the time and the seed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.errors import NotFoundError
from recommender.ranking import (
    answers,
    duplicates,
    features,
    reason_phrases,
    selection,
    slates,
    why_not_chosen,
)
from recommender.ranking import reasons as because
from recommender.ranking.affinities import Affinities, Archive
from recommender.ranking.calibration import Shares
from recommender.ranking.profiles import Profiles
from recommender.ranking.ranked_chunk import RankedChunk
from recommender.ranking.reader_scores import ReaderScores
from recommender.ranking.scoring import EXCLUDED, Scores
from recommender.ranking.selection import NONE
from recommender.ranking.settings import RankingSettings
from recommender.ranking.slates import Slates
from recommender.ranking.values import (
    ListRequest,
    Pick,
    Ranking,
    Reader,
    RunnerUp,
    Story,
    Vocabulary,
)
from recommender.ranking.vocabulary_index import VocabularyIndex

BLAS_THREADS = 1
"""Rankers stand beside each other, one for each core, and threads of BLAS wait for each other
spinning: where others wanted the cores, too, a ranker of 500 stories took six seconds to make
instead of a quarter of one."""


class Ranker:
    """Ranks ``candidates``. ``archive`` is every story ever published: words get their weights
    from it, and readers' history is looked up in it. ``co_clicks`` is what each of other readers
    clicked (story ids): stories read by the same people are then near to each other;
    ``others_roles`` has the roles of each of them.

    From then on the process does linear algebra on one thread (``BLAS_THREADS``)."""

    def __init__(
        self,
        candidates: Sequence[Story],
        *,
        archive: Sequence[Story] = (),
        vocabulary: Vocabulary | None = None,
        settings: RankingSettings | None = None,
        co_clicks: Iterable[Sequence[str]] = (),
        others_roles: Sequence[Sequence[str]] = (),
    ) -> None:
        threadpool_limits(BLAS_THREADS, "blas")
        self.settings = settings or RankingSettings()
        by_id = {story.id: story for story in (*archive, *candidates)}
        stories = sorted(by_id.values(), key=_name)
        self.candidates = sorted({s.id: s for s in candidates}.values(), key=_newest_first)
        known_names = vocabulary or Vocabulary()
        topics = VocabularyIndex(known_names.topics, self.settings.vocabulary)
        roles = VocabularyIndex(known_names.roles, self.settings.vocabulary)
        labels = [*topics.all_texts(), *roles.all_texts()]
        self._space = features.build(stories, self.settings.text, labels)
        archive_texts = Archive(self._space, stories, self.candidates, topics, roles)
        self.affinities = Affinities(archive_texts, self.settings, co_clicks, others_roles)
        rows = np.array([self._space.row[s.id] for s in self.candidates], dtype=np.int64)
        self.duplicates = duplicates.find(self._space, stories, self.candidates, self.settings)
        self._scores = ReaderScores(
            self.candidates, self._space.row, self.affinities, self.duplicates, self.settings
        )
        self.column = self._scores.column
        self._pool = slates.CandidatePool(
            selection.CandidateFeatures(
                self._space.vectors[rows],
                selection.numbers([story.article for story in self.candidates]),
                selection.numbers([story.source for story in self.candidates]),
            ),
            self.candidates,
            self._scores.shown,
            self.settings,
        )
        self.phrases = reason_phrases.Phrases(
            self.affinities, {s.id: s.title for s in stories}, len(self.candidates)
        )
        self.also = [
            tuple(self.candidates[other].id for other in self.duplicates.also(at))
            for at in range(len(self.candidates))
        ]

    def rank(
        self, readers: Sequence[Reader], request: ListRequest, *, runners_up: int = 0
    ) -> list[Ranking]:
        """A ranking for each of ``readers``, in their order. ``runners_up`` asks for so many of
        the best that were not chosen, with why."""
        chunk = self.ranked(readers, request)
        picks = self._picks(chunk)
        starts = np.searchsorted(chunk.readers, np.arange(len(readers) + 1))
        rankings = [
            Ranking(reader.id, tuple(picks[starts[row] : starts[row + 1]]))
            for row, reader in enumerate(readers)
        ]
        if not runners_up:
            return rankings
        return [
            replace(
                ranking,
                runners_up=self.explain(
                    reader, self._others(reader, ranking, runners_up, request), request
                ),
            )
            for reader, ranking in zip(readers, rankings, strict=True)
        ]

    def ranked(self, readers: Sequence[Reader], request: ListRequest) -> RankedChunk:
        """The same as ``rank``, as columns: for those who rank readers by the million."""
        ids = [reader.id for reader in readers]
        if not self.candidates or not readers or request.top < 1:
            return RankedChunk.empty(ids)
        self.affinities.trim()
        scored = self._scores.score(readers, request)
        profile, factors, scores = scored.profiles, scored.factors, scored.scores
        slate = self._slates(readers, profile, scores, request)
        rows, at = np.nonzero(slate.places != NONE)
        stories = slate.places[rows, at]
        own = np.maximum(scores[rows, stories], 0.0).astype(np.float64)
        lifts = slate.lifts[rows, at]
        relative = np.divide(lifts, own, out=lifts.copy(), where=own > 0)
        chosen = because.ChosenStories(
            rows, stories, factors[stories], relative, slate.lifted_by[rows, at]
        )
        return RankedChunk(
            ids,
            rows,
            stories,
            at + 1,
            own + lifts,
            slate.propensities[rows, at],
            because.parts(
                profile.likes, self.affinities.values, chosen, self.settings.least_reason
            ),
            *slate.varied(rows, at),
        )

    def compared(
        self, readers: Sequence[Reader], requests: Sequence[ListRequest]
    ) -> list[list[list[int]]]:
        """For each of ``requests``, which differ in nothing that scores depend on, the stories
        (columns) of each reader, in order. Readers are scored once for all of them."""
        if not self.candidates or not readers or not requests:
            return [[[] for _ in readers] for _ in requests]
        self.affinities.trim()
        scored = self._scores.score(readers, requests[0])
        found = []
        for request in requests:
            slate = self._slates(readers, scored.profiles, scored.scores.copy(), request)
            found.append([[at for at in row if at != NONE] for row in slate.places.tolist()])
        return found

    def explain(
        self, reader: Reader, stories: Sequence[str], request: ListRequest
    ) -> tuple[RunnerUp, ...]:
        """Why each of ``stories`` (ids) is chosen for ``reader``, or why it is not, with the parts
        of the score it has on its own.

        Raises NotFoundError for a story that is no candidate.
        """
        for story in stories:
            if story not in self.column:
                raise NotFoundError(
                    f"the story {story!r} is not among those that can be chosen now"
                )
        [ranking] = self.rank([reader], request)
        scored = self._scores.score([reader], request)
        profile, factors, scores = scored.profiles, scored.factors, scored.scores[0]
        plain = self._scores.plain(scored)[0]
        columns = np.array([self.column[story] for story in stories], dtype=np.int32)
        reasons_of = reason_phrases.reasons(
            because.parts(
                profile.likes,
                self.affinities.values,
                because.ChosenStories.of_one_reader(columns, factors),
                self.settings.least_reason,
            ),
            columns,
            self.phrases,
        )
        pool = why_not_chosen.CandidatePool(
            self.candidates,
            self.column,
            self.duplicates,
            self.affinities.topics,
            self.settings,
            self._scores.carrying,
            self._scores.languages,
        )
        reader_list = why_not_chosen.ReaderList(pool, reader, ranking, profile, scores, request)
        return tuple(
            RunnerUp(story, float(plain[at]), why_not_chosen.why(reader_list, at), reasons)
            for story, at, reasons in zip(stories, columns.tolist(), reasons_of, strict=True)
        )

    def nearest(self, stories: Sequence[str], most: int) -> list[tuple[Story, float]]:
        """At most so many candidates that are like one of ``stories`` (ids in the archive), the
        likest first, and how like."""
        if not stories or not self.candidates:
            return []
        rows = [self.affinities.rows["history"][story] for story in stories]
        similarity = self.affinities.values[rows].max(axis=0)
        # Of tellings of one event the one that is shown stands for all.
        clusters = self.duplicates.members
        likest = [float(similarity[list(members)].max()) for members in clusters]
        similarity = np.zeros_like(similarity)
        similarity[[members[0] for members in clusters]] = likest
        order = np.argsort(-similarity, kind="stable")[:most].tolist()
        return [(self.candidates[at], float(similarity[at])) for at in order if similarity[at] > 0]

    def _slates(
        self, readers: Sequence[Reader], profile: Profiles, scores: Scores, request: ListRequest
    ) -> Slates:
        if not request.as_issue:
            positive = np.where(scores > 0, scores, EXCLUDED)
            return slates.plain(selection.best(positive, request.top))
        shares = None
        if self.settings.calibration:
            shares = Shares.of_strongest(
                profile.likes, self.affinities.values, self.settings.calibrated_interests
            )
        ids, theirs = [one.id for one in readers], [one.segments for one in readers]
        stated = self.affinities.stated
        answered = np.array([bool(one.history and answers.liked(one.history)) for one in readers])
        asked = slates.SlateRequest(ids, theirs, scores, shares, request, stated, answered)
        return slates.fill(self._pool, asked)

    def _picks(self, chunk: RankedChunk) -> list[Pick]:
        return [
            Pick(
                story=self.candidates[at].id,
                position=position,
                score=score,
                reasons=reasons,
                also=self.also[at],
                propensity=None if np.isnan(propensity) else propensity,
                places=places,
            )
            for at, position, score, reasons, propensity, places in zip(
                chunk.stories.tolist(),
                chunk.positions.tolist(),
                chunk.scores.tolist(),
                reason_phrases.reasons(chunk.parts, chunk.stories, self.phrases),
                chunk.propensities.tolist(),
                chunk.places(),
                strict=True,
            )
        ]

    def _others(
        self, reader: Reader, ranking: Ranking, most: int, request: ListRequest
    ) -> list[str]:
        chosen = {pick.story for pick in ranking.picks}
        scores = self._scores.plain(self._scores.score([reader], request))
        order = selection.best(scores, most + len(chosen))[0]
        ids = [self.candidates[at].id for at in order if at != NONE]
        return [story for story in ids if story not in chosen][:most]


def _name(story: Story) -> tuple[str, str, str]:
    """What puts stories in order: their names, which are the same in a store and in files."""
    return (story.article, story.key, story.id)


def _newest_first(story: Story) -> tuple[float, tuple[str, str, str]]:
    age = -(story.published_at.timestamp()) if story.published_at else float("inf")
    return (age, _name(story))
