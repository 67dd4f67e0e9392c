"""Does one stated topic find its field in a stream whose items carry no topics at all?

Ranks mixed streams for readers who state a single topic, and prints the share of the first ten
picks from the reader's field: ours with the starter vocabulary, ours without it, and plain TF-IDF.
Streams: short texts (cold_topics.txt) and news as feeds carry it (cold_news.txt), whose AI part
comes from the file of articles given, when one is. Topics: those of the vocabulary, and such as
readers type. Run: python benchmarks/cold_topics.py [ARTICLES_ON_AI] [--each]
"""

import argparse
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from recommender.articles import import_files
from recommender.articles.values import ParsedArticle
from recommender.datasets import files
from recommender.evaluation.baselines import Baselines
from recommender.evaluation.intervals import bootstrap
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import ListRequest, Reader, Story, Vocabulary
from recommender.vocabulary import starter

Topics = Mapping[str, Sequence[str]]
KNOWN: Topics = {
    "security": (
        "Security", "Cybersecurity", "Application Security", "Vulnerability Management",
        "Zero Trust", "Threat Intelligence", "Identity and Access Management",
        "Supply Chain Security", "Ransomware", "Incident Response", "Cryptography",
        "Privacy Engineering", "Malware", "Phishing", "Data Breaches",
    ),
    "operations": (
        "Operations", "DevOps", "Site Reliability Engineering", "Kubernetes", "Observability",
        "Cloud Computing", "Platform Engineering", "Incident Management",
        "Infrastructure as Code", "CI/CD", "Distributed Systems", "Microservices", "On-Call",
        "Containers", "Capacity Planning",
    ),
    "data": (
        "Data", "Data Engineering", "Data Warehousing", "Stream Processing", "Databases",
        "Data Quality", "Data Governance", "Business Intelligence", "Analytics Engineering",
        "Data Pipelines", "SQL", "Data Lakehouse", "Data Modeling", "Data Visualization",
        "PostgreSQL",
    ),
    "ai": (
        "Artificial Intelligence", "Large Language Models", "Machine Learning", "Deep Learning",
        "AI Agents", "Natural Language Processing", "Retrieval-Augmented Generation",
        "Generative AI", "Model Evaluation", "Reinforcement Learning", "Fine-Tuning",
        "Computer Vision", "Model Serving", "Speech Recognition", "Multimodal AI",
    ),
}  # fmt: skip
TYPED: Topics = {
    "security": (
        "zero-day exploits", "infosec", "hacking", "CVEs", "password security", "cyber attacks",
        "malware analysis", "privacy and security", "security research", "pentesting",
    ),
    "operations": (
        "SRE", "outages", "k8s", "cloud infrastructure", "monitoring", "terraform", "sysadmin",
        "postmortems", "deployments", "reliability",
    ),
    "data": (
        "ETL", "data lakes", "dbt", "dashboards", "big data", "snowflake", "analytics",
        "postgres", "kafka", "data platforms",
    ),
    "ai": (
        "LLM inference", "LLMs", "transformers", "neural networks", "AI research", "agentic AI",
        "NLP", "RAG", "chatbots", "reasoning models",
    ),
}  # fmt: skip
NOW = datetime(2026, 11, 24, tzinfo=UTC)
TOP, AI_ITEMS = 10, 40
Stream = tuple[list[Story], dict[str, str]]


def written(name: str) -> Stream:
    """Stories without topics, and the field of each by id, from a file beside this one."""
    stories, fields = [], {}
    text = Path(__file__).with_name(name).read_text("utf-8")
    for number, line in enumerate(text.splitlines()):
        if line and not line.startswith("#"):
            field, title, summary = (part.strip() for part in line.split("|"))
            key = f"{name}{number}"
            stories.append(Story(key, key, key, title=title, summary=summary))
            fields[key] = field
    return stories, fields


def news(articles: Path | None) -> Stream:
    """The news, with AI from ``articles``; from the short texts where there are none."""
    stories, fields = written("cold_news.txt")
    if articles is None:
        short, of_short = written("cold_topics.txt")
        ai = [story for story in short if of_short[story.id] == "ai"]
    else:
        found = import_files.drafts([articles], NOW)
        drafts = files.catalogue(item.draft for item in found if isinstance(item, ParsedArticle))
        ai = random.Random(5).sample(drafts.stories, AI_ITEMS)
    bare = [replace(story, topics={}, roles={}, published_at=None) for story in ai]
    return [*stories, *bare], {**fields, **{story.id: "ai" for story in bare}}


def share(picks: list[str], field: str, fields: dict[str, str]) -> float:
    """Share of TOP places taken by stories of ``field``; an empty place is a miss."""
    return sum(fields[story] == field for story in picks) / TOP


def ours(ranker: Ranker, topic: str) -> list[str]:
    [found] = ranker.rank(
        [Reader("r", (), {topic: 3})], ListRequest(now=NOW, top=TOP, as_issue=False)
    )
    return [pick.story for pick in found.picks]


def plain(recipes: Baselines, stories: list[Story], topic: str) -> list[str]:
    scores = recipes.mean_tfidf(Reader("r", (), {topic: 3}))
    order = np.argsort(-scores, kind="stable")[:TOP]
    return [stories[at].id for at in order if scores[at] > 0]


def measure(title: str, stream: Stream, topics: Topics, *, each: bool) -> None:
    stories, fields = stream
    knowing = Ranker(stories, vocabulary=starter.read())
    ignorant, recipes = Ranker(stories, vocabulary=Vocabulary()), Baselines(stories)
    rows = {
        (field, topic): [
            share(ours(knowing, topic), field, fields),
            share(ours(ignorant, topic), field, fields),
            share(plain(recipes, stories, topic), field, fields),
        ]
        for field, names in topics.items()
        for topic in names
    }
    if each:
        for (field, topic), values in rows.items():
            print(f"  {field:<11} {topic:<32}" + "".join(f"{value:>8.2f}" for value in values))
    print(f"{title}: {len(stories)} items, {len(rows)} topics")
    for at, name in enumerate(("with the vocabulary", "without", "plain TF-IDF")):
        found = bootstrap(np.array([values[at] for values in rows.values()]))
        of_field = " ".join(
            f"{field} {np.mean([v[at] for (f, _), v in rows.items() if f == field]):.2f}"
            for field in topics
        )
        print(f"  {name:<20} {found.mean:.3f} ({found.low:.2f}–{found.high:.2f})   {of_field}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path, nargs="?", help="articles on AI")
    parser.add_argument("--each", action="store_true", help="print every topic")
    given = parser.parse_args()
    for title, stream in (
        ("short texts", written("cold_topics.txt")),
        ("news", news(given.articles)),
    ):
        measure(f"{title}, topics of the vocabulary", stream, KNOWN, each=given.each)
        measure(f"{title}, topics as typed", stream, TYPED, each=given.each)


if __name__ == "__main__":
    main()
