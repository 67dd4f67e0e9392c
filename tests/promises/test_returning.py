"""Who was erased comes back by their own double opt-in, and in no other way."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer import erasure
from recommender.models import Status, Subscriber, Suppression
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import address_change, consent, fields, intake, records, self_service

WHO, OTHER = "back.again@example.com", "other@example.com"


@pytest.fixture
def settings(store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"))


def add(store: Engine, now: datetime, *emails: str, status: str = "active") -> list[str]:
    rows = [fields.draft(n, {"email": one, "status": status}) for n, one in enumerate(emails)]
    report = intake.import_rows(lambda: database.writing(store), rows, file="list", now=now)
    return [one.why for one in report.rejected]


def status(store: Engine) -> Status | None:
    with database.reading(store) as session:
        return session.scalar(sa.select(Subscriber.status).where(Subscriber.email == WHO))


def ask(store: Engine, now: datetime) -> bool:
    with database.writing(store) as session:
        draft = fields.draft(1, {"email": WHO})
        return self_service.request(session, draft, now=now, proof={}) is not None


def confirm(store: Engine, now: datetime) -> bool:
    with database.writing(store) as session:
        reader = records.find(session, WHO)
        return self_service.confirm(session, reader, now=now, proof={}, asked_at=now)


@pytest.fixture
def erased(store: Engine, settings: Settings, now: datetime) -> Engine:
    add(store, now, WHO, OTHER)
    erasure.erase(store, settings, WHO, now=now)
    return store


def test_confirming_brings_the_erased_back(erased: Engine, now: datetime) -> None:
    assert ask(erased, now)
    assert status(erased) == Status.PENDING
    with database.reading(erased) as session:
        assert consent.is_suppressed(session, WHO)  # until it is confirmed
    assert confirm(erased, now + timedelta(hours=1))
    assert status(erased) == Status.ACTIVE
    with database.reading(erased) as session:
        assert not consent.is_suppressed(session, WHO)
    assert add(erased, now, WHO) == []


def test_no_import_brings_the_erased_back(erased: Engine, now: datetime) -> None:
    for _ in ("nothing held", "asked, and not confirmed"):
        (why,) = add(erased, now, WHO.upper())
        assert "suppressed (erased)" in why
        assert "double opt-in" in why
        assert ask(erased, now)
    assert status(erased) == Status.PENDING


def test_who_asked_and_was_erased_again_may_ask_again(
    erased: Engine, settings: Settings, now: datetime
) -> None:
    assert ask(erased, now)
    erasure.erase(erased, settings, WHO, now=now)
    assert status(erased) is None
    assert ask(erased, now)
    assert confirm(erased, now)


def test_a_reader_may_move_to_an_address_that_was_erased(erased: Engine, now: datetime) -> None:
    with database.writing(erased) as session:
        reader = records.find(session, OTHER)
        asked = address_change.ask(session, reader, WHO, now=now)
        assert asked.mail == "link"
        change = address_change.wanted(session, reader.id, asked.key)
        assert change is not None
        assert address_change.move(session, change, now=now, proof={}) == OTHER
        assert not consent.is_suppressed(session, WHO)


@pytest.mark.parametrize("before", ["bounced", "complained"])
def test_erasing_is_no_way_round_a_bounce_or_a_complaint(
    store: Engine, settings: Settings, now: datetime, before: str
) -> None:
    add(store, now, WHO, status=before)
    erasure.erase(store, settings, WHO, now=now)
    assert not ask(store, now)
    assert status(store) is None


@pytest.mark.parametrize("reason", ["complaint", "bounce", "admin"])
def test_what_is_suppressed_after_the_erasure_ends_the_way_back(
    erased: Engine, now: datetime, reason: str
) -> None:
    assert ask(erased, now)
    with database.writing(erased) as session:
        assert consent.suppress(session, WHO, reason=reason, now=now, proof={})
        assert not consent.suppress(session, WHO, reason="again", now=now, proof={})
    with database.reading(erased) as session:
        assert session.scalars(sa.select(Suppression.reason)).all() == [reason]
    assert not confirm(erased, now)
    assert not ask(erased, now)
