"""Issues to compose and render: six stories of every shape, links of fixed length, one reader."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import pytest

from mailer.composition import Issue, Publication, ReaderView, StoryContent, compose
from mailer.rendering import Renderer, Template, compile_template
from recommender import resources
from recommender.ranking.values import Pick, Reason

WEB = "https://news.example.org"
PUBLICATION = Publication(
    title="The Weekly Brief",
    edition="weekly-2026-W48",
    date="Thursday, 26 November 2026",
    postal_address="The Weekly Brief\n1 Example Street, Example City",
)
READER = ReaderView(
    "Mina Okafor", "en-GB", ("Hardware Engineer",), {"TPU Development": 3, "Compute": 2, "Film": -2}
)
REASONS = (
    Reason("topic", "TPU Development", 0.6),
    Reason("topic", "Compute", 0.2),
    Reason("role", "Hardware Engineer", 0.2),
)
STORIES = {
    "1": StoryContent(
        title="Five generations of TPUs",
        article_title="112: chips, robots and a film",
        summary="The core hardly changed in eight years. Memory and links around it did.",
        takeaway="For engineers: a stable core lets software improvements pile up over the years.",
        insights=("Most of the gain came from packaging.",),
        principles=("Stability is a feature.",),
        practice=("Profile before asking for silicon.", "Keep kernels in a compiler's form."),
        code_references=("openxla/xla", "jax-ml/jax"),
        url="https://silicon.example.com/tpu",
        source="Silicon Review",
        curator="The Desk",
        topics=("TPU Development",),
        published_at="2026-11-19T08:00:00+00:00",
    ),
    "2": StoryContent(
        title="Compute by contract",
        summary="A lease for racks reads like one for power.",
        takeaway="Sign for a floor and buy the peaks.",
        url="https://grid.example.com/lease?id=1&page=2",
        source="Grid & Rack",
    ),
    "3": StoryContent(
        title="Bandwidth is the new clock speed",
        insights=("Batching hides latency.", "Cheaper chips may serve more."),
        source="Roofline Notes",
    ),
    "4": StoryContent(
        title="Three beams of light", summary="A lab multiplied matrices with three colours."
    ),
    "5": StoryContent(title="A title alone"),
    "6": StoryContent(
        title="Robots that ask back",
        principles=("Log the sentence beside the motion.",),
        code_references=("example/robot",),
        url="https://floor.example.com/robots",
    ),
    "7": StoryContent(title="The same, elsewhere", source="The Other Paper"),
}


class FixedLinks:
    """Links as long as signed ones, and each readable."""

    def click(self, delivery_id: int, story_id: int) -> str:
        return f"{WEB}/c/{story_id:0>24}-{delivery_id}"

    def feedback(self, delivery_id: int, story_id: int, kind: Literal["more", "less"]) -> str:
        return f"{WEB}/f/{kind}{story_id:0>20}-{delivery_id}"

    def unsubscribe(self, delivery_id: int) -> str:
        return f"{WEB}/unsubscribe/{'u' * 24}-{delivery_id}"

    def preferences(self, delivery_id: int) -> str:
        return f"{WEB}/preferences/{'p' * 24}-{delivery_id}"

    def view(self, delivery_id: int) -> str:
        return f"{WEB}/view/{'v' * 24}-{delivery_id}"


def _issue(
    ids: Sequence[str] = ("1", "2", "3", "4", "5", "6"),
    *,
    stories: Mapping[str, StoryContent] = STORIES,
    reader: ReaderView = READER,
    publication: Publication = PUBLICATION,
    reasons: Sequence[Reason] = REASONS,
    also: Sequence[str] = (),
) -> Issue:
    picks = [
        Pick(story, place, 1 / place, tuple(reasons), also=tuple(also))
        for place, story in enumerate(ids, 1)
    ]
    return compose(publication, reader, picks, stories, FixedLinks(), 7)


@pytest.fixture(scope="session")
def issue_of() -> Callable[..., Issue]:
    """``issue_of(ids, stories=, reader=, publication=, reasons=, also=)``: one reader's issue."""
    return _issue


@pytest.fixture(scope="session")
def stories() -> Mapping[str, StoryContent]:
    """Seven stories: with all parts, takeaway, insights, a sentence, only a title, principles; and
    a twin."""
    return STORIES


@pytest.fixture(scope="session")
def template() -> Template:
    return compile_template(resources.folder("templates") / "email")


@pytest.fixture(scope="session")
def renderer(template: Template) -> Renderer:
    return Renderer(template)
