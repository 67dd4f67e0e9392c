"""What a story has to show."""

import pytest

from recommender.ranking.values import Story


@pytest.mark.parametrize(
    ("more", "card"),
    [({}, False), ({"summary": "What happened."}, True), ({"practice": ("Do it.",)}, True),
     ({"url": "https://example.org/"}, True), ({"topics": {"Chess": 1.0}}, False)],
)  # fmt: skip
def test_a_card_needs_text_or_a_link(more: dict[str, object], card: bool) -> None:
    story = Story("s", "s", "s", title="A title", **more)  # type: ignore[arg-type]
    assert story.makes_a_card is card
