"""A small catalogue of a digest and single stories, and the words to make more of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import ProfileSettings, RankingSettings
from recommender.ranking.values import Story, Term, Vocabulary

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MakeStory = Callable[..., Story]
BY_INTERESTS = RankingSettings(profile=ProfileSettings(fallback=False))
"""Nobody gets what others like: whoever is reached by nothing gets nothing."""

TEXTS = {
    "tpu": ("Five generations of TPUs", "The accelerator gained speed and power efficiency.",
            {"TPU Development": 1.0}),
    "neural": ("Neural software", "Language models that produce what applications show.",
               {"Neural Software": 1.0}),
    "deal": ("A compute deal", "A launch company rents out racks of graphics cards to a lab.",
             {"Compute Infrastructure": 1.0}),
    "film": ("Film tools", "A studio takes money for editing and effects made by models.",
             {"Film Production AI": 1.0}),
    "robots": ("Robots learn English", "Warehouse machines follow spoken orders.",
               {"Robotics Automation": 1.0}),
}  # fmt: skip


@pytest.fixture
def story() -> MakeStory:
    """Makes a story; its article is its own unless another is named."""

    def make(identifier: str, title: str, summary: str = "", **more: object) -> Story:
        given: dict[str, object] = {"article": identifier, "key": identifier, **more}
        return Story(id=identifier, title=title, summary=summary, **given)  # type: ignore[arg-type]

    return make


@pytest.fixture
def digest() -> list[Story]:
    """One article of five stories, published a day ago."""
    return [
        Story(
            f"brief/{key}", "brief", key, title=title, summary=summary, topics=topics,
            roles={"CTO": 0.3}, published_at=NOW - timedelta(days=1), source="Example Letters",
        )
        for key, (title, summary, topics) in TEXTS.items()
    ]  # fmt: skip


@pytest.fixture
def singles() -> list[Story]:
    """Forty single stories on eight subjects, five to each, without topics."""
    topic_texts = [
        "garden soil compost roses pruning", "harbour ferry tide sailing boats",
        "oven sourdough flour yeast crust", "violin concerto orchestra rehearsal tempo",
        "glacier ice core climate drilling", "chess opening endgame rook tournament",
        "violet pigment canvas restoration museum", "vaccine trial antibody dose immunity",
    ]  # fmt: skip
    own = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "joist"]
    stories = []
    for number, words in enumerate(topic_texts):
        parts = words.split()
        for turn in range(5):
            shifted = parts[turn:] + parts[:turn]
            extra = " ".join(f"{word}{number}{turn}" for word in own)
            stories.append(
                Story(
                    f"s{number}{turn}", f"s{number}{turn}", f"s{number}{turn}",
                    title=f"{shifted[0]} and {shifted[1]}",
                    summary=f"About {' '.join(shifted[:4])}; {extra}.",
                    source=f"Source {turn % 3}",
                )
            )  # fmt: skip
    return stories


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary(
        topics=(
            Term("Gardening", "Soil, compost, pruning and roses.", ("Horticulture",), ("Cooking",)),
            Term("Cooking", "Flour, yeast, sourdough and what an oven does to them.", ("Baking",)),
            Term("Sailing", "Ferries, harbours, tides and boats.", ("Boats",)),
            Term("Chess", "Openings, endgames, rooks and tournaments."),
        ),
        roles=(Term("Baker", "Bakes sourdough with flour and yeast in an oven."),),
    )


@pytest.fixture
def ranker(digest: list[Story], singles: list[Story], vocabulary: Vocabulary) -> Ranker:
    """Over the digest and the single stories."""
    return Ranker([*digest, *singles], vocabulary=vocabulary)
