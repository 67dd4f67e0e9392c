"""The ledger: one copy, one sender; what a stop, a kill or a second sender can do to it."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.ledger import claims, counts, deliveries
from mailer.ledger.deliveries import Outcome
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
from recommender.storage import database
from recommender.subscribers import consent

S = DeliveryState
Take = Callable[..., list[int]]


@pytest.fixture
def edition(store: Engine, now: datetime) -> int:
    """An edition with five planned copies, due an hour apart from an hour ago."""
    with database.writing(store) as session:
        session.add(TemplateVersion(hash="t", name="weekly", html="", text="", at=now))
        edition = Edition(
            newsletter=session.scalars(sa.select(Newsletter)).one(),
            period="2026-W48",
            state=EditionState.SENDING,
            template_hash="t",
            planned_at=now,
        )
        session.add(edition)
        session.flush()
        for number in range(1, 6):
            reader = Subscriber(
                email=f"r{number}@example.com",
                address_hash=ledger_hash(session, f"r{number}@example.com"),
                status=Status.ACTIVE,
                created_at=now,
                updated_at=now,
            )
            session.add(reader)
            session.flush()
            session.add(
                Delivery(
                    edition_id=edition.id,
                    subscriber_id=reader.id,
                    number=number,
                    state=S.PLANNED,
                    due_at=now + timedelta(hours=number - 2),
                    template_hash="t",
                )
            )
        return edition.id


def ledger_hash(session: sa.orm.Session, email: str) -> str:
    from recommender.subscribers.addresses import address_hash

    return address_hash(session, email)


@pytest.fixture
def take(store: Engine, edition: int, now: datetime) -> Take:
    """Claim as ``owner``; the numbers of the copies it got."""

    def run(owner: str = "one", limit: int = 10, *, at_local_time: bool = False) -> list[int]:
        with database.writing(store) as session:
            taken, _ = claims.claim(
                session, edition, owner=owner, limit=limit, now=now, at_local_time=at_local_time
            )
        return [claim.number for claim in taken]

    return run


def states(store: Engine) -> list[str]:
    with database.reading(store) as session:
        return [
            str(s) for s in session.scalars(sa.select(Delivery.state).order_by(Delivery.number))
        ]


def ids(store: Engine) -> list[int]:
    with database.reading(store) as session:
        return list(session.scalars(sa.select(Delivery.id).order_by(Delivery.number)))


def test_a_copy_is_claimed_by_one_sender_only(take: Take) -> None:
    assert take("one", 3) == [1, 2, 3]
    assert take("two") == [4, 5]
    assert take("three") == []


def test_at_local_time_only_what_is_due_is_claimed(take: Take) -> None:
    assert take(at_local_time=True) == [1, 2]


def test_readers_who_left_since_planning_are_skipped_by_name(
    store: Engine, take: Take, now: datetime
) -> None:
    with database.writing(store) as session:
        consent.suppress(session, "r1@example.com", reason="complaint", now=now, proof={})
        reader = session.scalars(
            sa.select(Subscriber).where(Subscriber.email == "r2@example.com")
        ).one()
        consent.change(session, reader, Status.PAUSED, source="test", now=now, proof={})
    assert take() == [3, 4, 5]
    with database.reading(store) as session:
        count = counts.count(session, session.scalars(sa.select(Edition.id)).one())
    assert count.skipped == {"suppressed": 1, "paused": 1}


def test_the_dot_is_only_written_for_ones_own_copy(store: Engine, take: Take) -> None:
    take("one", 2)
    first, second, third, *_ = ids(store)
    with database.writing(store) as session:
        assert deliveries.put_on_wire(session.connection(), [first, third], owner="one") == {first}
        assert deliveries.put_on_wire(session.connection(), [second], owner="two") == set()


def test_outcomes_are_recorded_with_the_words_of_the_server(
    store: Engine, take: Take, now: datetime
) -> None:
    take("one")
    sent, failed, deferred, *_ = ids(store)
    later = now + timedelta(minutes=5)
    outcomes = [
        Outcome(sent, S.SENT, relay="mx", reply="250 ok"),
        Outcome(failed, S.FAILED, reply="550 5.1.1 no such user", reason="5.1.1"),
        Outcome(deferred, S.DEFERRED, reply="451 later", reason="451", retry_at=later),
    ]
    with database.writing(store) as session:
        deliveries.put_on_wire(session.connection(), [sent], owner="one")
        deliveries.record(session.connection(), outcomes, owner="one", now=now)
    assert states(store) == ["sent", "failed", "deferred", "claimed", "claimed"]
    with database.reading(store) as session:
        rows = {row.id: row for row in session.scalars(sa.select(Delivery))}
    assert rows[failed].reply == "550 5.1.1 no such user"
    assert (rows[deferred].due_at, rows[deferred].attempts) == (later, 1)


def test_a_settled_copy_is_never_changed_again(store: Engine, take: Take, now: datetime) -> None:
    take("one", 1)
    first = ids(store)[0]
    with database.writing(store) as session:
        deliveries.put_on_wire(session.connection(), [first], owner="one")
        deliveries.record(session.connection(), [Outcome(first, S.SENT)], owner="one", now=now)
        deliveries.record(session.connection(), [Outcome(first, S.FAILED)], owner="one", now=now)
    assert states(store)[0] == "sent"


def test_a_deferred_copy_waits_even_when_everything_is_due(
    store: Engine, take: Take, now: datetime
) -> None:
    take("one", 1)
    later = now + timedelta(minutes=5)
    with database.writing(store) as session:
        outcome = Outcome(ids(store)[0], S.DEFERRED, retry_at=later)
        deliveries.record(session.connection(), [outcome], owner="one", now=now)
    assert take("two") == [2, 3, 4, 5]


def test_a_copy_that_was_put_back_waits_and_has_not_been_tried(
    store: Engine, take: Take, now: datetime
) -> None:
    take("one", 1)
    back = Outcome(ids(store)[0], S.DEFERRED, retry_at=now + timedelta(minutes=1), tried=False)
    with database.writing(store) as session:
        deliveries.record(session.connection(), [back], owner="one", now=now)
    with database.reading(store) as session:
        copy = session.get_one(Delivery, back.delivery_id)
    assert (copy.state, copy.attempts, copy.expires_at) == (S.DEFERRED, 0, None)
    assert take("two") == [2, 3, 4, 5]


def test_what_a_dead_sender_held_is_due_again_or_in_doubt(
    store: Engine, take: Take, now: datetime
) -> None:
    take("dead", 2)
    with database.writing(store) as session:
        deliveries.put_on_wire(session.connection(), ids(store)[:1], owner="dead")
    assert deliveries.recover(store, now=now) == (1, 1)
    assert states(store) == ["in_doubt", "planned", "planned", "planned", "planned"]
    assert take("next") == [2, 3, 4, 5]


def test_what_a_living_sender_holds_is_left_alone(store: Engine, take: Take, now: datetime) -> None:
    with ExitStack() as alive:
        assert alive.enter_context(deliveries.lock(store, "alive"))
        take("alive", 2)
        assert deliveries.recover(store, now=now) == (0, 0)
    assert deliveries.recover(store, now=now) == (2, 0)


def test_doubts_are_resent_only_when_asked_to(store: Engine, take: Take, now: datetime) -> None:
    take("dead", 1)
    with database.writing(store) as session:
        deliveries.put_on_wire(session.connection(), ids(store)[:1], owner="dead")
    deliveries.recover(store, now=now)
    assert 1 not in take("next")
    with database.writing(store) as session:
        assert (
            deliveries.resend_doubtful(session, session.scalars(sa.select(Edition.id)).one()) == 1
        )
    assert take("again") == [1]


def test_cancelling_skips_what_is_not_in_hand(
    store: Engine, edition: int, take: Take, now: datetime
) -> None:
    take("one", 2)
    with database.writing(store) as session:
        assert deliveries.cancel(session, edition, now=now) == 3
    assert states(store) == ["claimed", "claimed", "skipped", "skipped", "skipped"]


def test_the_sum_always_holds(store: Engine, edition: int, take: Take, now: datetime) -> None:
    take("one", 3)
    outcomes = [Outcome(ids(store)[0], S.SENT), Outcome(ids(store)[1], S.FAILED)]
    with database.writing(store) as session:
        deliveries.put_on_wire(session.connection(), ids(store)[:1], owner="one")
        deliveries.record(session.connection(), outcomes, owner="one", now=now)
    with database.reading(store) as session:
        count = counts.count(session, edition)
    assert sum(count.states.values()) == 5
    assert count.of(S.SENT) + count.of(S.FAILED) + count.of(*deliveries.UNSETTLED) == 5
