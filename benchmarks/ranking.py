"""The whole `newsletter rank` command at size, and the product at its heart beside scikit-learn.

Makes 500 stories and N readers (seeded) in a temporary folder, ranks them with the command itself
and prints time, memory and the share of the product; then scores the same readers with
scikit-learn's cosine_similarity + argpartition. Run: python benchmarks/ranking.py --readers 200000,
or with `--free 2795` for topics as readers type them.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from recommender.articles import import_files
from recommender.articles.values import ParsedArticle
from recommender.datasets import files
from recommender.ranking import profiles, scoring
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import ListRequest
from recommender.vocabulary import starter

NOW = datetime(2026, 11, 24, tzinfo=UTC)
STORIES, TOP, BLOCK = 500, 10, 2_000


def make(folder: Path, readers: int, free: int) -> tuple[Path, Path]:
    """Stories whose words come from the definitions of their topics, and readers of those; or of
    ``free`` topics that the vocabulary lacks, every second of them with five clicks."""
    draw = random.Random(1)
    vocabulary = starter.read()
    topics = [(term.name, term.definition.split()) for term in vocabulary.topics]
    roles = [term.name for term in vocabulary.roles]
    wanted = [(name, []) for name in free_topics(topics, free)] if free else topics
    articles = folder / "articles.jsonl"
    with articles.open("w", encoding="utf-8") as file:
        for number in range(STORIES):
            chosen = draw.sample(topics, 3)
            words = [word for _, text in chosen for word in text]
            article = {
                "id": f"a{number}",
                "title": " ".join(draw.sample(words, 7)),
                "summary": " ".join(draw.choices(words, k=120)),
                "topics": [name for name, _ in (draw.sample(wanted, 3) if free else chosen)][
                    : draw.randint(0, 3)
                ],
                "roles": draw.sample(roles, 2),
                "source": f"Source {number % 40}",
                "published_at": (NOW - timedelta(hours=draw.randint(0, 700))).isoformat(),
            }
            file.write(json.dumps(article) + "\n")
    subscribers = folder / "subscribers.jsonl"
    with subscribers.open("w", encoding="utf-8") as file:
        for number in range(readers):
            reader: dict[str, object] = {
                "email": f"reader{number}@example.com",
                "roles": draw.sample(roles, draw.randint(0, 2)),
                "topics": {name: draw.randint(1, 3) for name, _ in draw.sample(wanted, 4)},
            }
            if number % (2 if free else 3) == 0:
                clicks = draw.sample(range(STORIES), 5 if free else draw.randint(1, 8))
                reader["history"] = [{"article": f"a{at}", "action": "click"} for at in clicks]
            file.write(json.dumps(reader) + "\n")
    return articles, subscribers


def free_topics(topics: list[tuple[str, list[str]]], number: int) -> list[str]:
    """Names of one to three words, as readers type them, that are no topics of the vocabulary."""
    draw = random.Random(2)
    words = sorted({word.strip(".,;:()").lower() for _, text in topics for word in text})
    known = {name.lower() for name, _ in topics}
    names: dict[str, None] = {}
    while len(names) < number:
        name = " ".join(draw.sample(words, draw.choice((1, 2, 2, 3))))
        if name not in known:
            names[name] = None
    return list(names)


def command(articles: Path, subscribers: Path, out: Path) -> None:
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", "from mailer.cli import main; main()", "rank",
         "--articles", str(articles), "--subscribers", str(subscribers), "--top", str(TOP),
         "--out", str(out)],
        check=True,
    )  # fmt: skip
    seconds = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    largest, processes = used.ru_maxrss / 1024, len(os.sched_getaffinity(0)) + 1
    work = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    print(f"command: {seconds:.1f} s, largest process {largest:.0f} MB, {processes} processes")
    print(f"processor time: {work:.1f} s; {work / seconds:.1f} processors at work on the average")


def product(articles: Path, subscribers: Path, most: int) -> None:
    """Time of each stage for the first ``most`` readers, one process, and scikit-learn's."""
    found = import_files.drafts([articles], NOW)
    catalogue = files.catalogue(item.draft for item in found if isinstance(item, ParsedArticle))
    ranker = Ranker(catalogue.stories, vocabulary=starter.read())
    spent = {"read": 0.0, "profiles": 0.0, "product": 0.0, "all of ranking": 0.0}
    seen, texts = 0, []
    factors = scoring.freshness(ranker.candidates, ranker.settings.freshness, NOW)
    for first, block in files.lines(subscribers, BLOCK):
        at = time.process_time()
        readers, _ = files.readers(block, first, subscribers, catalogue.of_article)
        spent["read"] += time.process_time() - at
        ranker.ranked(
            readers, ListRequest(now=NOW, top=TOP, as_issue=False)
        )  # rows of new interests are made
        at = time.process_time()
        made = profiles.build(readers, ranker.affinities, ranker.settings.profile, NOW)
        spent["profiles"] += time.process_time() - at
        at = time.process_time()
        scoring.score(made, ranker.affinities.values, factors)
        spent["product"] += time.process_time() - at
        at = time.process_time()
        ranker.ranked(readers, ListRequest(now=NOW, top=TOP, as_issue=False))
        spent["all of ranking"] += time.process_time() - at
        texts += [" ".join([*reader.topics, *reader.roles]) for reader in readers]
        seen += len(readers)
        if seen >= most:
            break
    for name, seconds in spent.items():
        print(f"{name:<16}{seconds / seen * 1e6:8.1f} µs a reader")
    print(f"the product is {spent['product'] / spent['all of ranking']:.0%} of ranking")
    vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True, ngram_range=(1, 2))
    stories = vectorizer.fit_transform([f"{s.title} {s.summary}" for s in ranker.candidates])
    at = time.process_time()
    for start in range(0, seen, BLOCK):
        scores = cosine_similarity(vectorizer.transform(texts[start : start + BLOCK]), stories)
        np.argpartition(-scores, TOP, axis=1)[:, :TOP]
    plain = time.process_time() - at
    print(f"scikit-learn    {plain / seen * 1e6:8.1f} µs a reader: cosine_similarity, argpartition")
    print(f"ratio: ours takes {spent['all of ranking'] / plain:.2f} of scikit-learn's time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=200_000)
    parser.add_argument("--free", type=int, default=0, help="topics outside the vocabulary")
    parser.add_argument("--keep", type=Path, help="folder for the files; kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        articles, subscribers = make(folder, given.readers, given.free)
        print(f"{given.readers:,} readers × {STORIES} stories, top {TOP}")
        command(articles, subscribers, folder / "picks.jsonl")
        product(articles, subscribers, min(given.readers, 20_000))


if __name__ == "__main__":
    main()
