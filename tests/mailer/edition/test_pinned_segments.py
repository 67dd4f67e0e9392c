"""Which segments the ranker is told of."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import pinned_segments
from recommender import segments
from recommender.models import Subscriber
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import ListRequest, Reader, Story
from recommender.storage import database
from recommender.subscribers import audience, fields, intake

STORIES = [
    Story("1", "a", "a", title="Chess", summary="Rooks.", topics={"Chess": 1.0}),
    Story(
        "2",
        "b",
        "b",
        title="Tea",
        summary="Pots.",
        topics={"Tea": 1.0},
        pinned_for=frozenset(["few"]),
    ),
]


def test_readers_are_told_of_with_the_segments_that_a_story_is_pinned_for(
    store: Engine, now: datetime
) -> None:
    drafts = [fields.draft(n, {"email": f"r{n}@example.com", "topics": ["Chess"]}) for n in (1, 2)]
    intake.import_rows(lambda: database.writing(store), drafts, file="r", now=now)
    with database.writing(store) as session:
        for name in ("few", "other"):
            segments.create(session, name, None, now=now)
            segments.add_members(session, name, ["r2@example.com"])
        query = sa.select(Subscriber).order_by(Subscriber.id)
        readers = audience.members(session, session.scalars(query).all())
        ranker = Ranker(STORIES)
        found = pinned_segments.members(session, ranker, readers, now)
        assert [member.reader.segments for member in found] == [(), ("few",)]
        assert pinned_segments.members(session, Ranker(STORIES[:1]), readers, now) == readers


def test_a_story_leads_for_readers_of_the_segment_alone(now: datetime) -> None:
    readers = [
        Reader("a", topics={"Chess": 2.0}),
        Reader("b", topics={"Chess": 2.0}, segments=("few",)),
    ]
    asked = ListRequest(now=now, top=3)
    plain, pinned = Ranker(STORIES).rank(readers, asked)
    assert [pick.story for pick in plain.picks] == ["1"]
    assert {pick.story for pick in pinned.picks} == {"1", "2"}
    reasons = {pick.story: [one.kind for one in pick.reasons] for pick in pinned.picks}
    assert "must_read" in reasons["2"]
    unpinned = ListRequest(now=now, top=3, unpinned=["2"])
    assert [pick.story for pick in Ranker(STORIES).rank(readers, unpinned)[1].picks] == ["1"]
