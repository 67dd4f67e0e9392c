"""How well stories of one event are told from others that are near to them.

Reads groups of tellings (tellings_a.txt and tellings_c.txt, on which the weights of ``same_event``
were fitted, and tellings_b.txt, which judges), puts all stories into one archive, finds its
clusters and compares them pair by pair with the groups. Run: python benchmarks/tellings.py; with
--fit it prints weights learned from the groups for tuning, and how these do in groups left out.
"""

import argparse
import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from recommender.ranking import duplicates, features, same_event
from recommender.ranking.features import Space
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import Story
from recommender.ranking.vocabulary_index import VocabularyIndex
from recommender.vocabulary import starter

NOW = datetime(2026, 11, 2, tzinfo=UTC)
FOLDER = Path(__file__).parent
TUNED, JUDGES = ("a", "c"), ("b",)


@dataclass(frozen=True)
class Labelled:
    """Stories, and the event that each tells of."""

    stories: list[Story]
    events: list[str]
    groups: list[int]

    def same(self, one: int, other: int) -> bool:
        return self.events[one] == self.events[other]


def read(*names: str) -> Labelled:
    """The groups of files."""
    found = Labelled([], [], [])
    texts = [(FOLDER / f"tellings_{name}.txt").read_text(encoding="utf-8") for name in names]
    blocks = [block for text in texts for block in text.split("\n\n")[1:]]
    for group, block in enumerate(blocks):
        for number, line in enumerate(filter(None, block.splitlines())):
            days, outlet, title, summary = (part.strip() for part in line[1:].split("|", 3))
            name = f"{group:02}-{number}"
            found.stories.append(
                Story(
                    name, name, name, title=title, summary=summary, source=outlet,
                    published_at=NOW + timedelta(days=int(days)),
                )
            )  # fmt: skip
            found.events.append(f"{group}" if line[0] == "+" else name)
            found.groups.append(group)
    return found


def space_of(stories: list[Story]) -> Space:
    texts = VocabularyIndex(starter.read().topics).all_texts()
    return features.build(stories, RankingSettings().text, texts)


def counts(told: Labelled, clusters: np.ndarray) -> tuple[int, int, int, int]:
    """Pairs that are rightly and wrongly in one cluster, all that should be, and all of one group
    that should not."""
    right = wrong = every = hard = 0
    for one, other in itertools.combinations(range(len(told.stories)), 2):
        same, together = told.same(one, other), clusters[one] == clusters[other]
        every += same
        hard += not same and told.groups[one] == told.groups[other]
        right += same and together
        wrong += together and not same
    return right, wrong, every, hard


def judged(told: Labelled, clusters: np.ndarray) -> str:
    right, wrong, every, hard = counts(told, clusters)
    precision = right / max(right + wrong, 1)
    return (
        f"precision {precision:.3f} ({wrong} of {right + wrong} wrong), recall {right / every:.3f} "
        f"({right} of {every}); hard negatives: {hard}"
    )


def clusters(told: Labelled, settings: RankingSettings) -> np.ndarray:
    found = duplicates.find(space_of(told.stories), told.stories, told.stories, settings)
    return found.cluster


def fit(told: Labelled) -> None:
    space = space_of(told.stories)
    rows, columns, evidence = same_event.measured(space, told.stories, told.stories)
    number = {story.id: at for at, story in enumerate(told.stories)}
    of_row = {row: number[name] for name, row in space.row.items()}
    pairs = [
        (of_row[row], other) for row, other in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    once = np.array([one < other for one, other in pairs])
    same = np.array([told.same(one, other) for one, other in pairs])
    groups = np.array([told.groups[one] for one, _ in pairs])
    model = LogisticRegression(C=1.0, max_iter=5000)
    kept = cross_val_predict(
        model, evidence[once], same[once], groups=groups[once], cv=GroupKFold(10),
        method="decision_function",
    )  # fmt: skip
    order = np.argsort(-kept)
    precision = np.cumsum(same[once][order]) / np.arange(1, len(order) + 1)
    last = int(np.flatnonzero(precision >= 0.98)[-1])
    print(f"pairs left out: precision .98 down to odds {kept[order[last]]:.2f}, recall there "
          f"{np.cumsum(same[once][order])[last] / same[once].sum():.3f}")  # fmt: skip
    scores = dict(zip(itertools.compress(pairs, once), kept.tolist(), strict=True))
    original = same_event.compare

    def left_out(*_: object) -> same_event.Pairs:
        odds = [scores.get(pair, scores.get(pair[::-1], -3.0)) for pair in pairs]
        return same_event.Pairs(rows, columns, np.array(odds))

    same_event.compare = left_out  # type: ignore[assignment]
    for least in (0.5, 0.75, 0.9, 1.0, 1.5):
        settings = replace(RankingSettings(), same_event=least)
        print(f"clusters left out, odds {least}: {judged(told, clusters(told, settings))}")
    same_event.compare = original
    model.fit(evidence[once], same[once])
    for name, weight in zip(same_event.EVIDENCE, model.coef_[0], strict=True):
        print(f'    "{name}": {weight:.2f},')
    print(f"BIAS = {model.intercept_[0]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="learn weights from tuning groups")
    given = parser.parse_args()
    if given.fit:
        fit(read(*TUNED))
        return
    for what, names in (("tuned", TUNED), ("judged", JUDGES)):
        told = read(*names)
        print(f"{what} on:", judged(told, clusters(told, RankingSettings())))


if __name__ == "__main__":
    main()
