"""The splitter on real content: one brief in full, and what it does to weeks of others."""

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recommender.articles import briefs, jsonl, sentences, splitting
from recommender.articles.values import ArticleDraft, ParsedArticle, StoryDraft

CHINA = "how-chinas-ai-punches-above-its-capex"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def brief(shared_data: Path) -> dict[str, StoryDraft]:
    draft = briefs.read(shared_data / "seeds" / "645-brief.txt", NOW)
    return {story.key: story for story in splitting.split(draft)}


def test_the_real_digest_has_its_eight_stories(brief: dict[str, StoryDraft]) -> None:
    assert [story.title for story in brief.values()] == [
        "How China's AI Punches Above Its Capex",
        "Google's Brain Drain",
        "Neural Software",
        "SpaceX's $6.3B Compute Deal",
        "A24",
        "Five Gens of TPUs",
        "Amazon's Robots Learn English",
        "Three Beams of Light",
    ]


@pytest.mark.parametrize(
    ("key", "summary", "takeaway", "items", "topic"),
    [
        (CHINA, "proven approaches.", "For AI/ML Directors", 1, "AI Strategy"),
        ("googles-brain-drain", "Google, however", "", 0, None),
        ("neural-software", "The concept of", "Additionally, consider", 1, "Neural Software"),
        ("spacexs-6-3b-compute-deal", "a $6.3 billion deal", "", 0, "Compute Infrastructure"),
        ("a24", "$75 million in A24", "", 0, "Film Production AI"),
        ("five-gens-of-tpus", "Its TPU development", "Your teams should", 1, "TPU Development"),
        ("amazons-robots-learn-english", "", "", 0, "Robotics Automation"),
        ("three-beams-of-light", "", "", 0, None),
    ],
)  # fmt: skip
def test_each_real_story_owns_what_is_about_it(
    brief: dict[str, StoryDraft],
    key: str,
    summary: str,
    takeaway: str,
    items: int,
    topic: str | None,
) -> None:
    story = brief[key]
    assert summary in story.summary
    assert bool(summary) == bool(story.summary)
    assert story.takeaway.startswith(takeaway)
    assert bool(takeaway) == bool(story.takeaway)
    assert len(story.insights + story.principles + story.practice) == items
    assert [name for name, weight in story.topics.items() if weight == 1.0] == [topic] * bool(topic)
    assert "Voice-to-Text" not in story.topics


@pytest.mark.parametrize("folder", ["ml-weekly", "citeulike"])
def test_no_real_single_subject_article_is_split(shared_data: Path, folder: str) -> None:
    path = shared_data / "data" / folder / "articles.jsonl"
    found = [item for item in jsonl.read(path, NOW) if isinstance(item, ParsedArticle)]
    split = [item.draft.title for item in found if len(splitting.split(item.draft)) > 1]
    assert len(found) > 700
    assert split == []


def test_most_sentences_of_made_up_digests_go_to_the_right_story(shared_data: Path) -> None:
    """Weeks of papers joined to digests of eight: harder than news, since all are about models."""
    text = (shared_data / "data" / "ml-weekly" / "articles.jsonl").read_text("utf-8")
    items = [json.loads(line) for line in text.splitlines()]
    right = wrong = total = 0
    for _, week in itertools.groupby(items, key=lambda item: item["published_at"]):
        chosen = [item for item in week if "," not in item["title"] and len(item["title"]) < 90][:8]
        parts = [item["title"] for item in chosen]
        leads = [_lead(item["summary"]) for item in chosen]
        title = f"1: {', '.join(parts[:-1])}, and {parts[-1]}"
        found = splitting.split(ArticleDraft(key="a", title=title, summary=" ".join(leads)))
        if len(found) != len(parts):
            continue
        for part, lead in zip(parts, leads, strict=True):
            owners = [story.title for story in found if lead in story.summary]
            total += 1
            right += any(owner.casefold() == part.casefold() for owner in owners)
            wrong += bool(owners) and not any(
                owner.casefold() == part.casefold() for owner in owners
            )
    assert total > 500
    assert right / total > 0.65
    assert wrong / total < 0.12


def _lead(summary: str) -> str:
    """The first clause as a sentence of its own."""
    lead = sentences.split(summary.split("; ")[0])[0].rstrip(".")
    return f"{lead[0].upper()}{lead[1:]}."
