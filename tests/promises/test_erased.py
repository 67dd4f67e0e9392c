"""Erased is true to the last byte, or it is said what is left: with the service running."""

import base64
import json
import random
import re
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer import erasure, localization, transactional
from mailer.delivery import campaign
from mailer.edition import retention
from mailer.edition.retention_limits import RetentionLimits
from recommender import segments
from recommender.models import AddressChange, Delivery, Event, EventKind, Subscriber
from recommender.settings import Settings
from recommender.storage import database, secure_deletion
from recommender.subscribers import (
    address_change,
    addresses,
    consent,
    fields,
    intake,
    records,
    self_service,
)

from .test_service import first_line, start

FORMER, WHO, WANTED = "o/brien.former@example.com", "Gone.Now@example.com", "soon@example.com"
NAME, WORK = "Quillon Zarathustra", "Zarathustra Works"


@pytest.fixture
def full(
    home: Path,
    engine: Engine,
    configured: Callable[..., Settings],
    stories: Callable[..., None],
    readers: Callable[..., None],
    now: datetime,
) -> Settings:
    """A store in which one reader of many has left all the traces there can be."""
    settings = configured(base_url="https://news.example.org")
    stories(engine, now)
    readers(engine, now, 60)
    row = {"email": FORMER, "name": NAME, "attributes": {"company": WORK}, "roles": ["CTO"]}
    draft = fields.draft(1, row | {"topics": {"TPU Development": 3}})
    intake.import_rows(lambda: database.writing(engine), [draft], file=f"{NAME}.csv", now=now)
    send(engine, settings, "2026-W47", now)
    with database.writing(engine) as session:
        reader = records.find(session, FORMER)
        change = address_change.wanted(
            session, reader.id, address_change.ask(session, reader, WHO, now=now).key
        )
        assert change is not None
        address_change.move(session, change, now=now, proof={"from": "192.0.2.7", "was": FORMER})
    send(engine, settings, "2026-W48", now + timedelta(days=7))
    with database.writing(engine) as session:
        reader = records.find(session, WHO)
        self_service.mute(session, reader, "Robotics Automation", now=now)
        self_service.pause(session, reader, now, now=now, proof={"to": WHO})
        address_change.ask(session, reader, WANTED, now=now)
        other = records.find(session, "reader1@example.com").id
        session.add(AddressChange(subscriber_id=other, email=WHO.lower(), at=now))
        data = {"words": f"550 <{WHO}> {NAME}"}
        session.add(Event(at=now, kind=EventKind.BOUNCE, subscriber_id=reader.id, data=data))
        mine = sa.update(Delivery).where(Delivery.subscriber_id == reader.id)
        session.execute(mine.values(reply=f"250 <{WHO}> ok", claimed_by=None))
        segments.create(session, "friends", None, now=now)
        segments.add_members(session, "friends", [WHO])
    leave_files(engine, settings, now)
    return settings


def send(engine: Engine, settings: Settings, period: str, now: datetime) -> None:
    campaign.send(
        engine,
        settings,
        edition_id=campaign.plan(engine, settings, period=period, now=now),
        clock=lambda: now,
        stop=threading.Event(),
        at_local_time=False,
    )


def leave_files(engine: Engine, settings: Settings, now: datetime) -> None:
    for email in (FORMER, WHO, WANTED):
        language = localization.choose("en")
        mail = transactional.compose(settings, email, "Hello", [NAME, email], now, language)
        transactional.send(settings, mail, now)
    with database.reading(engine) as session:
        copy = session.scalars(
            sa.select(Delivery.id).where(Delivery.subscriber_id == records.find(session, WHO).id)
        ).first()
    clicks = settings.home / "clicks"
    clicks.mkdir(exist_ok=True)
    lines = [
        [copy, now.isoformat(), 1, "GET", f"Agent {NAME}"],
        [99, now.isoformat(), 1, "GET", ""],
    ]
    (clicks / "0123.clicks").write_text("".join(f"\n{json.dumps(line)}\n" for line in lines))
    aside = settings.home / "quarantine" / "bounces"
    aside.mkdir(parents=True)
    said = f"To: {WHO}\nFinal-Recipient: rfc822; {WHO}\n{NAME}\n".encode()
    (aside / "1").write_bytes(said)
    (aside / "2").write_bytes(b"\n\n" + base64.encodebytes(said))
    (aside / "3").write_bytes(said.replace(b"@", b"=40").replace(b"Now", b"N=\r\now"))
    (aside / "4").write_bytes(b"To: somebody.else@example.com\n")


def found(home: Path, words: list[str]) -> list[str]:
    """Files of the home with one of the words in their names or bytes."""
    wanted = [word.lower() for word in words]
    return [
        f"{path.relative_to(home)}: {word}"
        for path in home.rglob("*")
        for word in wanted
        if word in path.name.lower()
        or (path.is_file() and word.encode() in path.read_bytes().lower())
    ]


def rows(engine: Engine, words: list[str]) -> list[str]:
    """Tables with one of the words in any row."""
    wanted = [word.lower() for word in words]
    with engine.connect() as connection:
        return [
            f"{name}: {word}"
            for name in sa.inspect(connection).get_table_names()
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"')
            for word in wanted
            if word in str(tuple(row)).lower()
        ]


PERSONAL = [FORMER, FORMER.replace("/", "_"), WHO, WANTED, NAME, WORK]


