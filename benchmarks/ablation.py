"""What each ingredient of the ranking brings, on readers whose later choices are known.

Leaves out one ingredient at a time and prints nDCG@10 with its interval, and the paired difference
to the whole. Run: python benchmarks/ablation.py ARTICLES SUBSCRIBERS RELEVANT
"""

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from recommender.articles import sources
from recommender.articles.values import Found
from recommender.evaluation.trial import OURS, Outcome, Trial
from recommender.ranking import files
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import AffinitySettings, RankingSettings, TextSettings
from recommender.ranking.values import Vocabulary
from recommender.vocabulary import starter

NOW = datetime(2026, 11, 24, tzinfo=UTC)
WHOLE = RankingSettings()
PLAIN_FIELDS = dict.fromkeys(WHOLE.text.fields, 1.0)


def affinity(**changes: float) -> RankingSettings:
    return replace(WHOLE, affinity=replace(AffinitySettings(), **changes))


VARIANTS: dict[str, tuple[RankingSettings, bool, bool]] = {
    "all of it": (WHOLE, True, True),
    "no field weights": (replace(WHOLE, text=TextSettings(fields=PLAIN_FIELDS)), True, True),
    "single words only": (replace(WHOLE, text=TextSettings(ngrams=1)), True, True),
    "no shared topics": (affinity(labels=0.0), True, True),
    "no latent space": (affinity(latent=0.0), True, True),
    "no other readers": (WHOLE, False, True),
    "only read together": (affinity(alike=0.0), True, True),
    "only read alike": (affinity(together=0.0), True, True),
    "no noise taken off": (affinity(noise=0.0), True, True),
    "topics: label trusted fully": (affinity(tag=1e6), True, True),
    "topics: label as one witness": (affinity(tag=1.0), True, True),
    "topics: label not trusted": (affinity(tag=1e-6), True, True),
    "no vocabulary": (WHOLE, True, False),
}


def main(articles: Path, subscribers: Path, relevant: Path) -> None:
    found = sources.drafts([articles], NOW)
    catalogue = files.catalogue(item.draft for item in found if isinstance(item, Found))
    lines = subscribers.read_bytes().splitlines()
    readers, _ = files.readers(lines, 1, subscribers, catalogue.of_article)
    judged = map(json.loads, relevant.read_text("utf-8").splitlines())
    kept = {entry["subscriber"]: entry["relevant"] for entry in judged}
    clicked = [files.clicked(reader) for reader in readers]
    whole: Outcome | None = None
    print(f"{len(readers)} readers, {len(catalogue.stories)} stories")
    for name, (settings, with_crowd, with_vocabulary) in VARIANTS.items():
        ranker = Ranker(
            catalogue.stories,
            vocabulary=starter.read() if with_vocabulary else Vocabulary(),
            settings=settings,
            crowd=clicked if with_crowd else (),
        )
        outcome = Trial(ranker, readers, kept, NOW).run(baselines=False)[OURS]
        whole = whole or outcome
        mean = outcome.estimates()["ndcg@10"]
        change = outcome.ahead_of(whole, "ndcg@10")
        print(
            f"{name:<30}{mean.mean:8.4f} ({mean.low:.3f}–{mean.high:.3f})"
            f"   {change.mean:+.4f} ({change.low:+.4f} to {change.high:+.4f})",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
