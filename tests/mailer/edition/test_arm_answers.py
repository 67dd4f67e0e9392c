"""What each arm got and answered, beside what is known to have been sent."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.edition import arm_answers, experiments
from mailer.reports import gain
from recommender import newsletters
from recommender.models import Delivery, DeliveryState, Edition, Event, EventKind, ExperimentKind
from recommender.settings import Settings
from recommender.storage import database
from tests.promises.conftest import add_readers, add_stories, configured, engine, home

__all__ = ["configured", "engine", "home"]
READERS = 160


@pytest.fixture
def planned(engine: Engine, configured: Callable[..., Settings], now: datetime) -> int:
    """An edition of which a fifth is held out and the others get two settings, interleaved; sent,
    and answered: three of four readers clicked their first pick of team b."""
    add_stories(engine, now - timedelta(hours=1))
    add_stories(engine, now - timedelta(hours=1), " anew")
    add_readers(engine, now - timedelta(hours=1), READERS)
    with database.writing(engine) as session:
        newsletter = newsletters.get(session, "weekly")
        kind = ExperimentKind.INTERLEAVING
        plan = experiments.of_rankers(kind, "", "profile.role=1,freshness.newest=0.2", 1.0)
        experiments.start(session, newsletter, "fresh", plan, by="me", now=now)
    edition = campaign.plan(engine, configured(holdout=0.2), period="2026-W48", now=now)
    chance = random.Random(2)
    with database.writing(engine) as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.SENT))
        for copy in session.scalars(sa.select(Delivery).order_by(Delivery.id)):
            of_b = [pick for pick in copy.picks if pick.get("team") == "b"]
            if of_b and chance.random() < 0.75:
                for kind_, counts in (("click", True), ("more", True), ("click", False)):
                    session.add(Event(
                        at=now, kind=EventKind(kind_), verified=counts, delivery_id=copy.id,
                        subscriber_id=copy.subscriber_id, story_id=of_b[0]["story"],
                    ))  # fmt: skip
    return edition


def test_arms_and_teams_are_counted_once_a_reader(planned: int, engine: Engine) -> None:
    with database.reading(engine) as session:
        copies = list(session.scalars(sa.select(Delivery)))
        clicked = set(session.scalars(sa.select(Event.delivery_id)))
        arms = arm_answers.by_arm(session, [planned], gain.GROUPS)
        teams = arm_answers.by_team(session, [planned])
        edition = session.get_one(Edition, planned)
        document = gain.gain(session, edition)
        [running] = experiments.listing(session, edition.newsletter_id)
        assert experiments.editions(session, running) == [edition]
    house = [copy for copy in copies if copy.arm == "house"]
    both = [copy for copy in copies if copy.arm == "both"]
    assert len(house) + len(both) == READERS
    assert 15 <= len(house) <= 50
    assert len({tuple(copy.story_ids) for copy in house}) == 1
    assert not [pick for copy in house for pick in copy.picks if "team" in pick]
    assert len(arms["house"].copies) == len(house)
    assert arms["personal"].answered.sum() == len(clicked)
    assert len(teams.copies) == len(both)
    weights = {
        copy.id: next(pick["weight"] for pick in copy.picks if pick.get("team") == "b")
        for copy in both
        if copy.id in clicked
    }
    assert teams.answered.sum() == pytest.approx(sum(weights.values()))
    assert teams.rate == pytest.approx(sum(weights.values()) / len(both))
    assert document is not None
    assert document["personal"]["answered"] == len(clicked)
    assert document["gain"]["low"] is None  # nobody of the holdout answered
    assert "too few answers" in gain.sentence(document)


def test_each_team_gives_as_much_and_positions_follow(planned: int, engine: Engine) -> None:
    with database.reading(engine) as session:
        copies = list(session.scalars(sa.select(Delivery).where(Delivery.arm == "both")))
    teams = [[pick.get("team") for pick in copy.picks] for copy in copies]
    for copy, given in zip(copies, teams, strict=True):
        assert [pick["position"] for pick in copy.picks] == list(range(1, len(given) + 1))
        assert len(set(copy.story_ids)) == len(given)
        assert abs(given.count("a") - given.count("b")) <= 1
    assert sum(len(given) for given in teams) > len(teams)
    assert any("a" in given for given in teams)
