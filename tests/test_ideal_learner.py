"""An ideal learner of the simulated year finds more, the more it is told (benchmarks/)."""

from datetime import timedelta

import numpy as np
import pytest

from benchmarks import ideal_learner
from benchmarks.simulated_readers import CLUSTERS, START, Readers, Stream, readers
from recommender.articles.values import ArticleDraft

WEEKS = 10


def fields_in_turn() -> Stream:
    """Every week one story of each field, and of nothing else."""
    weeks = [
        [
            ArticleDraft(
                key=f"{week}-{at}", title=f"{at}", summary=f"{at}", topics=(f"field {at}",),
                url="https://stories.example.org", published_at=START + timedelta(weeks=week),
            )
            for at in range(CLUSTERS)
        ]
        for week in range(WEEKS)
    ]  # fmt: skip
    about = {one.key: np.eye(CLUSTERS)[n] for week in weeks for n, one in enumerate(week)}
    return Stream(weeks, about, [f"field {at}" for at in range(CLUSTERS)])


def clicks(given: Stream, who: Readers, *, seen: bool, answer: bool) -> float:
    """Expected a copy in the second half."""
    found = ideal_learner.year(given, who, 1, horizon=6, top=6, clicks=seen, answer=answer)
    return float(found[:, WEEKS // 2 :].mean())


def test_it_finds_more_with_every_kind_of_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ideal_learner, "PARTICLES", 300)
    given = fields_in_turn()
    who = readers(150, given.names, np.random.default_rng(1))
    nothing = clicks(given, who, seen=False, answer=False)
    alone = clicks(given, who, seen=False, answer=True)
    tracked = clicks(given, who, seen=True, answer=True)
    assert nothing < alone < tracked


def test_it_sends_first_what_a_reader_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ideal_learner, "PARTICLES", 300)
    given = fields_in_turn()
    first = Stream(given.weeks[:1], given.about, given.names)
    who = readers(60, given.names, np.random.default_rng(1))
    found = ideal_learner.year(first, who, 1, horizon=6, top=3, clicks=True, answer=True)
    told = {kind: found[np.array(who.classes) == kind].mean() for kind in who.classes}
    assert told["states all topics"] > 2 * told["states nothing"]
