"""What a reader answers changes what they get next, at once, and is named as the reason."""

from typing import Any

import sqlalchemy as sa

from mailer.preview import reader_issues
from recommender.models import Article, EditionStory, Story, StoryTopic, Topic
from recommender.storage import database
from recommender.subscribers import records

from .conftest import Place

WHO = "founder@example.com"


def next_week(place: Place) -> dict[str, Any]:
    """The reader's picks a week on, with answers as they stand now."""
    with database.reading(place.engine) as session:
        return reader_issues.next_picks(session, place.settings, WHO, now=place.moment[0])


def answer(place: Place, kind: str, position: int = 0, **form: str) -> str:
    """Say more or less of a story of the issue; its title."""
    delivery = place.delivery(WHO)
    story = delivery.story_ids[position]
    link = place.links.feedback(delivery.id, story, kind)  # type: ignore[arg-type]  # more or less
    page = place.client.post(place.path(link), data=form)
    assert page.status_code == 200
    with database.reading(place.engine) as session:
        held = reader_issues.issues(session, place.settings, delivery.edition_id)
    assert held
    return page.text


def stories(found: dict[str, Any]) -> list[tuple[str, float]]:
    return [(pick["story"], pick["score"]) for pick in found["picks"]]


def test_more_like_this_changes_the_next_picks_and_is_named(place: Place) -> None:
    before = next_week(place)
    assert before["learned_from"] == []
    assert "You will see more like this" in answer(place, "more")
    after = next_week(place)
    assert stories(after) != stories(before)
    [learned] = after["learned_from"]
    named = [
        reason
        for pick in after["picks"]
        for reason in pick["reasons"]
        if reason["kind"] == "history"
    ]
    assert named
    answered = [reason for reason in named if "answer" in reason]
    assert {(reason["answer"], reason["detail"]) for reason in answered} == {
        ("more", learned["story"])
    }
    with database.reading(place.engine) as session:
        sources = set(session.scalars(sa.select(Article.source)))
        sources |= set(session.scalars(sa.select(Article.curator)))
    assert {reason["detail"] for reason in named if "answer" not in reason} <= sources


def test_less_like_this_changes_the_next_picks_and_is_named(place: Place) -> None:
    before = next_week(place)
    answer(place, "less")
    after = next_week(place)
    assert stories(after) != stories(before)
    assert [one["kind"] for one in after["learned_from"]] == ["less"]


def about(place: Place, topic: str) -> list[str]:
    """Stories among the next picks that carry the topic."""
    found = next_week(place)["picks"]
    with database.reading(place.engine) as session:
        query = sa.select(Story.key).join(StoryTopic).join(Topic).where(Topic.name == topic)
        carrying = set(session.scalars(query))
    return [pick["story"] for pick in found if pick["story"] in carrying]


def test_a_topic_that_does_not_interest_stays_out_from_now_on(place: Place) -> None:
    place.pass_time(days=7)
    delivery = place.delivery(WHO)
    with database.reading(place.engine) as session:
        topics = session.scalars(
            sa.select(Topic.name)
            .join(StoryTopic)
            .where(StoryTopic.story_id == delivery.story_ids[0])
        ).all()
    [topic, *_] = [name for name in sorted(topics) if about(place, name)]
    page = answer(place, "less", topic=topic)
    assert f"Nothing of {topic} any more" in page
    assert about(place, topic) == []
    learned = next_week(place)["learned_from"][0]
    assert learned == {"at": place.moment[0], "kind": "mute", "topic": topic}


def test_a_topic_left_out_by_mistake_is_as_before_after_undo(place: Place) -> None:
    """Whoever was forwarded an issue can press its buttons; the reader can take it back."""
    before = next_week(place)
    delivery = place.delivery(WHO)
    with database.reading(place.engine) as session:
        stated = records.document(records.find(session, WHO))["topics"]
        frozen = session.get_one(EditionStory, (delivery.edition_id, delivery.story_ids[0]))
    topic = next(name for name in frozen.content["topics"] if name in stated)
    for _ in range(2):
        assert "Undo this" in answer(place, "less", topic=topic)
    assert next_week(place) != before
    answer(place, "less", undo=topic)
    assert next_week(place) == before
    answer(place, "less", undo=topic)  # once more changes nothing
    assert next_week(place) == before


def test_looking_at_the_page_teaches_nothing(place: Place) -> None:
    before = next_week(place)
    delivery = place.delivery(WHO)
    link = place.path(place.links.feedback(delivery.id, delivery.story_ids[0], "more"))
    for _ in range(3):
        assert place.client.get(link).status_code == 200
        assert place.client.head(link).status_code == 200
    assert next_week(place) == before
