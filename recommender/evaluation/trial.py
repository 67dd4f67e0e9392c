"""One trial: our ranking and the baselines, over the same readers, stories and judgements."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from recommender.evaluation import metrics
from recommender.evaluation.baselines import Baselines
from recommender.evaluation.intervals import Estimate, bootstrap
from recommender.ranking import words
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import ListRequest, Reader

OURS = "newsletter"
PER_READER = (
    "ndcg@5", "ndcg@10", "mrr", "recall@10", "diversity", "calibration", "novelty", "repeats",
)  # fmt: skip
BLOCK = 500


@dataclass(frozen=True)
class Outcome:
    """What one system achieved: ``values`` holds each metric for each reader (NaN where it does
    not apply), ``coverage`` concerns all lists together."""

    values: Mapping[str, npt.NDArray[np.float64]]
    coverage: float

    def estimates(self) -> dict[str, Estimate]:
        found = {name: bootstrap(values) for name, values in self.values.items()}
        # Coverage is a fact about all lists at once: resampling readers would only lower it.
        return {**found, "coverage": Estimate(self.coverage, self.coverage, self.coverage)}

    def ahead_of(self, other: "Outcome", name: str) -> Estimate:
        """By how much this system's mean is higher, reader by reader."""
        return bootstrap(self.values[name] - other.values[name])


@dataclass(frozen=True)
class Trial:
    """Readers, what they kept (by reader id: article → grade), and all there is to choose from."""

    ranker: Ranker
    readers: Sequence[Reader]
    kept: Mapping[str, Mapping[str, float]]
    now: datetime
    top: int = 10
    as_issue: bool = False

    def run(
        self, *, baselines: bool = True, progress: Callable[[int], None] = lambda _: None
    ) -> dict[str, Outcome]:
        """Outcomes by system, ours first."""
        judge = _Judge(self)
        outcomes = {OURS: judge.outcome(self._ours(progress))}
        if baselines:
            recipes = Baselines(self.ranker.candidates)
            done = len(self.readers)
            for name, score in recipes.all.items():
                lists = []
                for reader in self.readers:
                    lists.append(self._best(score, reader))
                    done += 1
                    progress(done)
                outcomes[name] = judge.outcome(lists)
        return outcomes

    def steps(self, *, baselines: bool) -> int:
        """What ``progress`` counts up to."""
        return len(self.readers) * (7 if baselines else 1)

    def _ours(self, progress: Callable[[int], None]) -> list[list[int]]:
        lists: list[list[int]] = []
        for start in range(0, len(self.readers), BLOCK):
            block = self.readers[start : start + BLOCK]
            found = self.ranker.ranked(
                block, ListRequest(now=self.now, top=self.top, as_issue=self.as_issue)
            )
            own: list[list[int]] = [[] for _ in block]
            for row, story in zip(found.readers.tolist(), found.stories.tolist(), strict=True):
                own[row].append(story)
            lists += own
            progress(len(lists))
        return lists

    def _best(
        self, score: Callable[[Reader], npt.NDArray[np.float64]], reader: Reader
    ) -> list[int]:
        scores = np.array(score(reader), dtype=np.float64)
        for action in reader.history:
            at = self.ranker.column.get(action.story)
            if at is not None:
                scores[at] = -np.inf
        order = np.argsort(-scores, kind="stable")[: self.top]
        return [int(at) for at in order if np.isfinite(scores[at])]


class _Judge:
    """Judges lists of candidates (numbers), one for each reader of a trial."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        stories = trial.ranker.candidates
        self._articles = [story.article for story in stories]
        self._topics = [{_fold(topic) for topic in story.topics} for story in stories]
        texts = [f"{story.title} {story.summary}" for story in stories]
        hashed = HashingVectorizer(analyzer=words.tokens, alternate_sign=False)
        self._vectors = TfidfTransformer().fit_transform(hashed.transform(texts)).tocsr()
        of = {story.id: story.article for story in stories}
        self._seen = [
            {of.get(action.story, action.story) for action in reader.history}
            for reader in trial.readers
        ]
        self._readers_of = Counter(article for seen in self._seen for article in seen)

    def outcome(self, lists: Sequence[Sequence[int]]) -> Outcome:
        rows = [self._values(number, ranked) for number, ranked in enumerate(lists)]
        articles = [self._once(ranked) for ranked in lists]
        return Outcome(
            {name: np.array([row[name] for row in rows]) for name in PER_READER},
            metrics.coverage(articles, len(set(self._articles))),
        )

    def _values(self, number: int, ranked: Sequence[int]) -> dict[str, float]:
        reader = self._trial.readers[number]
        grades = self._trial.kept[reader.id]
        articles = self._once(ranked)
        stated = {_fold(topic): weight for topic, weight in reader.topics.items()}
        listed = self._vectors[list(ranked)]
        # Only the columns that occur: the space of hashed words has a million.
        vectors = listed[:, np.unique(listed.indices)].toarray()
        return {
            "ndcg@5": metrics.ndcg(articles, grades, 5),
            "ndcg@10": metrics.ndcg(articles, grades, 10),
            "mrr": metrics.reciprocal_rank(articles, grades),
            "recall@10": metrics.recall(articles, grades, 10),
            "diversity": metrics.diversity(vectors),
            "calibration": metrics.calibration(stated, [self._topics[at] for at in ranked]),
            "novelty": metrics.novelty(articles, self._readers_of, len(self._trial.readers)),
            "repeats": metrics.repeats(articles, self._seen[number]),
        }

    def _once(self, ranked: Sequence[int]) -> list[str]:
        """The articles of a list of stories, each at its first place."""
        return list(dict.fromkeys(self._articles[at] for at in ranked))


def _fold(name: str) -> str:
    return " ".join(name.casefold().split())