def places_of_the_former_hash(engine: Engine) -> set[str]:
    """The tables with the salted hash of the reader's former address."""
    with database.reading(engine) as session:
        former = addresses.address_hash(session, FORMER)
    return {row.partition(":")[0] for row in rows(engine, [former])}


@pytest.fixture
def service(home: Path, full: Settings) -> Iterator[subprocess.Popen[str]]:
    process = start(home, "serve", "--port", "0", schedule="monday 05:00", catch_up_hours="1")
    first_line(process)
    yield process
    process.terminate()
    process.communicate(timeout=30)


@pytest.mark.slow
def test_while_the_service_runs_no_byte_is_left(
    home: Path, engine: Engine, full: Settings, service: subprocess.Popen[str]
) -> None:
    words = PERSONAL
    leave_files_again = home / "clicks" / "0456.clicks"
    with database.reading(engine) as session:
        reader = records.find(session, WHO).id
        copies = session.scalars(sa.select(Delivery.id).where(Delivery.subscriber_id == reader))
        note = [copies.all()[0], "2026-11-24T09:00:00+00:00", 1, "GET", NAME]
    leave_files_again.write_text(f"\n{json.dumps(note)}\n")  # of a process that died just now
    assert rows(engine, words)
    assert len(found(home, words)) > 10
    erase = start(home, "subscribers", "erase", WHO.lower(), "--yes")
    out, _ = erase.communicate(timeout=120)
    assert erase.returncode == 0, out
    # The service takes up the clicks that a dead process left, each file at a moment of its own.
    assert re.search("erased, files removed: [678]$", out, re.MULTILINE), out
    assert "not reached: backups and exports made before" in out
    assert service.poll() is None
    assert rows(engine, words) == []
    assert places_of_the_former_hash(engine) == {"suppressions"}  # so that no import brings it back
    assert found(home, words) == []
    assert (home / "quarantine" / "bounces" / "4").exists()
    assert len(list((home / "outbox").glob("weekly-*/*.eml"))) == 120  # everybody else's


@pytest.mark.slow
def test_what_a_reader_of_the_store_holds_back_is_said_and_goes_with_the_next_prune(
    home: Path, engine: Engine, full: Settings, service: subprocess.Popen[str], now: datetime
) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps its files to itself")
    words = PERSONAL
    looking = sqlite3.connect(str(engine.url.database), isolation_level=None)
    looking.execute("BEGIN")
    looking.execute("SELECT count(*) FROM subscribers").fetchone()
    done = erasure.erase(engine, full, WHO, now=now, patience=0.5)
    assert any("-wal, while somebody reads" in one and "store prune" in one for one in done.left)
    assert rows(engine, words) == []
    looking.close()
    until = time.monotonic() + 30
    while found(home, words) and time.monotonic() < until:
        # Does nothing while the service prunes, which it does once when it starts.
        retention.prune(engine, RetentionLimits.of(full, now))
        time.sleep(0.1)
    assert found(home, words) == []
    assert service.poll() is None


def test_the_command_fails_and_says_so_when_something_is_left(
    home: Path, engine: Engine, full: Settings, now: datetime
) -> None:
    with database.writing(engine) as session:
        segments.create(session, "me", f"email = '{WHO}'", now=now)
    erase = start(home, "subscribers", "erase", WHO, "--yes")
    out, _ = erase.communicate(timeout=120)
    assert erase.returncode == 1
    assert out.splitlines()[-1] == (
        "error: erased, but the rule of segment 'me' holds the address; change it"
    )


def test_pages_that_were_split_keep_nothing_of_the_erased(
    sqlite_store: Engine, tmp_path: Path, now: datetime
) -> None:
    chance, number = random.Random(1), 1_500
    drafts = [
        fields.draft(
            n,
            {"email": f"split{n}x@example.com", "name": f"Name{n}-{'y' * chance.randrange(80)}",
             "topics": {"AI Strategy": 1}},
        )
        for n in range(number)
    ]  # fmt: skip
    intake.import_rows(lambda: database.writing(sqlite_store), drafts, file="t", now=now)
    for _ in range(6):  # rows grow and shrink: pages are split and joined
        with database.writing(sqlite_store) as session:
            for reader in session.scalars(sa.select(Subscriber)):
                reader.attributes = {"a": "z" * chance.randrange(400)}
    with database.writing(sqlite_store) as session:
        for n in range(2, number, 2):
            consent.erase(session, f"split{n}x@example.com", now=now)
    settings = Settings(home=tmp_path)
    assert erasure.erase(sqlite_store, settings, "split0x@example.com", now=now).left == ()
    gone = [word for n in range(0, number, 2) for word in (f"split{n}x@", f"name{n}-")]
    held = (tmp_path / "newsletter.db").read_bytes().lower()
    assert [word for word in gone if word.encode() in held] == []


def test_a_large_file_is_rewritten_only_when_it_holds_something(
    sqlite_store: Engine, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secure_deletion, "LARGEST", 0)
    assert secure_deletion.overwrite(sqlite_store, ["nowhere@example.com"], patience=1) == []
    with database.writing(sqlite_store) as session:  # as a page that was split would hold it
        segments.create(session, "rest", "email = 'rest@example.com'", now=now)
    (left,) = secure_deletion.overwrite(sqlite_store, ["rest@example.com"], patience=1)
    assert left.startswith("unused space of")
    assert not secure_deletion.finish(sqlite_store, patience=1, large=False)
    assert secure_deletion.finish(sqlite_store, patience=1, large=True)
    assert secure_deletion.finish(sqlite_store, patience=1, large=False)  # nothing is due any more
