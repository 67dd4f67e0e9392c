"""What each ingredient of the ranking brings, on readers whose later choices are known.

For each file of readers, leaves out one ingredient at a time and prints nDCG@10 with its interval
and the paired difference to the whole; then, for groups of readers, how the whole does beside the
plainest good recipe, mean TF-IDF, and for how many it does worse. The folder holds articles.jsonl
and, for each number H of known clicks, subscribers-dev-H.jsonl and relevant-dev-H.jsonl.
Run: python benchmarks/ablation.py FOLDER [H ...]
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.articles import import_files
from recommender.articles.values import ParsedArticle
from recommender.datasets import files
from recommender.datasets.files import Catalogue
from recommender.evaluation import metrics
from recommender.evaluation.baselines import Baselines
from recommender.evaluation.intervals import bootstrap
from recommender.evaluation.trial import OURS, Outcome, Trial
from recommender.ranking import features
from recommender.ranking.answers import liked
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import ProfileSettings, RankingSettings, TextSettings
from recommender.ranking.values import Reader, Vocabulary
from recommender.vocabulary import starter

NOW = datetime(2026, 11, 24, tzinfo=UTC)
WHOLE = RankingSettings()
NEVER = 10**6


def affinity(**changes: float) -> RankingSettings:
    return replace(WHOLE, affinity=replace(WHOLE.affinity, **changes))  # type: ignore[arg-type]


def similarity(**changes: float) -> RankingSettings:
    return replace(WHOLE, similarity=replace(WHOLE.similarity, **changes))  # type: ignore[arg-type]


def enough(answers: int) -> RankingSettings:
    return replace(WHOLE, profile=ProfileSettings(enough=answers))


PLAIN_FIELDS = TextSettings(fields=dict.fromkeys(WHOLE.text.fields, 1.0))
ALWAYS = {
    "no weights of fields": replace(WHOLE, text=PLAIN_FIELDS),
    "single words only": replace(WHOLE, text=TextSettings(ngrams=1)),
    "no vocabulary": WHOLE,
}
STATED = {
    "trust a story's label fully": affinity(tag=1e6),
    "count the label as one witness": affinity(tag=1.0),
    "do not trust the label at all": affinity(tag=1e-6),
}
CLICKED = {
    "no other readers": WHOLE,
    "others: only read together": similarity(alike=0.0, alike_learned=0.0),
    "others: only read alike": similarity(together=0.0),
    "no shared topics": similarity(labels=0.0),
    "no latent space": similarity(latent=0.0, ridge=0.0),
    "no expansion": similarity(expansion=0.0),
    "no noise taken off": similarity(noise=0.0),
    "never the regression": enough(NEVER),
    "the regression from the first": enough(1),
}


@dataclass(frozen=True)
class Given:
    """Readers of one number of known clicks, and what they kept."""

    readers: Sequence[Reader]
    kept: Mapping[str, Mapping[str, float]]


def given(folder: Path, catalogue: Catalogue, clicks: str) -> Given:
    subscribers = folder / f"subscribers-dev-{clicks}.jsonl"
    lines = subscribers.read_bytes().splitlines()
    readers, _ = files.readers(lines, 1, subscribers, catalogue.of_article)
    judged = (folder / f"relevant-dev-{clicks}.jsonl").read_text("utf-8").splitlines()
    return Given(readers, {e["subscriber"]: e["relevant"] for e in map(json.loads, judged)})


def trial(catalogue: Catalogue, known: Given, name: str, settings: RankingSettings) -> Trial:
    co_clicks = [] if name == "no other readers" else [liked(r.history) for r in known.readers]
    vocabulary = Vocabulary() if name == "no vocabulary" else starter.read()
    ranker = Ranker(
        catalogue.stories, vocabulary=vocabulary, settings=settings, co_clicks=co_clicks
    )
    return Trial(ranker, known.readers, known.kept, NOW)


def ablate(catalogue: Catalogue, known: Given) -> tuple[Trial, Outcome]:
    """Print the table; the trial and the outcome of the whole."""
    clicked = any(reader.history for reader in known.readers)
    variants = {"nothing": WHOLE, **ALWAYS, **(CLICKED if clicked else STATED)}
    whole: tuple[Trial, Outcome] | None = None
    for name, settings in variants.items():
        made = trial(catalogue, known, name, settings)
        outcome = made.run(baselines=False)[OURS]
        whole = whole or (made, outcome)
        mean = outcome.estimates()["ndcg@10"]
        change = outcome.ahead_of(whole[1], "ndcg@10")
        print(
            f"  {name:<32}{mean.mean:.3f} ({mean.low:.3f}–{mean.high:.3f})"
            f"   {change.mean:+.4f} ({change.low:+.4f} to {change.high:+.4f})",
            flush=True,
        )
    if whole is None:
        raise RuntimeError("there is always the whole")
    return whole


def losses(made: Trial, outcome: Outcome) -> None:
    """Print how groups of readers fare beside mean TF-IDF."""
    recipes = Baselines(made.ranker.candidates)
    ids = [story.article for story in made.ranker.candidates]
    plain = []
    for reader in made.readers:
        scores = recipes.mean_tfidf(reader)
        scores[[made.ranker.column[action.story] for action in reader.history]] = -np.inf
        best = [ids[at] for at in np.argsort(-scores, kind="stable")[:10]]
        plain.append(metrics.ndcg(best, made.kept[reader.id], 10))
    ours, theirs = outcome.values["ndcg@10"], np.array(plain)
    print(f"  {'group':<32}{'readers':>8}{'ours':>8}{'plain':>8}   difference, share worse off")
    for name, chosen in groups(made).items():
        ahead = bootstrap((ours - theirs)[chosen])
        print(
            f"  {name:<32}{chosen.sum():>8}{ours[chosen].mean():8.3f}{theirs[chosen].mean():8.3f}"
            f"   {ahead.mean:+.3f} ({ahead.low:+.3f} to {ahead.high:+.3f})"
            f", {np.mean(ours[chosen] < theirs[chosen]):.0%}",
            flush=True,
        )


def groups(made: Trial) -> dict[str, npt.NDArray[np.bool_]]:
    """Readers by how much they kept, how alike it is, and how much of it carries no topic."""
    stories = made.ranker.candidates
    vectors = features.build(stories, WHOLE.text).vectors
    number, spread, bare = [], [], []
    for reader in made.readers:
        rows = [made.ranker.column[article] for article in made.kept[reader.id]]
        number.append(len(rows))
        spread.append(metrics.diversity(vectors[rows].toarray()))
        bare.append(np.mean([not stories[row].topics for row in rows]))
    found = {"all": np.ones(len(number), dtype=bool)}
    for what, values in (("kept", number), ("spread", spread), ("without topics", bare)):
        low, high = np.nanquantile(values, [1 / 3, 2 / 3])
        found[f"{what}: least third (≤ {low:.2f})"] = np.array(values) <= low
        found[f"{what}: most third (> {high:.2f})"] = np.array(values) > high
    return found


def main(folder: Path, clicks: Sequence[str]) -> None:
    found = import_files.drafts([folder / "articles.jsonl"], NOW)
    catalogue = files.catalogue(item.draft for item in found if isinstance(item, ParsedArticle))
    for number in clicks:
        known = given(folder, catalogue, number)
        print(f"{number} clicks: {len(known.readers)} readers, {len(catalogue.stories)} stories")
        losses(*ablate(catalogue, known))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or ["0", "1", "3", "10"])
