"""Does one stated topic find its field in a stream whose items carry no topics at all?

Ranks the items of cold_topics.txt for readers who state a single topic, and prints the share of
the first ten picks from the reader's field: ours with the starter vocabulary, ours without it, and
plain TF-IDF. Run: python benchmarks/cold_topics.py
"""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from recommender.evaluation.baselines import Recipes
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import Reader, Story, Vocabulary
from recommender.vocabulary import starter

FIELDS = {
    "security": (
        "Cybersecurity", "Application Security", "Vulnerability Management", "Zero Trust",
        "Threat Intelligence", "Identity and Access Management", "Supply Chain Security",
        "Ransomware", "Incident Response", "Cryptography", "Privacy Engineering",
    ),
    "operations": (
        "DevOps", "Site Reliability Engineering", "Kubernetes", "Observability", "Cloud Computing",
        "Platform Engineering", "Incident Management", "Infrastructure as Code", "CI/CD",
        "Distributed Systems", "Microservices",
    ),
    "data": (
        "Data Engineering", "Data Warehousing", "Stream Processing", "Databases", "Data Quality",
        "Data Governance", "Business Intelligence", "Analytics Engineering", "Data Pipelines",
        "SQL",
    ),
    "ai": (
        "Large Language Models", "Machine Learning", "Deep Learning", "AI Agents",
        "Natural Language Processing", "Retrieval-Augmented Generation", "Generative AI",
        "Model Evaluation", "Reinforcement Learning", "Fine-Tuning", "Computer Vision",
        "Model Serving", "Speech Recognition",
    ),
}  # fmt: skip
NOW = datetime(2026, 11, 24, tzinfo=UTC)
TOP = 10


def stream(path: Path) -> tuple[list[Story], dict[str, str]]:
    """Stories without topics, and the field of each by id."""
    stories, fields = [], {}
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        if line and not line.startswith("#"):
            field, title, summary = (part.strip() for part in line.split("|"))
            stories.append(Story(f"s{number}", f"s{number}", f"s{number}", title, summary))
            fields[f"s{number}"] = field
    return stories, fields


def share(picks: list[str], field: str, fields: dict[str, str]) -> float:
    """Share of TOP places taken by stories of ``field``; an empty place is a miss."""
    return sum(fields[story] == field for story in picks) / TOP


def ours(stories: list[Story], vocabulary: Vocabulary, topic: str) -> list[str]:
    ranker = Ranker(stories, vocabulary=vocabulary)
    [found] = ranker.rank([Reader("r", (), {topic: 3})], now=NOW, top=TOP, as_issue=False)
    return [pick.story for pick in found.picks]


def plain(stories: list[Story], topic: str) -> list[str]:
    scores = Recipes(stories).mean_tfidf(Reader("r", (), {topic: 3}))
    order = np.argsort(-scores, kind="stable")[:TOP]
    return [stories[at].id for at in order if scores[at] > 0]


def main() -> None:
    stories, fields = stream(Path(__file__).with_name("cold_topics.txt"))
    vocabulary = starter.read()
    rows = []
    for field, topics in FIELDS.items():
        for topic in topics:
            row = [
                share(ours(stories, vocabulary, topic), field, fields),
                share(ours(stories, Vocabulary(), topic), field, fields),
                share(plain(stories, topic), field, fields),
            ]
            rows.append(row)
            print(f"{field:<11} {topic:<32}" + "".join(f"{value:>8.2f}" for value in row))
    means = np.mean(rows, axis=0)
    print(f"{'share of the field in the first ten':<44}" + "".join(f"{v:>8.3f}" for v in means))
    print(f"{'':<44}    ours  no voc.  TF-IDF")
    print(f"ratio to plain TF-IDF: {means[0] / max(means[2], 1e-9):.2f}")


if __name__ == "__main__":
    main()
