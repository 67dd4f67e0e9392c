"""After erasing a reader their address is nowhere: in no table, no file of the store, no mail."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer import erasure, localization, transactional
from mailer.delivery import campaign
from recommender.articles import import_files
from recommender.articles import intake as article_intake
from recommender.errors import ConflictError, NotFoundError
from recommender.models import AddressChange, Base, Delivery, DeliveryState, Event, EventKind
from recommender.resources import folder
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import (
    address_change,
    addresses,
    consent,
    fields,
    intake,
    records,
    self_service,
)

WHO, OTHER = "Gone.Reader@example.com", "else@example.com"
FORMER, WANTED = "former@example.com", "wanted@example.com"


@pytest.fixture
def settings(store: Engine, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, base_url="https://news.example.org")


@pytest.fixture
def served(store: Engine, settings: Settings, now: datetime) -> Engine:
    """Two readers who were sent an issue; one of them has used all there is."""
    briefs = import_files.drafts([folder("sample") / "briefs"], now)
    article_intake.import_articles(lambda: database.writing(store), briefs, now=now)
    rows = [
        fields.draft(n, {"email": email, "name": "G. R.", "topics": {"AI Strategy": 3}})
        for n, email in enumerate((FORMER, OTHER))
    ]
    intake.import_rows(lambda: database.writing(store), rows, file="test", now=now)
    send(store, settings, "2026-W47", now)
    with database.writing(store) as session:
        reader = records.find(session, FORMER)
        asked = address_change.ask(session, reader, WHO, now=now)
        change = address_change.wanted(session, reader.id, asked.key)
        assert change is not None
        address_change.move(session, change, now=now, proof={"from": "192.0.2.1"})
    send(store, settings, "2026-W48", now + timedelta(days=7))
    with database.writing(store) as session:
        reader = records.find(session, WHO)
        self_service.mute(session, reader, "AI Strategy", now=now)
        address_change.ask(session, reader, WANTED, now=now)
        session.add(Event(at=now, kind=EventKind.BOUNCE, subscriber_id=reader.id, data={"to": WHO}))
        session.execute(sa.update(Delivery).values(reply=f"250 ok <{WHO}>"))
    return store


def send(store: Engine, settings: Settings, period: str, now: datetime) -> None:
    campaign.send(
        store,
        settings,
        edition_id=campaign.plan(store, settings, period=period, now=now),
        clock=lambda: now,
        stop=threading.Event(),
        at_local_time=False,
    )


def rows(store: Engine) -> Iterator[tuple[str, str]]:
    """Every row of every table, as text."""
    with store.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                yield table.name, str(tuple(row)).casefold()


def test_the_address_is_in_no_table_and_no_file(
    served: Engine, settings: Settings, now: datetime
) -> None:
    with database.writing(served) as session:  # what another reader's copy was answered is theirs
        other = records.find(session, OTHER).id
        session.execute(
            sa.update(Delivery).where(Delivery.subscriber_id == other).values(reply="250 ok")
        )
    assert sum(WHO.casefold() in row for _, row in rows(served)) >= 3
    assert len(list(settings.outbox.glob("*/*.eml"))) == 4
    assert erasure.erase(served, settings, WHO, now=now) == erasure.ErasureSummary(2)
    for word in (WHO, FORMER, WANTED):
        assert [table for table, row in rows(served) if word.casefold() in row] == []
        for path in settings.outbox.rglob("*"):
            assert word.casefold() not in path.name.casefold()
            assert path.is_dir() or word.casefold().encode() not in path.read_bytes().lower()
    assert len(list(settings.outbox.glob("*/*.eml"))) == 2  # the other reader's stay


def test_only_a_salted_hash_is_left_and_it_holds(
    served: Engine, settings: Settings, now: datetime
) -> None:
    with database.reading(served) as session:
        gone, salt = records.find(session, WHO).id, addresses.salt(session)
    erasure.erase(served, settings, WHO, now=now)
    with database.writing(served) as session:
        assert consent.is_suppressed(session, WHO.upper())
        left = session.scalar(sa.select(sa.func.count()).select_from(AddressChange))
        assert left == 0
    report = intake.import_rows(
        lambda: database.writing(served), [fields.draft(1, {"email": WHO})], file="again", now=now
    )
    assert [one.why for one in report.rejected] == [
        "email: this address is suppressed (erased) and comes back by its owner's double opt-in "
        "alone: they subscribe on the page, and confirm"
    ]
    key = addresses.hash_of(salt, WHO)
    assert [table for table, row in rows(served) if key in row] == ["suppressions"]
    intake.import_rows(
        lambda: database.writing(served),
        [fields.draft(1, {"email": "next@example.com"})],
        file="next",
        now=now,
    )
    with database.reading(served) as session:
        assert records.find(session, "next@example.com").id > gone  # no old link is another's now


def test_nothing_is_left_in_the_file_of_the_store(
    served: Engine, settings: Settings, now: datetime
) -> None:
    if served.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps its files to itself")
    with database.writing(served) as session:
        session.execute(sa.update(Delivery).values(reply="250 ok"))
    erasure.erase(served, settings, WHO, now=now)
    served.dispose()
    path = Path(str(served.url.database))
    for file in path.parent.glob(f"{path.name}*"):
        if file.is_file():
            assert WHO.encode() not in file.read_bytes(), file


def test_mail_to_an_address_that_was_asked_for_and_forgotten_goes_too(
    served: Engine, settings: Settings, now: datetime
) -> None:
    for email in (WANTED, OTHER):
        mail = transactional.compose(
            settings, email, "Yes?", [email], now, localization.choose("en")
        )
        transactional.send(settings, mail, now)
    with database.writing(served) as session:
        session.execute(sa.delete(AddressChange))
    erasure.erase(served, settings, WHO, now=now)
    [left] = (settings.outbox / transactional.FOLDER).iterdir()
    assert OTHER in left.name


def test_a_name_that_only_looks_the_same_keeps_its_mail(
    served: Engine, settings: Settings, now: datetime
) -> None:
    theirs = settings.outbox / "weekly-2026-W48" / f"000009-{WHO}.eml"
    theirs.write_bytes(b"To: somebody.else@example.com\r\n\r\nhello\r\n")
    erasure.erase(served, settings, WHO, now=now)
    assert theirs.exists()


def test_a_copy_on_the_wire_is_waited_for(
    served: Engine, settings: Settings, now: datetime
) -> None:
    with database.writing(served) as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.ON_WIRE))
    with pytest.raises(ConflictError, match="being sent right now"):
        erasure.erase(served, settings, WHO, now=now)
    assert len(list(settings.outbox.glob("*/*.eml"))) == 4
    with pytest.raises(NotFoundError):
        erasure.erase(served, settings, "nobody@example.com", now=now)
