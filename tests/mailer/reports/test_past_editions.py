"""Past editions as they were sent and answered."""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.reports import past_editions
from recommender.models import Delivery, DeliveryState, Edition, Event, EventKind
from recommender.settings import Settings
from recommender.storage import database
from tests.promises.conftest import add_readers, add_stories, configured, engine, home

__all__ = ["configured", "engine", "home"]


def test_copies_come_with_what_was_answered_and_of_many_every_third(
    engine: Engine, configured: Callable[..., Settings], now: datetime
) -> None:
    add_stories(engine, now - timedelta(hours=1))
    add_readers(engine, now - timedelta(hours=1), 12)
    campaign.plan(engine, configured(), period="2026-W48", now=now)
    with database.reading(engine) as session:
        assert past_editions.latest(session, 1, 8) == []
    with database.writing(engine) as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.SENT))
        first, second = session.scalars(sa.select(Delivery).order_by(Delivery.id).limit(2))
        kinds = ((0, "click", True), (1, "more", True), (1, "less", True), (2, "click", False))
        for place, kind, verified in kinds:
            session.add(Event(
                at=now, kind=EventKind(kind), verified=verified, subscriber_id=first.subscriber_id,
                delivery_id=first.id, story_id=first.story_ids[place],
            ))  # fmt: skip
        expected = {first.id: frozenset(first.story_ids[:1]), second.id: frozenset()}
    with database.reading(engine) as session:
        [edition] = past_editions.latest(session, 1, 8)
        whole = past_editions.sampled(session, edition, 12)
        copies = [one for batch in past_editions.copies(session, whole) for one in batch]
        assert len(copies) == 12
        assert {one.id: one.answered for one in copies if one.id in expected} == expected
        assert [pick.position for pick in copies[0].picks] == list(
            range(1, len(copies[0].picks) + 1)
        )
        session.execute(sa.update(Delivery).where(Delivery.id == second.id).values(arm="house"))
        assert len([c for batch in past_editions.copies(session, whole) for c in batch]) == 11
        session.execute(sa.update(Delivery).values(arm=None))
        third = past_editions.sampled(session, edition, 4)
        some = [one for batch in past_editions.copies(session, third) for one in batch]
    with database.writing(engine) as session:
        session.execute(sa.update(Edition).values(slim_at=now))  # only the stories are left
        assert past_editions.latest(session, 1, 8) == []
    assert {one.subscriber_id % 3 for one in some} == {0}
    assert len(some) == 4
