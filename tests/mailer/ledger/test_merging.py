"""Copies of two readers who become one: each edition keeps the one that they got."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.ledger import copies, merging
from mailer.ledger.merging import Copies
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
from recommender.subscribers.addresses import address_hash

S = DeliveryState


def reader(session: Session, email: str, now: datetime) -> Subscriber:
    key = address_hash(session, email)
    new = Subscriber(
        email=email, address_hash=key, status=Status.ACTIVE, created_at=now, updated_at=now
    )
    session.add(new)
    session.flush()
    return new


def edition(session: Session, now: datetime) -> Edition:
    session.add(TemplateVersion(hash="t", name="weekly", html="", text="", at=now))
    newsletter = session.scalars(sa.select(Newsletter)).one()
    new = Edition(
        newsletter=newsletter, period="2026-W48", state=EditionState.SENDING, template_hash="t",
        planned_at=now,
    )  # fmt: skip
    session.add(new)
    session.flush()
    return new


def copy(
    session: Session, of: Edition, who: Subscriber, state: DeliveryState, now: datetime
) -> int:
    new = Delivery(
        edition_id=of.id, subscriber_id=who.id, number=who.id, state=state, due_at=now,
        template_hash="t", story_ids=[who.id],
    )  # fmt: skip
    session.add(new)
    session.flush()
    return new.id


@pytest.mark.parametrize(
    ("mine", "other", "stays", "unsent"),
    [
        (S.SENT, S.SENT, "mine", 0),
        (S.SENT, S.PLANNED, "mine", 1),
        (S.PLANNED, S.SENT, "other", 1),
        (S.DEFERRED, S.IN_DOUBT, "other", 1),
        (S.PLANNED, S.PLANNED, "mine", 1),
        (S.FAILED, S.PLANNED, "other", 0),
        (S.PLANNED, S.FAILED, "mine", 0),
        (S.SKIPPED, S.SENT, "other", 0),
    ],
)
def test_an_edition_keeps_the_copy_that_was_sent_or_else_is_to_be(
    store: Engine, now: datetime, mine: S, other: S, stays: str, unsent: int
) -> None:
    with database.writing(store) as session:
        one, two = (reader(session, f"{name}@example.com", now) for name in "ab")
        weekly = edition(session, now)
        numbers = {
            "mine": copy(session, weekly, one, mine, now),
            "other": copy(session, weekly, two, other, now),
        }
        kept, gone, former = one.id, two.id, two.address_hash
        expected = Copies(moved=0, joined=1, unsent=unsent)
        assert merging.counts(session, kept, gone) == expected
        assert merging.merge(session, kept, gone, address_hash=former) == expected
    with database.reading(store) as session:
        (left,) = session.scalars(sa.select(Delivery)).all()
        assert (left.id, left.subscriber_id) == (numbers[stays], kept)
        went = {"mine": None, "other": former}
        states = {"mine": mine, "other": other}
        for name, number in numbers.items():
            found = copies.find(session, number)
            if states[name] in (S.SENT, S.IN_DOUBT, S.FAILED):
                assert found is not None  # somebody may hold a link of it
                assert (found.delivery.id, found.former) == (left.id, went[name])
        sent = {kept if name == "mine" else gone for name in states if states[name] == S.SENT}
        assert sent <= set(left.story_ids)


def test_a_copy_of_an_edition_that_only_the_other_has_moves(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        one, two = (reader(session, f"{name}@example.com", now) for name in "ab")
        number = copy(session, edition(session, now), two, S.PLANNED, now)
        done = merging.merge(session, one.id, two.id, address_hash=two.address_hash)
        assert done == Copies(moved=1)
        found = session.get_one(Delivery, number)
        assert (found.subscriber_id, found.address_hash) == (one.id, None)
