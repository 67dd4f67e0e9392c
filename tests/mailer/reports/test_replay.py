"""Past editions ranked anew: what was sent is found again, and what is known of others is said."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.reports import past_editions, replay
from recommender import newsletters
from recommender.errors import NewsletterError
from recommender.models import Delivery, DeliveryState, Event, EventKind
from recommender.settings import Settings
from recommender.storage import database
from tests.promises.conftest import add_readers, add_stories, configured, engine, home

__all__ = ["configured", "engine", "home"]
READERS = 120


@pytest.fixture
def answered(engine: Engine, configured: Callable[..., Settings], now: datetime) -> Settings:
    """Two weekly editions. Readers click on what is of their own subject, at the first place
    twice as often as at the second; and answer anew once all are sent."""
    settings = configured(vary_positions=0.5, picks=5)
    add_readers(engine, now - timedelta(hours=1), READERS)
    chance = random.Random(3)
    for week, period in enumerate(("2026-W47", "2026-W48")):
        at = now - timedelta(weeks=1 - week)
        for label in ("a", "b"):
            add_stories(engine, at - timedelta(hours=1), f" {label}{week}")
        edition = campaign.plan(engine, settings, period=period, now=at)
        with database.writing(engine) as session:
            session.execute(sa.update(Delivery).values(state=DeliveryState.SENT))
            for copy in session.scalars(sa.select(Delivery).where(Delivery.edition_id == edition)):
                for pick in copy.picks:
                    own = any(kind == "topic" for kind, _, _ in pick["reasons"])
                    if own and chance.random() < 0.8 / pick["position"]:
                        session.add(Event(
                            at=at + timedelta(hours=2), kind=EventKind.CLICK, verified=True,
                            subscriber_id=copy.subscriber_id, delivery_id=copy.id,
                            story_id=pick["story"],
                        ))  # fmt: skip
    return settings


def replayed(engine: Engine, settings: Settings, *alternatives: str) -> replay.Replay:
    with database.reading(engine) as session:
        newsletter = newsletters.get(session, settings.newsletter)
        editions = past_editions.latest(session, newsletter.id, 8)
        return replay.replay(session, editions, alternatives, most=1_000)


def test_what_was_sent_is_found_again_and_the_house_digest_is_told_apart(
    answered: Settings, engine: Engine
) -> None:
    found = replayed(engine, answered, "profile.click_half_life=301")
    assert found.editions == ["weekly-2026-W47", "weekly-2026-W48"]
    assert len(found.sent.readers) == 2 * READERS
    again = found.worth[replay.TODAY][1]
    assert again.known > 0.98
    assert found.verdict(replay.TODAY) == "undecided"
    assert found.worth["profile.click_half_life=301"][1].value == again.value
    house = found.worth[replay.HOUSE][1]
    assert house.at_least.high < 0
    assert house.known < 0.8
    assert "an experiment tells" in found.why_undecided(replay.HOUSE)
    sent = found.sent
    assert sent.places.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (sent.places[np.arange(len(sent.copies)), sent.positions - 1] > 0).all()
    assert found.bias.told
    assert found.bias.low < 1 < found.bias.high
    with database.reading(engine) as session, pytest.raises(NewsletterError, match="no knob"):
        replay.replay(session, [], ["colour=1"], most=1)
