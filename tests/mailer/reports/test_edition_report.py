"""The report of an edition, compared with what readers are known to have done."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.ledger import editions
from mailer.reports import edition_report
from recommender import segments
from recommender.models import Delivery, DeliveryState, Event, EventKind
from recommender.settings import Settings
from recommender.storage import database
from tests.promises.conftest import SUBJECTS, add_readers, add_stories, configured, engine, home

__all__ = ["configured", "engine", "home"]
PERIOD = "2026-W48"
KINDS = {
    EventKind.CLICK: "clicked", EventKind.MORE: "more", EventKind.LESS: "less",
    EventKind.UNSUBSCRIBE: "unsubscribed", EventKind.COMPLAINT: "complained",
    EventKind.BOUNCE: "bounced",
}  # fmt: skip


@pytest.fixture
def sent(engine: Engine, configured: Callable[..., Settings], now: datetime) -> int:
    """An edition of 24 readers that was sent, but for one copy that failed; its id."""
    add_stories(engine, now - timedelta(hours=1))
    add_readers(engine, now - timedelta(hours=1), 24)
    settings = configured()
    with database.writing(engine) as session:
        segments.create(session, "robots", 'topic in ("Robotics Automation")', now=now)
    edition = campaign.plan(engine, settings, period=PERIOD, now=now)
    campaign.send(
        engine, settings, edition_id=edition, clock=lambda: now, stop=threading.Event(),
        at_local_time=False,
    )  # fmt: skip
    with database.writing(engine) as session:
        session.execute(
            sa.update(Delivery).where(Delivery.number == 24).values(state=DeliveryState.FAILED)
        )
    return edition


def test_the_numbers_are_those_of_a_recount(sent: int, engine: Engine, now: datetime) -> None:
    chance = random.Random(5)
    with database.writing(engine) as session:
        copies = list(session.scalars(sa.select(Delivery).order_by(Delivery.number)))[:-1]
        for _ in range(120):
            copy, kind = chance.choice(copies), chance.choice(list(KINDS))
            story = chance.choice(copy.story_ids)
            session.add(Event(
                at=now, kind=kind, subscriber_id=copy.subscriber_id, delivery_id=copy.id,
                story_id=story if kind in list(KINDS)[:3] else None,
                verified=chance.random() < 0.7,
            ))  # fmt: skip
    with database.reading(engine) as session, database.reading(engine) as beside:
        edition = editions.find(session, "weekly", PERIOD)
        told = edition_report.report(session, edition, now=now)
        assert edition_report.report(session, edition, now=now, beside=beside) == told
        events = list(session.scalars(sa.select(Event).where(Event.verified)))
        copies = list(session.scalars(sa.select(Delivery).where(Delivery.number < 24)))
    answered = Counter(KINDS[kind] for kind, _ in {(e.kind, e.delivery_id) for e in events})
    funnel = told["funnel"]
    assert (funnel["due"], funnel["sent"]) == (24, 23)
    assert funnel["delivered"] == 23 - answered["bounced"]
    for step in ("clicked", "unsubscribed", "complained", "bounced"):
        assert funnel[step] == answered[step]
    by_story = Counter((KINDS[e.kind], e.story_id, e.delivery_id) for e in events if e.story_id)
    for name in ("clicked", "more", "less"):
        wanted = len([key for key in by_story if key[0] == name])
        assert sum(row[name] for row in told["stories"]) == wanted
        assert sum(row[name] for row in told["positions"]) == wanted
    held = Counter(story for copy in copies for story in copy.story_ids)
    assert sorted(held.values(), reverse=True) == [r["readers"] for r in told["stories"]]
    assert told["positions"][0]["readers"] == 23
    assert {row["name"]: row["due"] for row in told["topics"]} == dict.fromkeys(SUBJECTS, 6)
    assert sum(row["clicked"] for row in told["topics"]) == funnel["clicked"]
    assert [(row["name"], row["due"]) for row in told["segments"]] == [("robots", 6)]
    assert [(row["name"], row["due"]) for row in told["roles"]] == [("none stated", 24)]
    assert [(row["name"], row["sent"]) for row in told["domains"]] == [("example.com", 23)]
    assert sum(row["sent"] for row in told["relays"]) == 23
    rate = told["click_rate"]
    assert 0 <= rate["low"] <= rate["mean"] <= rate["high"] <= 1
    json.dumps(told)


def test_an_edition_nobody_has_answered_has_no_rates(
    sent: int, engine: Engine, now: datetime
) -> None:
    with database.writing(engine) as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.PLANNED))
        told = edition_report.report(session, editions.find(session, "weekly", PERIOD), now=now)
    assert (told["funnel"]["sent"], told["click_rate"], told["positions"]) == (0, None, [])
    assert {row["readers"] for row in told["stories"]} == {0}


def test_an_edition_without_readers_is_all_zeros(
    engine: Engine, configured: Callable[..., Settings], now: datetime
) -> None:
    campaign.plan(engine, configured(), period=PERIOD, now=now)
    with database.reading(engine) as session:
        told = edition_report.report(session, editions.find(session, "weekly", PERIOD), now=now)
    assert set(told["funnel"].values()) == {0}
    assert (told["click_rate"], told["roles"], told["stories"]) == (None, [], [])
