"""A change of address: only what was confirmed from there, one reader an address, never a
suppressed one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from recommender.errors import NotFoundError
from recommender.models import Status
from recommender.storage import database
from recommender.subscribers import address_change, consent, fields, intake, records

OLD, NEW = "old@example.com", "new@example.com"


@pytest.fixture
def people(store: Engine, now: datetime) -> Engine:
    rows = [fields.draft(n, {"email": email}) for n, email in enumerate((OLD, "taken@example.com"))]
    intake.import_rows(lambda: database.writing(store), rows, file="test", now=now)
    return store


def ask(session: Session, address: str, now: datetime) -> address_change.ChangeRequest:
    return address_change.ask(session, records.find(session, OLD), address, now=now)


def move(session: Session, asked: address_change.ChangeRequest, now: datetime) -> str | None:
    change = address_change.wanted(session, records.find(session, OLD).id, asked.key)
    assert change is not None
    return address_change.move(session, change, now=now, proof={"from": "test"})


def test_nothing_changes_before_it_is_confirmed_and_all_after(
    people: Engine, now: datetime
) -> None:
    with database.writing(people) as session:
        key = records.find(session, OLD).link_key
        asked = ask(session, NEW, now)
        assert records.find(session, OLD).email == OLD
    with database.writing(people) as session:
        assert move(session, asked, now) == OLD
    with database.reading(people) as session:
        reader = records.find(session, NEW)
        held = records.everything(session, reader)
        assert reader.link_key != key  # links mailed to the old address are void
        assert address_change.wanted(session, reader.id, asked.key) is None  # the link works once
        with pytest.raises(NotFoundError):
            records.find(session, OLD)
    assert held["consent"][-1]["source"] == address_change.SOURCE
    assert OLD not in str(held)


def test_the_address_of_another_reader_is_not_taken(people: Engine, now: datetime) -> None:
    with database.writing(people) as session:
        assert ask(session, "TAKEN@example.com", now).mail == "taken"


def test_an_address_that_was_taken_meanwhile_is_not_taken_twice(
    people: Engine, now: datetime
) -> None:
    with database.writing(people) as session:
        asked = ask(session, NEW, now)
    rows = [fields.draft(1, {"email": NEW})]
    intake.import_rows(lambda: database.writing(people), rows, file="test", now=now)
    with database.writing(people) as session:
        assert move(session, asked, now) is None


def test_suppression_holds_for_the_old_and_for_the_new_address(
    people: Engine, now: datetime
) -> None:
    with database.writing(people) as session:
        asked = ask(session, NEW, now)
        consent.suppress(session, NEW, reason="asked", now=now, proof={})
        assert ask(session, NEW, now).mail == "nothing"
        assert move(session, asked, now) is None
        consent.suppress(session, OLD, reason="complaint", now=now, proof={})
        with pytest.raises(ValueError, match="only readers who get issues"):
            ask(session, "third@example.com", now)


def test_asking_again_voids_the_link_before(people: Engine, now: datetime) -> None:
    with database.writing(people) as session:
        first, second = ask(session, NEW, now), ask(session, "third@example.com", now)
        reader = records.find(session, OLD)
        assert address_change.wanted(session, reader.id, first.key) is None
        assert address_change.wanted(session, reader.id, second.key) is not None


@pytest.mark.parametrize("wrong", ["", "nobody", "a@b@c", "x@example.com\nBcc: y@example.com", OLD])
def test_what_is_no_new_address_is_refused(people: Engine, now: datetime, wrong: str) -> None:
    with database.writing(people) as session, pytest.raises(ValueError, match=r"^email: "):
        ask(session, wrong, now)


def test_a_paused_reader_stays_paused(people: Engine, now: datetime) -> None:
    with database.writing(people) as session:
        reader = records.find(session, OLD)
        reader.paused_until = now + timedelta(days=9)
        consent.change(session, reader, Status.PAUSED, source="test", now=now, proof={})
        assert move(session, ask(session, NEW, now), now) == OLD
        assert records.find(session, NEW).status == Status.PAUSED
