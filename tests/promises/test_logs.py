"""No log, at any level, and no traceback holds an address, a name or a key, whatever fails."""

import ast
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from mailer import cli
from mailer.cli import service as service_commands
from mailer.delivery import campaign
from mailer.edition.edition_ranker import EditionRankers
from mailer.engagement.feedback import Click
from mailer.service import jobs, publishing, scheduler
from mailer.service.context import SchedulerContext
from mailer.throttling import pauses
from mailer.web import app, clicks
from recommender.errors import StoreError, TransportError
from recommender.models import Pause, Subscriber
from recommender.safety import logs, scrubbing
from recommender.settings import Settings
from recommender.storage import bulk, database
from recommender.subscribers import reader_pages

WHO, NAME, TOKEN = "marked.reader@example.com", "Marked Person", "QmFkVG9rZW4tMTIzNDU2"
KEY = 968_219_371
ROOT = Path(__file__).resolve().parents[2]
Said = Callable[[], str]


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Iterator[Said]:
    """All that this process says from now on, libraries at their most talkative; checked."""
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    root, level = logging.getLogger(), logging.getLogger().level
    before = list(root.handlers)
    logs.install()
    root.setLevel(logging.DEBUG)
    for handler in root.handlers:
        if isinstance(handler, logs.Handler):
            handler.setLevel(logging.DEBUG)

    def read() -> str:
        shown = capfd.readouterr()
        text = shown.out + shown.err
        for word in (WHO, "marked.reader", "Marked", "Person", TOKEN, str(KEY)):
            assert word not in text, text
        return text

    yield read
    root.setLevel(level)
    root.handlers[:] = before
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


@pytest.fixture
def site(
    store: Engine, tmp_path_factory: pytest.TempPathFactory, now: datetime
) -> Iterator[TestClient]:
    settings = Settings(home=tmp_path_factory.mktemp("home"), base_url="https://news.example.org")
    made = app.create(store, settings, lambda: now)
    logging.getLogger("httpx2").disabled = True  # the visitor of this test, not ours
    with TestClient(made, base_url=settings.base_url, raise_server_exceptions=False) as client:
        yield client
    logging.getLogger("httpx2").disabled = False


def refuse_rows(engine: Engine) -> None:
    """Let the store refuse every new reader; PostgreSQL quotes the whole row as it does."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE subscribers ADD CHECK (length(email) < 3)")
        else:
            connection.exec_driver_sql(
                "CREATE TRIGGER refuse BEFORE INSERT ON subscribers "
                "BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )


def test_a_row_that_the_store_refuses(store: Engine, site: TestClient, said: Said) -> None:
    refuse_rows(store)
    assert site.post("/subscribe", data={"email": WHO, "name": NAME}).status_code == 200
    text = said()
    assert "POST /subscribe" in text
    assert "IntegrityError" in text
    assert "recommender/subscribers/self_service.py" in text
    assert "INSERT INTO subscribers" in text


def test_an_error_of_ours_with_everything_in_its_words(
    site: TestClient, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        try:
            dict[str, str]()[WHO]
        except KeyError as error:
            error.add_note(NAME)
            raise RuntimeError(f"{NAME} <{WHO}> {TOKEN} {KEY}") from error

    monkeypatch.setattr("mailer.web.tokens.owner", fail)
    assert site.get(f"/confirm/{TOKEN}").status_code == 500
    text = said()
    assert "RuntimeError" in text
    assert "KeyError" in text
    assert "GET /confirm" in text


def test_an_operators_search_for_a_reader(
    store: Engine, tmp_path: Path, now: datetime, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"{NAME} <{WHO}>")

    key = "correct horse battery staple"
    settings = Settings(home=tmp_path, access_log=True, admin_password=SecretStr(key))
    logging.getLogger("httpx2").disabled = True  # the visitor of this test, not ours
    made = app.create(store, settings, lambda: now)
    with TestClient(made, base_url=settings.base_url, raise_server_exceptions=False) as client:
        for words in (WHO, NAME):
            asked = {"q": words, "action": "search"}
            answer = client.post("/admin/reader", data=asked, auth=("x", key))
            assert answer.status_code == 200
        monkeypatch.setattr(reader_pages, "search", fail)
        answer = client.post("/admin/reader", data={"q": WHO}, auth=("x", key))
        assert answer.status_code == 500
    logging.getLogger("httpx2").disabled = False
    text = said()
    assert "RuntimeError" in text
    assert "POST /admin" in text


def test_mail_that_cannot_be_written_or_is_refused(
    site: TestClient, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise TransportError(f"relay:25: refused: 550 5.1.1 <{WHO}> no such user")

    settings = site.app.state.site.settings  # type: ignore[attr-defined]  # an ASGI app to mypy
    settings.outbox.write_text("a file where a folder should be")
    site.post("/subscribe", data={"email": WHO, "name": NAME})
    assert "the mail could not be sent: outbox: cannot write" in said()
    monkeypatch.setattr("mailer.transactional.send", refuse)
    site.post("/subscribe", data={"email": WHO, "name": NAME})
    assert "550 5.1.1 <<address>> no such user" in said()


def test_a_click_that_cannot_be_kept(
    store: Engine, tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clicks, "RETRY", 0.05)
    with store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO away")
    taking = clicks.Clicks(store, tmp_path / "clicks")
    taking.put(1, Click(datetime.now().astimezone(), 1, "GET", NAME))
    taking.close()
    assert "clicks are kept in a file until they can be written: " in said()


def test_a_job_that_fails(
    store: Engine, tmp_path: Path, now: datetime, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apscheduler.schedulers.background import BackgroundScheduler

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"{NAME} <{WHO}>")

    monkeypatch.setattr(publishing, "publish", fail)
    ended = threading.Event()
    background = BackgroundScheduler(timezone="UTC")
    service = SchedulerContext(
        store, Settings(home=tmp_path), lambda: now, ended, service_commands._report
    )
    scheduler.prepare(background, service)
    text, give_up = "", time.monotonic() + 20
    while "RuntimeError" not in text and time.monotonic() < give_up:
        time.sleep(0.05)
        text += said()
    background.shutdown(wait=True)
    assert "RuntimeError" in text


def test_what_a_relay_says_of_a_reader(
    store: Engine, tmp_path: Path, now: datetime, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TransportError(f"relay mx:25: 550 <{WHO}> is not local")

    monkeypatch.setattr(campaign, "send_some", fail)
    bench = jobs.WorkerContext(
        store, Settings(home=tmp_path), lambda: now, threading.Event(), service_commands._report,
        EditionRankers(store),
    )  # fmt: skip
    jobs.deliver(bench, edition_id=1, most=1, at_local_time=0)
    assert "relay mx:25: 550 <<address>> is not local" in said()
    with database.writing(store) as session:
        pauses.slow_down(session, "example.com", f"421 4.7.28 <{WHO}> slow down", now)
    with database.reading(store) as session:
        assert [WHO in why for why in session.scalars(sa.select(Pause.why))] == [False]


def test_a_command_that_fails(
    store: Engine, tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_rows(store)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path))
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", store.url.render_as_string(hide_password=False))
    (tmp_path / "in.csv").write_text(f"email,name\n{WHO},{NAME}\n")
    assert cli.run(["subscribers", "import", "in.csv"]) == 1
    assert "error: the store refused" in said()


def test_rows_and_parameters_at_the_level_of_debugging(store: Engine, said: Said) -> None:
    logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)
    logs.install()
    with database.writing(store) as session:
        values = {"email": WHO, "address_hash": "0", "name": NAME, "status": "active"}
        made = bulk.insert(session, Subscriber).values(
            **values, link_key=KEY, created_at=sa.func.now(), updated_at=sa.func.now()
        )
        session.execute(made)
        assert session.scalars(sa.select(Subscriber.email)).all() == [WHO]
    said()


def test_a_thread_and_a_process_that_end_by_an_error(said: Said) -> None:
    def fail() -> None:
        raise ValueError(f"{NAME} {WHO}")

    thread = threading.Thread(target=fail, name="some")
    thread.start()
    thread.join()
    assert "thread some ended:\nTraceback" in said()
    try:
        fail()
    except ValueError as error:
        sys.excepthook(ValueError, error, None)
    assert said().endswith("ValueError\n")


def test_what_our_errors_say_is_kept() -> None:
    assert scrubbing.line(StoreError("the store is away")) == "the store is away"
    assert scrubbing.line(OSError(28, "No space left on device")) == "No space left on device"
    assert scrubbing.line(ValueError(WHO)) == "ValueError"


def test_every_engine_hides_its_parameters() -> None:
    for folder in ("mailer", "recommender", "migrations"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "create_engine":
                    given = {keyword.arg for keyword in node.keywords}
                    assert "hide_parameters" in given, f"{file}:{node.lineno}"


def test_nobody_prints_a_traceback_around_the_log() -> None:
    banned = ("print_exc", "format_exc", "print_exception", "format_exception", "dictConfig")
    for folder in ("mailer", "recommender"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text()
            assert not any(word in text for word in banned), file
