"""The automatic stop, and what can be seen of an edition while it is being sent."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import status
from mailer.ledger import counts, editions
from mailer.relay.transport import Verdict, VerdictKind
from mailer.throttling import circuit_breaker, pauses
from mailer.throttling.circuit_breaker import BLOCK, SAMPLE, CircuitBreaker, Tally
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Newsletter,
    Status,
    Subscriber,
    TemplateVersion,
)
from recommender.settings import Settings
from recommender.storage import database

S = DeliveryState
Add = Callable[..., None]


@pytest.fixture
def edition(store: Engine, now: datetime) -> int:
    """An edition that is being sent, without copies."""
    with database.writing(store) as session:
        session.add(TemplateVersion(hash="t", name="weekly", html="", text="", at=now))
        found = Edition(
            newsletter=session.scalars(sa.select(Newsletter)).one(),
            period="2026-W48",
            state=EditionState.SENDING,
            template_hash="t",
            planned_at=now,
            started_at=now,
        )
        session.add(found)
        session.flush()
        return found.id


@pytest.fixture
def add(store: Engine, edition: int, now: datetime) -> Add:
    """Add copies in a state: ``add(number, state, **columns)``."""

    def run(number: int, state: DeliveryState, **columns: Any) -> None:
        with database.writing(store) as session:
            first = (session.scalar(sa.select(sa.func.max(Subscriber.id))) or 0) + 1
            ids = range(first, first + number)
            readers = [
                {
                    "id": key,
                    "email": f"r{key}@example.com",
                    "address_hash": f"{key:064}",
                    "status": Status.ACTIVE,
                    "created_at": now,
                    "updated_at": now,
                }
                for key in ids
            ]
            copies = [
                {
                    "edition_id": edition,
                    "subscriber_id": key,
                    "number": key,
                    "state": state,
                    "due_at": now,
                    "template_hash": "t",
                    "attempts": 1,
                }
                | columns
                for key in ids
            ]
            session.execute(sa.insert(Subscriber), readers)
            session.execute(sa.insert(Delivery), copies)

    return run


def state(engine: Engine, edition: int) -> EditionState:
    with database.reading(engine) as session:
        return editions.state(session, edition)


def resume(engine: Engine, edition: int) -> None:
    with database.writing(engine) as session:
        editions.resume(session, session.get_one(Edition, edition))


@pytest.mark.parametrize(
    ("tried", "turned_away", "stops"),
    [
        (SAMPLE - 1, SAMPLE - 1, False),
        (SAMPLE, SAMPLE // 10, False),
        (SAMPLE, SAMPLE // 10 + 1, True),
        (BLOCK, BLOCK // 10, False),
        (BLOCK, BLOCK // 10 + 1, True),
    ],
)
def test_more_than_the_share_of_enough_copies_stops(
    tried: int, turned_away: int, *, stops: bool
) -> None:
    assert (circuit_breaker.verdict(Tally(tried, turned_away), 0.1) is not None) is stops


def test_an_edition_that_bounces_pauses_itself_and_says_why(
    store: Engine, edition: int, add: Add, now: datetime
) -> None:
    add(80, S.SENT)
    add(10, S.FAILED, reason="5.1.1")
    add(10, S.DEFERRED, reason="4.7.1")
    why = CircuitBreaker(edition, 0.1).look(store, now)
    assert why == "stopped: 20 of 100 copies bounced or were deferred, more than 10%"
    assert state(store, edition) == EditionState.PAUSED
    with database.reading(store) as session:
        found = session.get_one(Edition, edition)
        assert (found.why, circuit_breaker.in_force(session, found)) == (why, why)


def test_what_says_nothing_about_the_list_does_not_count(
    store: Engine, edition: int, add: Add, now: datetime
) -> None:
    add(60, S.SENT)
    add(60, S.SKIPPED, reason="suppressed")
    add(60, S.FAILED, reason="copy")
    add(60, S.DEFERRED, reason="paused", attempts=0)
    assert CircuitBreaker(edition, 0.1).look(store, now) is None
    assert CircuitBreaker(edition, 1.0).look(store, now) is None
    assert state(store, edition) == EditionState.SENDING


def test_after_a_good_block_it_looks_no_more(
    store: Engine, edition: int, add: Add, now: datetime
) -> None:
    circuit_breaker = CircuitBreaker(edition, 0.1)
    add(BLOCK, S.SENT)
    assert circuit_breaker.look(store, now) is None
    add(BLOCK, S.FAILED, reason="5.1.1")
    assert circuit_breaker.look(store, now) is None


def test_resuming_overrides_until_a_further_block_is_as_bad(
    store: Engine, edition: int, add: Add, now: datetime
) -> None:
    add(100, S.FAILED, reason="5.1.1")
    assert CircuitBreaker(edition, 0.1).look(store, now) is not None
    resume(store, edition)
    assert CircuitBreaker(edition, 0.1).look(store, now) is None
    add(BLOCK - 1, S.FAILED, reason="5.1.1")
    assert CircuitBreaker(edition, 0.1).look(store, now) is None
    add(1, S.FAILED, reason="5.1.1")
    assert CircuitBreaker(edition, 0.1).look(store, now) is not None
    resume(store, edition)
    add(BLOCK, S.SENT)
    assert CircuitBreaker(edition, 0.1).look(store, now) is None


def test_an_edition_paused_by_hand_was_not_stopped(store: Engine, edition: int) -> None:
    with database.writing(store) as session:
        found = session.get_one(Edition, edition)
        editions.pause(session, found, why="paused by hand")
        assert circuit_breaker.in_force(session, found) is None


def test_speed_and_shares_are_those_of_the_last_minute(
    store: Engine, edition: int, add: Add, now: datetime
) -> None:
    add(500, S.SENT, relay="old:25", settled_at=now - timedelta(minutes=5))
    add(90, S.SENT, relay="one:25", settled_at=now - timedelta(seconds=20))
    add(30, S.SENT, relay="two:25", settled_at=now - timedelta(seconds=10))
    add(200, S.PLANNED, due_at=now - timedelta(minutes=1))
    add(40, S.DEFERRED, due_at=now + timedelta(minutes=1))
    slow = Verdict(VerdictKind.DEFERRED, "one:25", 421, "4.7.28", "421 4.7.28 slow", "RCPT")
    with database.writing(store) as session:
        pauses.slow_down(session, "example.com", slow.reply or "", now)
    with database.reading(store) as session:
        found = session.get_one(Edition, edition)
        shown = status.status(session, Settings(), found, now=now)
    assert shown["rate"] == 2
    assert shown["eta"] == now + timedelta(minutes=2)
    assert shown["relays"] == {"one:25": 0.75, "two:25": 0.25}
    assert shown["next_due"] == now - timedelta(minutes=1)
    assert [pause["domain"] for pause in shown["paused_domains"]] == ["example.com"]
    assert shown["progress"] == round(620 / 860, 4)


def test_a_run_that_has_just_begun_is_not_averaged_over_a_minute(
    store: Engine, edition: int, add: Add, now: datetime
) -> None:
    add(100, S.SENT, settled_at=now - timedelta(seconds=10))
    with database.reading(store) as session:
        assert counts.sent_per_second(session, edition, now=now) == 10


def test_the_speed_is_read_from_an_index(sqlite_store: Engine) -> None:
    query = sa.select(sa.func.count()).where(
        Delivery.edition_id == 1,
        Delivery.state == sa.literal_column("'sent'"),
        Delivery.settled_at > datetime.fromisoformat("2026-11-24T00:00:00+00:00"),
    )
    with sqlite_store.connect() as connection:
        text = str(query.compile(connection, compile_kwargs={"literal_binds": False}))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (1, "2026-11-24")).all()
    assert "ix_deliveries_sent" in str(plan)
