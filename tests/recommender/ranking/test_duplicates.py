"""Four tellings of one launch are one story with four sources, and do not come again."""

import runpy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recommender import resources
from recommender.articles import import_files
from recommender.articles.values import ParsedArticle
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import Action, ListRequest, Reader, Story
from recommender.vocabulary import starter

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MakeStory = Callable[..., Story]
READER = Reader("r", topics={"Inference Chips": 3.0})


@pytest.fixture
def week(story: MakeStory) -> list[Story]:
    """Four tellings of a launch, in other words and by other outlets, and other stories."""
    texts = {
        "wire": ("Veltrix unveils the Orion N4, an inference chip with 288 GB of memory",
                 "The accelerator keeps a large model on two cards and ships in March."),
        "stack": ("New inference silicon from Veltrix promises half the cost per token",
                  "Orion N4 cards carry 288 GB each; first deliveries go to data centres."),
        "notes": ("Orion N4: what Veltrix's memory-heavy accelerator means for serving",
                  "With 288 GB a card, two inference chips hold what took eight before."),
        "daily": ("Veltrix takes aim at the market leader with a 288 GB inference card",
                  "The Orion N4, announced Tuesday, targets those who run models."),
        "hire": ("Veltrix hires a chief financial officer ahead of a listing",
                 "The maker of inference chips names a veteran of two stock market debuts."),
        "rival": ("Photonix shows an inference chip that computes with light",
                  "The prototype from Lyon needs a tenth of the energy."),
    }  # fmt: skip
    return [
        story(name, title, summary, source=f"The {name}", published_at=NOW - timedelta(hours=at))
        for at, (name, (title, summary)) in enumerate(texts.items())
    ]


def test_tellings_of_one_launch_are_one_story_that_names_its_sources(week: list[Story]) -> None:
    [found] = Ranker(week, vocabulary=starter.read()).rank([READER], ListRequest(now=NOW, top=6))
    tellings = {"wire", "stack", "notes", "daily"}
    [launch] = [pick for pick in found.picks if pick.story in tellings]
    assert {launch.story, *launch.also} == tellings
    assert "rival" in {pick.story for pick in found.picks}


def test_none_of_them_comes_again_next_week_for_a_reader_who_had_one(week: list[Story]) -> None:
    old, late = week[0], replace(week[3], published_at=NOW + timedelta(days=4))
    reader = replace(READER, history=(Action(old.id, "sent", NOW),))
    fresh = [late, replace(week[5], published_at=NOW + timedelta(days=4))]
    ranker = Ranker(fresh, archive=week[:3] + week[4:5], vocabulary=starter.read())
    [found] = ranker.rank([reader], ListRequest(now=NOW + timedelta(days=7), top=6))
    assert [pick.story for pick in found.picks] == ["rival"]


def test_what_is_near_to_an_article_is_named_once_for_all_its_tellings(week: list[Story]) -> None:
    ranker = Ranker(week[:4] + week[5:], archive=week, vocabulary=starter.read())
    near = [story.id for story, _ in ranker.nearest(["hire"], 6)]
    assert len(near) == len(set(near) - {"rival"}) + ("rival" in near)
    assert len({"wire", "stack", "notes", "daily"} & set(near)) == 1


def test_parts_of_a_series_are_stories_of_their_own(story: MakeStory) -> None:
    words = "queues at the ferry office and what became of the table of jobs in spring"
    parts = [
        story(f"p{n}", f"Queues, part {n}", words, source="Notes", published_at=NOW)
        for n in (1, 2, 3)
    ]
    ranker = Ranker(parts)
    assert ranker.duplicates.shown.all()


def sample(*articles: str, dated: bool) -> list[Story]:
    """The stories of the sample's articles of these ids, or of all."""
    drafts = import_files.drafts([resources.folder("sample") / "briefs"], NOW)
    briefs = [one.draft for one in drafts if isinstance(one, ParsedArticle)]
    return [
        Story(
            f"{draft.key}/{part.key}", draft.key, part.key, title=part.title, summary=part.summary,
            takeaway=part.takeaway, insights=part.insights, practice=part.practice,
            source=draft.source, published_at=NOW, dated=dated,
        )
        for draft in briefs
        for part in draft.stories
        if not articles or draft.key in articles
    ]  # fmt: skip


def test_what_has_no_date_tells_of_no_event() -> None:
    stories = sample(dated=False)
    assert len(stories) > 50
    assert not any(Ranker(stories, vocabulary=starter.read()).also)


def test_long_texts_that_share_words_alone_tell_of_no_event() -> None:
    stories = sample("model-is-the-application", "sample-digest-112", dated=True)
    assert len(stories) > 5
    assert not any(Ranker(stories, vocabulary=starter.read()).also)


def test_labelled_tellings_are_folded_with_the_precision_the_docs_state() -> None:
    path = Path(__file__).parents[3] / "benchmarks" / "tellings.py"
    benchmark = runpy.run_path(str(path))
    told = benchmark["read"]("b")
    right, wrong, every, hard = benchmark["counts"](
        told, benchmark["clusters"](told, benchmark["RankingSettings"]())
    )
    assert hard >= 200
    assert wrong == 0
    assert right / every >= 0.65
