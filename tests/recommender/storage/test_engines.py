"""No part of a password is in any message about a URL, however oddly it is written; and whoever
waits for SQLite's write lock has other things to do."""

import contextlib
import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from mailer import cli
from mailer.relay import registry
from recommender import settings, store_opening
from recommender.errors import NewsletterError
from recommender.storage import database

MARK = "Zx7Kq"
"""What no message of ours has in it."""
PASSWORDS = st.lists(st.sampled_from([*"@:/?#%[]&=+, \\'\"é", MARK]), min_size=1, max_size=8)
FORMS = [
    "postgresql+psycopg://u:{}@127.0.0.1:1/db",
    "postgresql://u:{}@[::1]:1/db?connect_timeout=1",
    "postgresql://127.0.0.1:1/db?password={}",
    "postgres://{}@h/db",
    "mysql://u:{}@h/db",
    "u:{}@h/db",
    "postgresql://u:pw@h:{}/db",
]


@given(PASSWORDS.filter(lambda parts: MARK in parts), st.sampled_from(FORMS))
def test_a_database_url_is_never_said_with_its_password(parts: list[str], form: str) -> None:
    try:
        engine = database.connect(form.format("".join(parts)))
        said = database.place(engine)
    except NewsletterError as error:
        said = str(error)
    assert MARK not in said


@given(PASSWORDS.filter(lambda parts: MARK in parts), st.sampled_from(["smtp", "smtps", "http"]))
def test_a_relay_is_never_said_with_its_password(parts: list[str], scheme: str) -> None:
    try:
        found = registry.parse(
            f"{scheme}://user:{''.join(parts)}@mail.example.org:25", Path("unused")
        )
        said = " ".join(relay.name for relay in found)
    except NewsletterError as error:
        said = str(error)
    assert MARK not in said


@pytest.mark.parametrize(
    "command", [["init"], ["doctor"], ["editions", "list"], ["store", "check"]]
)
@pytest.mark.parametrize("form", [FORMS[0], FORMS[2], FORMS[4], FORMS[5], FORMS[6]])
def test_no_command_says_a_password(
    command: list[str],
    form: str,
    tmp_path: object,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(str(tmp_path))
    for password in (f"{MARK}", f"a/{MARK}@b", f"%zz{MARK}", f"[{MARK}"):
        monkeypatch.setenv("NEWSLETTER_DATABASE_URL", form.format(password))
        monkeypatch.setenv("NEWSLETTER_SMTP_URL", f"smtp://u:x@{password}@127.0.0.1:1")
        assert cli.run(command) == 1
        shown = capsys.readouterr()
        assert MARK not in shown.out + shown.err
        assert not re.search("Traceback|should not have happened", shown.err)


def test_a_web_address_with_a_password_is_refused_without_it() -> None:
    with pytest.raises(NewsletterError) as caught:
        settings.load(environment={"NEWSLETTER_BASE_URL": f"https://u:{MARK}@h"})
    assert MARK not in str(caught.value)


def test_sqlite_runs_with_wal_foreign_keys_and_a_busy_timeout(sqlite_store: Engine) -> None:
    with sqlite_store.connect() as connection:
        for pragma, value in (("journal_mode", "wal"), ("foreign_keys", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def test_a_writer_does_something_else_while_another_has_the_lock(
    tmp_path: Path, now: datetime
) -> None:
    url = f"sqlite:///{tmp_path}/n.db"
    store_opening.open_store(url, newsletter="weekly", now=now, make=True).dispose()
    holder, waiting = database.connect(url), database.connect(url)
    done: list[int] = []
    with contextlib.ExitStack() as lock:
        lock.enter_context(database.writer(holder).begin())

        def meanwhile() -> bool:
            done.append(len(done))
            if len(done) == 3:
                lock.close()
            return len(done) < 3

        with database.writer(waiting, meanwhile=meanwhile).begin():
            assert done == [0, 1, 2]
    holder.dispose()
    waiting.dispose()
