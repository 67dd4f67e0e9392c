"""A whole trial on a small world, and on the real readers where their data is at hand."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from recommender.articles import import_files
from recommender.articles.values import ParsedArticle
from recommender.datasets import files
from recommender.evaluation.baselines import Baselines
from recommender.evaluation.plot import draw
from recommender.evaluation.trial import OURS, Trial
from recommender.ranking.answers import liked
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import Action, Reader, Story
from recommender.vocabulary import starter

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
WORLD = [
    Story("s1", "s1", "s1", title="Roses in clay soil", summary="Compost helps.",
          topics={"Garden": 1.0}),
    Story("s2", "s2", "s2", title="Compost heaps", summary="Turning soil.", topics={"Garden": 1.0},
          published_at=NOW),
    Story("s3", "s3", "s3", title="Rook endgames", summary="Chess for evenings.",
          topics={"Chess": 1.0}),
    Story("d/1", "d", "1", title="Chess clocks", summary="Time trouble.", topics={"Chess": 1.0}),
    Story("d/2", "d", "2", title="Rain barrels", summary="Watering roses.", topics={"Garden": 1.0}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("recipe", "first"),
    [("newest", "s2"), ("topic overlap", "s3"), ("mean TF-IDF", "s3"), ("BM25", "s3"),
     ("linear SVM", "s3")],
)  # fmt: skip
def test_each_recipe_does_what_its_name_says(recipe: str, first: str) -> None:
    reader = Reader("r", (), {"Chess": 2}, (Action("d/1", "click"),))
    scores = Baselines(WORLD).all[recipe](reader)
    order = [WORLD[at].id for at in np.argsort(-scores, kind="stable")]
    assert next(story for story in order if story != "d/1") == first


def test_chance_is_the_same_on_every_run_and_differs_by_reader() -> None:
    recipes = Baselines(WORLD)
    assert (recipes.random(Reader("a")) == Baselines(WORLD).random(Reader("a"))).all()
    assert (recipes.random(Reader("a")) != recipes.random(Reader("b"))).any()


def test_a_trial_judges_every_system_on_the_same_readers() -> None:
    readers = [Reader("g", (), {"Garden": 3}), Reader("c", (), {"Chess": 3})]
    kept = {"g": {"s1": 1.0, "s2": 1.0}, "c": {"s3": 1.0, "d": 1.0}}
    outcomes = Trial(Ranker(WORLD), readers, kept, NOW).run()
    assert next(iter(outcomes)) == OURS
    assert len(outcomes) == 7
    for outcome in outcomes.values():
        for name, values in outcome.values.items():
            assert len(values) == 2, name
        assert outcome.values["repeats"].tolist() == [0, 0]
    assert outcomes[OURS].values["ndcg@5"].tolist() == pytest.approx([1, 1], abs=0.15)
    assert outcomes[OURS].coverage == 1


def test_a_digest_counts_once_for_its_article() -> None:
    readers = [Reader("c", (), {"Chess": 3})]
    [outcome] = Trial(Ranker(WORLD), readers, {"c": {"d": 1.0}}, NOW).run(baselines=False).values()
    assert outcome.values["recall@10"].tolist() == [1]


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    readers = [Reader("g", (), {"Garden": 3})]
    outcomes = Trial(Ranker(WORLD), readers, {"g": {"s1": 1.0}}, NOW).run()
    path = tmp_path / "p.png"
    estimates = {name: outcome.estimates()["ndcg@10"] for name, outcome in outcomes.items()}
    draw(path, estimates, metric="nDCG@10", readers=1)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize(("clicks", "least"), [(0, 0.125), (1, 0.136), (3, 0.220), (10, 0.335)])
def test_real_readers_get_what_they_kept(shared_data: Path, clicks: int, least: float) -> None:
    folder = shared_data / "data" / "citeulike"
    found = import_files.drafts([folder / "articles.jsonl"], NOW)
    catalogue = files.catalogue(item.draft for item in found if isinstance(item, ParsedArticle))
    subscribers = folder / f"subscribers-dev-{clicks}.jsonl"
    judged = (folder / f"relevant-dev-{clicks}.jsonl").read_text().splitlines()
    kept = {entry["subscriber"]: entry["relevant"] for entry in map(json.loads, judged)}
    lines = subscribers.read_bytes().splitlines()
    readers, wrong = files.readers(lines, 1, subscribers, catalogue.of_article)
    assert not wrong
    ranker = Ranker(
        catalogue.stories,
        vocabulary=starter.read(),
        co_clicks=[liked(reader.history) for reader in readers],
    )
    [outcome] = Trial(ranker, readers, kept, NOW).run(baselines=False).values()
    assert outcome.estimates()["ndcg@10"].mean >= least
