from datetime import UTC, datetime, timedelta

from recommender.articles.story_edits import UNEDITED, Pin, StoryEdits

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_what_is_replaced_is_told_apart_from_what_limits_a_story() -> None:
    said = StoryEdits(
        title="Ours",
        parts={"summary": "", "insights": ("One",)},
        held=True,
        held_until=NOW + timedelta(days=1),
        pins=[Pin("2026-W48", "chiefs", "weekly")],
    )
    limits = ["held until 2026-11-25 09:00", "pinned for chiefs in weekly-2026-W48"]
    assert list(said.limits(NOW)) == limits
    texts = ["title: Ours", "summary left out", "insights edited"]
    assert list(said.words(NOW)) == [*texts, *limits]
    assert said.replaced() == {"title": "Ours", "summary": "", "insights": ("One",)}
    assert list(said.limits(NOW + timedelta(days=2))) == limits[1:]
    assert (said.edited, UNEDITED.edited) == (True, False)
