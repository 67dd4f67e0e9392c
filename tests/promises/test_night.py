"""At 3 am: each of ten troubles is found within a minute in the log, in /metrics, on /admin and by
the doctor, in the same words, with what to do."""

import html
import re
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from mailer.diagnosis import examination
from mailer.ledger import editions
from mailer.monitoring import heartbeats, job_runs, readiness, surroundings
from mailer.monitoring.supervision import Troubles
from mailer.service.alerting import EVERY_SECONDS, Watch
from mailer.service.job_runner import Runner
from mailer.web import app
from recommender.errors import MailboxError
from recommender.models import Edition, EditionState, Feed, TemplateVersion
from recommender.settings import Settings
from recommender.storage import database
from tests.mailer.conftest import ScriptedServer
from tests.mailer.conftest import certificates as certificates
from tests.mailer.conftest import serve as serve

PASSWORD = "correct-horse-battery-staple-7"
Log = list[MutableMapping[str, Any]]


@dataclass
class Night:
    """A deployment with a clock that is moved; ``wrong`` is a trouble while the block runs."""

    store: Engine
    settings: Settings
    now: datetime

    def change(self, **values: object) -> None:
        self.settings = self.settings.replace(**values)

    def write(self, *rows: object) -> None:
        with database.writing(self.store) as session:
            session.add_all(rows)


@pytest.fixture
def night(sqlite_store: Engine, tmp_path: Path, now: datetime) -> Night:
    return Night(sqlite_store, Settings(home=tmp_path, database_url=str(sqlite_store.url),
                                        admin_password=PASSWORD), now)  # fmt: skip


Make = Callable[[Night, pytest.FixtureRequest], None]


def relay_down(night: Night, _: pytest.FixtureRequest) -> None:
    night.change(smtp_url="smtp://127.0.0.1:9")


def certificate_expired(night: Night, request: pytest.FixtureRequest) -> None:
    context, _ = request.getfixturevalue("certificates")
    serve: Callable[..., ScriptedServer] = request.getfixturevalue("serve")
    server = serve(context=context, implicit_tls=True)
    night.change(base_url=f"https://127.0.0.1:{server.port}")
    night.now = datetime.now(night.now.tzinfo) + timedelta(days=2)  # it is good for one


def disk_full(_: Night, request: pytest.FixtureRequest) -> None:
    patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    patch.setattr(readiness, "free_bytes", lambda _: 5_000_000)


def feed_gone(night: Night, _: pytest.FixtureRequest) -> None:
    moments = dict.fromkeys(("added_at", "fetched_at", "paused_at"), night.now)
    night.write(Feed(url="https://gone.ch/f", problem="the server answered 410", **moments))


def bounce_mailbox_locked(night: Night, _: pytest.FixtureRequest) -> None:
    def locked() -> None:
        raise MailboxError("INBOX is locked by another program")

    Runner(night.store, lambda: night.now, Troubles(lambda _: None), lambda _: None).run(
        "bounces", locked
    )


def edition_overdue(night: Night, _: pytest.FixtureRequest) -> None:
    night.change(schedule=f"{night.now:%A} {night.now - timedelta(minutes=30):%H:%M}")
    with database.writing(night.store) as session:
        job_runs.note_begin(session, "deliver", night.now)


def guard_paused(night: Night, _: pytest.FixtureRequest) -> None:
    night.write(TemplateVersion(hash="t", name="t", html="", text="", at=night.now))
    edition = Edition(newsletter_id=1, period="2026-W48", template_hash="t", planned_at=night.now,
                      state=EditionState.SENDING)  # fmt: skip
    night.write(edition)
    with database.writing(night.store) as session:
        found = session.scalars(sa.select(Edition)).one()
        editions.pause(session, found, why="stopped: 0.4 % of 700 copies were complained about")


def store_slow(night: Night, request: pytest.FixtureRequest) -> None:
    patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    patch.setattr(surroundings, "SLOW_SECONDS", 0.15)
    begun = threading.Event()

    def hold() -> None:
        with database.writing(night.store) as session:
            session.execute(sa.text("UPDATE newsletters SET name = name"))
            begun.set()
            time.sleep(0.4)

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    request.addfinalizer(thread.join)


def worker_gone(night: Night, _: pytest.FixtureRequest) -> None:
    heartbeats.beat(night.store, [heartbeats.Kind.WORKER], "there:7", night.now)
    night.now += timedelta(minutes=2)


def wrong_clock(night: Night, _: pytest.FixtureRequest) -> None:
    with database.writing(night.store) as session:
        job_runs.note_begin(session, "prune", night.now)
    night.now -= timedelta(hours=3)


TROUBLES: dict[str, tuple[Make, str]] = {
    "relay": (relay_down, "takes no mail: Connection refused"),
    "certificate": (certificate_expired, "has a certificate that has expired on"),
    "disk": (disk_full, "has only 5.0 MB left"),
    "feed": (feed_gone, "is gone, and asked no more: the server answered 410"),
    "mailbox": (bounce_mailbox_locked, "cannot be read: INBOX is locked by another program"),
    "edition_overdue": (edition_overdue, "is overdue: its hour was"),
    "edition_paused": (guard_paused, "is paused: stopped: 0.4 % of 700 copies"),
    "store": (store_slow, "answers slowly: a small write took 0."),
    "worker": (worker_gone, "has given no sign of life since"),
    "clock": (wrong_clock, "is 180 minutes behind what the store has noted already"),
}


@contextmanager
def watched(night: Night, tls: object) -> Iterator[Log]:
    """What the log says of one look of the watch, which looks every minute."""
    assert EVERY_SECONDS <= 60
    said: list[str] = []
    watch = Watch(night.store, night.settings, lambda: night.now, said.append, tls)  # type: ignore[arg-type]
    with capture_logs() as logged:
        watch.look()
    assert said == []
    yield logged


@pytest.mark.parametrize("kind", TROUBLES)
def test_a_trouble_is_found_everywhere_in_the_same_words(
    night: Night, request: pytest.FixtureRequest, kind: str
) -> None:
    make, words = TROUBLES[kind]
    make(night, request)
    tls = None
    if kind == "certificate":
        import ssl

        tls = ssl.create_default_context(cafile=request.getfixturevalue("certificates")[1])
    with watched(night, tls) as logged:
        [entry] = [one for one in logged if one["event"] == "trouble" and one["kind"] == kind]
    assert entry["log_level"] == "error"
    assert entry["sentence"].startswith(words)
    subject, whole = entry["subject"], f"{entry['subject']} {entry['sentence']}"
    site = app.create(night.store, night.settings, lambda: night.now)
    with TestClient(site, base_url=night.settings.base_url) as client:
        metrics = client.get("/metrics").text
        page = client.get("/admin", auth=("me", PASSWORD)).text
        admin = html.unescape(re.sub(r"</?code>", "`", page))
    assert f'newsletter_trouble{{kind="{kind}",subject="{subject}"}} 1.0' in metrics
    assert f"{whole}." in admin
    assert entry["what_to_do"] in admin
    found = examination.examine(
        night.settings, Path("newsletter.toml"), night.now, None, strict=False
    )
    [finding] = [one for one in found if one.found == whole]
    assert finding.state in ("warning", "error")
    assert finding.what_to_do == entry["what_to_do"]


def test_a_quiet_night_finds_nothing(night: Night) -> None:
    with watched(night, None) as logged:
        assert logged == []
