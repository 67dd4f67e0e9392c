"""The weekly job replayed: for every week what was known before it, and its new stories to rank.

Readers' dated histories are cut at each Monday: what came before trains, and what readers answered
of the week's own stories, from then on, judges. Beside the ranker stand plain recipes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse as sp

from recommender.evaluation import metrics
from recommender.evaluation.baselines import Baselines
from recommender.evaluation.intervals import Estimate, clustered
from recommender.evaluation.trial import OURS
from recommender.ranking import answers
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import ListRequest, Reader, Story, Vocabulary

Scores = npt.NDArray[np.float64]
WEEK = timedelta(days=7)
LEAST = 5
"""New stories a week must have, and readers who answered one of them."""
EASE_PENALTY = 200.0
GRADES = {"click": 1.0, "more": 2.0}


@dataclass(frozen=True)
class Week:
    """A week that begins at ``start``: its new stories, every story before its end, all readers
    with their histories before it, and what readers answered of the new stories later."""

    start: datetime
    candidates: Sequence[Story]
    archive: Sequence[Story]
    readers: Sequence[Reader]
    kept: Mapping[str, Mapping[str, float]]


def weeks(stories: Sequence[Story], readers: Sequence[Reader]) -> Iterator[Week]:
    """The weeks in which enough happened, the earliest first; undated answers are left out."""
    dates = [story.published_at for story in stories if story.published_at is not None]
    if not dates:
        return
    first, last = min(dates), max(dates)
    monday = first - timedelta(days=first.weekday())
    start = monday.replace(hour=0, minute=0, second=0, microsecond=0) + WEEK
    while start <= last:
        week = _week(stories, readers, start)
        if min(len(week.candidates), len(week.kept)) >= LEAST:
            yield week
        start += WEEK


def _week(stories: Sequence[Story], readers: Sequence[Reader], start: datetime) -> Week:
    dated = [story for story in stories if story.published_at is not None]
    new = [s for s in dated if s.published_at and start <= s.published_at < start + WEEK]
    archive = [s for s in dated if s.published_at and s.published_at < start + WEEK]
    ids = {story.id for story in new}
    before, kept = [], {}
    for reader in readers:
        past = tuple([a for a in reader.history if a.at is not None and a.at < start])
        before.append(replace(reader, history=past))
        later = [a for a in answers.valid(reader.history) if a.story in ids]
        grades: dict[str, float] = {}
        for action in later:
            grade = GRADES.get(action.kind, 0.0)
            if grade and action.at is not None and action.at >= start:
                grades[action.story] = max(grade, grades.get(action.story, 0.0))
        if past and grades:
            kept[reader.id] = grades
    return Week(start, new, archive, before, kept)


@dataclass(frozen=True)
class Replay:
    """nDCG@10 of every system for every reader-week; ``readers`` says whose each is."""

    weeks: int
    readers: Sequence[str]
    values: Mapping[str, npt.NDArray[np.float64]]

    def estimates(self) -> dict[str, Estimate]:
        """Means over reader-weeks, with intervals over readers."""
        return {name: clustered(found, self.readers) for name, found in self.values.items()}

    def ahead(self, other: str) -> Estimate:
        """By how much ours is ahead of another system, reader-week by reader-week."""
        return clustered(self.values[OURS] - self.values[other], self.readers)


def replay(
    found: Sequence[Week],
    vocabulary: Vocabulary,
    settings: RankingSettings | None = None,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Replay:
    """Rank every week's new stories by our ranker and by the recipes."""
    readers: list[str] = []
    values: dict[str, list[float]] = {}
    for number, week in enumerate(found, 1):
        judged = [reader for reader in week.readers if reader.id in week.kept]
        readers += [reader.id for reader in judged]
        for name, lists in _lists(week, judged, vocabulary, settings).items():
            values.setdefault(name, []).extend(
                metrics.ndcg(ranked, week.kept[reader.id], 10)
                for reader, ranked in zip(judged, lists, strict=True)
            )
        progress(number)
    return Replay(len(found), readers, {name: np.array(row) for name, row in values.items()})


def _lists(
    week: Week, judged: Sequence[Reader], vocabulary: Vocabulary, settings: RankingSettings | None
) -> dict[str, list[list[str]]]:
    """Ten story ids for each reader, by system. Equal scores go to the newest."""
    crowd = [answers.liked(reader.history) for reader in week.readers]
    ranker = Ranker(
        week.candidates,
        archive=week.archive,
        vocabulary=vocabulary,
        settings=settings,
        co_clicks=crowd,
        others_roles=[reader.roles for reader in week.readers],
    )
    request = ListRequest(now=week.start, top=10, as_issue=False)
    ranked = ranker.rank(judged, request)
    lists = {OURS: [[pick.story for pick in ranking.picks] for ranking in ranked]}
    ids = [story.id for story in ranker.candidates]
    for name, score in _recipes(week, ranker.candidates, crowd).items():
        lists[name] = [
            [ids[at] for at in np.argsort(-score(reader), kind="stable")[:10].tolist()]
            for reader in judged
        ]
    return lists


def _recipes(
    week: Week, candidates: Sequence[Story], crowd: Sequence[Sequence[str]]
) -> dict[str, Callable[[Reader], Scores]]:
    row = {story.id: at for at, story in enumerate(week.archive)}
    columns = np.array([row[story.id] for story in candidates], dtype=np.int64)
    pairs = [(at, row[s]) for at, liked in enumerate(crowd) for s in liked if s in row]
    at, story = zip(*pairs, strict=True) if pairs else ((), ())
    read = sp.csr_array((np.ones(len(pairs)), (at, story)), shape=(len(crowd), len(row)))
    gram = (read.T @ read).toarray()
    popular = np.diag(gram).copy()
    knn = gram / np.sqrt(np.maximum(np.outer(popular, popular), 1.0))
    np.fill_diagonal(knn, 0.0)
    ease = _ease(gram)
    text = Baselines(week.archive)

    def together(likeness: Scores, reader: Reader) -> Scores:
        liked = [row[s] for s in answers.liked(reader.history) if s in row]
        found: Scores = likeness[liked][:, columns].sum(axis=0)
        return found

    return {
        "newest": lambda reader: text.newest(reader)[columns],
        "popularity": lambda _: popular[columns],
        "item-kNN": lambda reader: together(knn, reader),
        "EASE": lambda reader: together(ease, reader),
        "mean TF-IDF": lambda reader: text.mean_tfidf(reader)[columns],
    }


def _ease(gram: Scores) -> Scores:
    """The item weights of EASE (Steck, WWW 2019) from the stories' Gram matrix."""
    inverse = scipy.linalg.inv(gram + EASE_PENALTY * np.eye(len(gram)))
    weights: Scores = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights
