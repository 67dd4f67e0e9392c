"""The headline ablation: does splitting a digest bring readers the stories they are after?

The same text, readers and ranker twice: every digest split, and every digest left whole. Both are
judged in one unit, the stories in the order a reader comes to them: a digest that is picked is read
from its first story to its last. What a reader wants is told by labels the ranker never sees.

* The sample content: four digests among single stories, and those digests alone. A reader states
  one topic, and wants the stories that carry it; the ranker gets texts without topics and roles.
* A weekly of papers (dated articles; each week one digest): a reader clicked three papers with one
  word in their titles ("agents"), and wants the later papers that have it; the ranker gets texts
  without titles. A click on a paper is a click on the digest it stood in.

Prints nDCG@5 and @10 over readers with 95 % bootstrap intervals, and the paired difference.
Run: python benchmarks/splitting.py [ARTICLES_OF_A_WEEKLY]
"""

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from recommender.articles import import_files
from recommender.articles.values import ParsedArticle
from recommender.datasets import files
from recommender.evaluation import metrics
from recommender.evaluation.intervals import bootstrap
from recommender.ranking import words
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import Action, ListRequest, Pick, Reader, Story
from recommender.story_text import LISTS, PROSE
from recommender.vocabulary import starter

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SAMPLE = Path(__file__).parent.parent / "sample" / "briefs"
CLICKS, WANTED, COMMON = 3, 3, 0.15
"""Of a weekly's reader: clicked papers, later ones there must be, share of titles past which a word
is no subject."""


@dataclass(frozen=True)
class Reading:
    """Someone to rank for: ``reader`` as the ranker sees them, and the stories wanted (ids)."""

    reader: Reader
    wanted: frozenset[str]


def whole(stories: Sequence[Story]) -> Story:
    """A digest left as it came: all its stories' text in one."""
    first = stories[0]
    joined: dict[str, Any] = {
        name: " ".join(getattr(story, name) for story in stories) for name in PROSE
    }
    joined |= {
        name: tuple(text for story in stories for text in getattr(story, name)) for name in LISTS
    }
    return replace(
        first,
        id=first.article,
        key=first.article,
        title="; ".join(story.title for story in stories),
        **joined,
        body=" ".join(story.body for story in stories),
    )


def digests(stories: Sequence[Story]) -> dict[str, list[Story]]:
    """The stories of each article, in their order."""
    found: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        found[story.article].append(story)
    return found


def compare(
    title: str, archive: Sequence[Story], late: Sequence[Story], readings: Sequence[Reading]
) -> None:
    """Rank ``late`` for all readings in both ways and print how each did."""
    told, open_ = digests([*archive, *late]), digests(late)
    digest_of = {story.id: article for article, parts in told.items() for story in parts}
    merged = {article: whole(parts) for article, parts in told.items()}
    split = Ranker(late, archive=archive, vocabulary=starter.read())
    unsplit = Ranker(
        [merged[article] for article in open_], archive=list(merged.values()),
        vocabulary=starter.read(),
    )  # fmt: skip
    results: dict[str, dict[str, list[float]]] = {"split": {}, "whole": {}}
    for reading in readings:
        clicked = [Action(digest_of[a.story], a.kind, a.at) for a in reading.reader.history]
        lists = {
            "split": [p.story for p in _picks(split, reading.reader)],
            "whole": [
                story.id
                for pick in _picks(unsplit, replace(reading.reader, history=tuple(clicked)))
                for story in open_[pick.story]
            ],
        }
        grades = dict.fromkeys(reading.wanted, 1.0)
        for way, ranked in lists.items():
            for k in (5, 10):
                results[way].setdefault(f"nDCG@{k}", []).append(metrics.ndcg(ranked, grades, k))
    sizes = [len(parts) for parts in open_.values() if len(parts) > 1]
    print(f"{title}: {len(readings)} readers; {len(late)} stories, {sum(sizes)} of them in "
          f"{len(sizes)} digests")  # fmt: skip
    for name, values in results["split"].items():
        after, before = np.array(values), np.array(results["whole"][name])
        for way, found in (("split", bootstrap(after)), ("whole", bootstrap(before)),
                           ("difference", bootstrap(after - before))):  # fmt: skip
            print(f"  {name:<8} {way:<11}{found.mean:7.3f} ({found.low:.3f} to {found.high:.3f})")
        print(f"  {name:<8} ratio {after.mean() / before.mean():.2f}; "
              f"worse split for {np.mean(after < before):.0%} of the readers")  # fmt: skip


def _picks(ranker: Ranker, reader: Reader) -> Sequence[Pick]:
    return ranker.rank([reader], ListRequest(now=NOW, top=10, as_issue=False))[0].picks


def read(path: Path) -> list[Story]:
    found = import_files.drafts([path], NOW)
    return list(
        files.catalogue(item.draft for item in found if isinstance(item, ParsedArticle)).stories
    )


def sample() -> None:
    stories = read(SAMPLE)
    bare = [replace(story, topics={}, roles={}, published_at=None) for story in stories]
    carried: dict[str, set[str]] = defaultdict(set)
    for story in stories:
        for topic, weight in story.topics.items():
            if weight >= 1:
                carried[topic].add(story.id)
    readings = [
        Reading(Reader(topic, (), {topic: 3}), frozenset(wanted))
        for topic, wanted in sorted(carried.items())
        if len(wanted) > 1
    ]
    compare("sample content", [], bare, readings)
    count = Counter(story.article for story in bare)
    in_digests = [story for story in bare if count[story.article] > 1]
    ids = {story.id for story in in_digests}
    those = [replace(r, wanted=r.wanted & ids) for r in readings if r.wanted & ids]
    compare("its digests alone", [], in_digests, those)


def weekly(path: Path) -> None:
    """The last third of the weeks is ranked; what is before it is the archive."""
    papers = sorted(read(path), key=lambda story: (str(story.published_at), story.id))
    dates = sorted({str(story.published_at) for story in papers})
    start = dates[len(dates) * 2 // 3]
    untitled = [
        replace(s, title="", topics={}, roles={}, article=str(s.published_at), published_at=None)
        for s in papers
    ]
    late = {story.id for story in papers if str(story.published_at) >= start}
    having: dict[str, list[str]] = defaultdict(list)
    for story in papers:
        for word in set(words.tokens(story.title)):
            having[word].append(story.id)
    draw = random.Random(3)
    readings = []
    for word, ids in sorted(having.items()):
        before, after = [i for i in ids if i not in late], [i for i in ids if i in late]
        if len(before) < CLICKS or len(after) < WANTED or len(ids) > COMMON * len(papers):
            continue
        history = tuple(Action(story, "click") for story in draw.sample(before, CLICKS))
        readings.append(Reading(Reader(word, (), {}, history), frozenset(after)))
    compare(
        "weekly of papers",
        [story for story in untitled if story.id not in late],
        [story for story in untitled if story.id in late],
        readings,
    )


def main(articles: Sequence[Path]) -> None:
    sample()
    for path in articles:
        weekly(path)


if __name__ == "__main__":
    main([Path(given) for given in sys.argv[1:]])
