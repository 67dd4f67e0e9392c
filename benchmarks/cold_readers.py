"""Does a topic in plain words find the stories of its trade in a stream without topics?

A set (cold_set_a.txt to tune on, cold_set_b.txt to judge) holds readers, each of whom states one
topic in words of a trade, and a stream of stories of eight trades that carry no topics. Prints
nDCG@10 over readers with its 95 % interval, a story counting when it is of the reader's trade, and
the worst readers: ours with the starter vocabulary, without it, and plain TF-IDF.
Run: python benchmarks/cold_readers.py benchmarks/cold_set_a.txt [--each]
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from recommender.evaluation import metrics
from recommender.evaluation.baselines import Baselines
from recommender.evaluation.intervals import bootstrap
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import Story, Vocabulary
from recommender.vocabulary import starter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.cold_topics import ours, plain


def read(path: Path) -> tuple[list[Story], dict[str, str], list[tuple[str, str]]]:
    """Stories, the trade of each by id, and readers as (trade, topic)."""
    stories, trades, readers = [], {}, []
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        if not line or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|")]
        if parts[0].startswith("reader: "):
            trade = parts[0].removeprefix("reader: ")
            readers += [(trade, topic.strip()) for topic in parts[1].split(";")]
        else:
            key = f"{path.stem}{number}"
            stories.append(Story(key, key, key, title=parts[1], summary=parts[2]))
            trades[key] = parts[0]
    return stories, trades, readers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path, nargs="+", help="files of readers and stories")
    parser.add_argument("--each", action="store_true", help="print every reader")
    given = parser.parse_args()
    for path in given.sets:
        stories, trades, readers = read(path)
        knowing = Ranker(stories, vocabulary=starter.read())
        ignorant, recipes = Ranker(stories, vocabulary=Vocabulary()), Baselines(stories)
        systems: dict[str, Callable[[str], list[str]]] = {
            "with the vocabulary": partial(ours, knowing),
            "without": partial(ours, ignorant),
            "plain TF-IDF": partial(plain, recipes, stories),
        }
        print(f"{path.stem}: {len(stories)} stories, {len(readers)} readers")
        for name, system in systems.items():
            found = [
                metrics.ndcg(
                    system(topic), {key: float(of == trade) for key, of in trades.items()}, 10
                )
                for trade, topic in readers
            ]
            values = np.array(found)
            mean = bootstrap(values)
            by_trade = " ".join(
                f"{trade} {values[[of == trade for of, _ in readers]].mean():.2f}"
                for trade in dict.fromkeys(of for of, _ in readers)
            )
            print(
                f"  {name:<20} {mean.mean:.3f} ({mean.low:.2f}–{mean.high:.2f})  worst "
                f"{values.min():.2f}, under 0.5: {(values < 0.5).sum()}   {by_trade}"
            )
            if given.each and name == "with the vocabulary":
                for (trade, topic), value in sorted(
                    zip(readers, found, strict=True), key=lambda pair: pair[1]
                ):
                    print(f"    {value:.2f} {trade:<11} {topic}")


if __name__ == "__main__":
    main()
