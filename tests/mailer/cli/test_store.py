"""A store that is missing, empty, damaged or has another newsletter: one line, and what to do."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from mailer import cli
from recommender import settings
from recommender.errors import StoreError
from recommender.storage import database, migrations
from tests.mailer.cli.conftest import Run

PAGE = 4096
COMMANDS = [
    ["articles", "list"],
    ["feeds", "list"],
    ["subscribers", "list"],
    ["topics", "list"],
    ["segments", "list"],
    ["picks", "hardware@example.com"],
    ["preview", "hardware@example.com"],
    ["editions", "list"],
    ["editions", "send"],
    ["bounces", "poll"],
    ["store", "check"],
    ["store", "prune"],
    ["store", "backup", "copy.db"],
    ["store", "copy", "--to", "sqlite:///copy.db"],
    ["scheduler"],
    ["web", "--port", "0"],
    ["serve", "--port", "0"],
]


@pytest.fixture
def home(newsletter: Run, request: pytest.FixtureRequest) -> Path:
    if request.config.getoption("--store") != "sqlite":
        pytest.skip("about SQLite's file")
    with closing(sqlite3.connect("newsletter.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path.cwd()


def refused(run: Run, *command: str) -> str:
    """The one line with which ``command`` is refused."""
    status, _, err = run(*command)
    assert status == 1, command
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1, (command, err)
    assert "should not have happened" not in err
    return err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_only_init_makes_a_store(newsletter: Run, home: Path, command: list[str]) -> None:
    Path("newsletter.db").unlink()
    before = {path.name for path in home.iterdir()}
    said = refused(newsletter, *command)
    if command != ["bounces", "poll"]:  # which first wants to know its mailbox
        assert f"there is no store at {home}/newsletter.db" in said
        assert "newsletter init" in said
    assert {path.name for path in home.iterdir()} == before


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def cut_short(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def overwritten(file: Path) -> None:
    dice = random.Random(7)
    with file.open("r+b") as opened:
        for page in dice.sample(range(1, file.stat().st_size // PAGE), 4):
            opened.seek(page * PAGE)
            opened.write(dice.randbytes(PAGE))


def exchanged(file: Path) -> None:
    file.write_text("no database at all " * 1000)


@pytest.mark.parametrize("harm", [emptied, cut_short, overwritten, exchanged])
def test_a_damaged_store_is_refused_by_all_and_never_replaced(
    newsletter: Run, home: Path, harm: Callable[[Path], None]
) -> None:
    file = home / "newsletter.db"
    harm(file)
    before = file.read_bytes()
    for command in [*COMMANDS, ["init"], ["store", "restored", "--yes"]]:
        said = refused(newsletter, *command)
        assert "newsletter.db" in said or command == ["bounces", "poll"]
    status, out, _ = newsletter("doctor")
    assert status == 1
    assert "error    store: the store" in out
    assert file.read_bytes() == before


def test_the_check_names_the_tables_that_are_damaged(newsletter: Run, home: Path) -> None:
    with closing(sqlite3.connect("newsletter.db")) as connection:
        [root] = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'subscribers'"
        ).fetchone()
    with (home / "newsletter.db").open("r+b") as file:
        file.seek((root - 1) * PAGE)
        file.write(random.Random(1).randbytes(PAGE))
    status, out, _ = newsletter("store", "check")
    assert status == 1
    assert "\nsubscribers: " in f"\n{out}"
    cut_short(home / "newsletter.db")
    assert "the file ends after page" in newsletter("store", "check")[1]


def test_a_store_whose_log_was_left_behind_is_not_made_anew(newsletter: Run, home: Path) -> None:
    (home / "newsletter.db").unlink()
    (home / "newsletter.db-wal").write_bytes(b"pages of another life")
    assert "its log newsletter.db-wal is there" in refused(newsletter, "init")


@pytest.mark.postgresql
def test_an_empty_database_is_no_store(
    empty_database: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    url = empty_database.url.render_as_string(hide_password=False)
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", url)
    assert cli.run(["editions", "list"]) == 1
    assert "error: there is no store at postgresql" in capsys.readouterr().err
    assert migrations.revision(empty_database) is None


def test_another_newsletter_is_refused_until_init_adds_it(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_NEWSLETTER", "monthly")
    way_out = 'run `newsletter init` to add it, or set newsletter = "weekly"'
    for command in (["picks", "hardware@example.com"], ["editions", "send"], ["articles", "list"]):
        said = refused(newsletter, *command)
        assert "the store has 'weekly', the settings say 'monthly'" in said
        assert way_out in said
    assert way_out in newsletter("doctor")[1]
    assert newsletter("init")[0] == 0
    assert newsletter("picks", "hardware@example.com")[0] == 0


@pytest.mark.parametrize("name", ["a?b", "a%41", "a#b", "a b", "ä…", "-a", "a'b\"c", "a@b", "a:b"])
def test_a_path_may_have_any_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = tmp_path / name
    home.mkdir()
    monkeypatch.chdir(home)
    assert cli.run(["init"]) == 0
    assert cli.run(["store", "backup", f"./{name}.db"]) == 0
    assert cli.run(["store", "check", "--against", settings.file_url(home / f"{name}.db")]) == 0
    found = {path.name for path in home.iterdir()}
    assert {f"{name}.db", "newsletter.toml", "var"} <= found
    assert {path.name for path in (home / "var").glob("*.db")} == {"newsletter.db"}
    assert {path.name for path in tmp_path.iterdir()} == {name}


def test_a_copy_that_is_damaged_is_not_called_sound(
    newsletter: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recommender.storage import maintenance

    copy = maintenance.backup

    def damaging(engine: Engine, file: Path, advance: Callable[[int], None]) -> int:
        pages = copy(engine, file, advance)
        overwritten(file)
        return pages

    monkeypatch.setattr(maintenance, "backup", damaging)
    assert "is damaged" in refused(newsletter, "store", "backup", "./what?.db")


def test_a_store_that_vanishes_while_it_is_used_is_not_made_anew(sqlite_store: Engine) -> None:
    sqlite_store.dispose()
    Path(str(sqlite_store.url.database)).unlink()
    with pytest.raises(StoreError, match="there is no store"), database.reading(sqlite_store) as s:
        s.connection()
    assert database.missing(sqlite_store)
