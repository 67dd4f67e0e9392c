"""Operators are told what is wrong: once when it begins, once when it is over, by mail and by a
signed POST, whatever is started anew in between."""

import base64
import contextlib
import email
import hashlib
import hmac
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import policy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.ledger import editions
from mailer.monitoring import heartbeats, job_runs, readiness, supervision, troubles
from mailer.service import job_runner
from mailer.service.alerting import Watch
from recommender.models import (
    Alert,
    Edition,
    EditionState,
    Feed,
    Heartbeat,
    Newsletter,
    OngoingTrouble,
    TemplateVersion,
)
from recommender.settings import Settings
from recommender.storage import database
from tests.conftest import NOW
from tests.mailer.conftest import ScriptedServer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FEED = "https://example.com/feed.xml"
MINUTE = timedelta(minutes=1)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Receives alerts and checks how they are signed, as the specification says."""

    answer: int | None
    got: list[dict[str, Any]]
    ids: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        unique, at = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        digest = hmac.new(
            base64.b64decode(SECRET[6:]), f"{unique}.{at}.".encode() + body, hashlib.sha256
        ).digest()
        assert self.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
        self.ids.append(unique)
        if self.answer is None:
            time.sleep(60)
        if self.answer == 204:
            self.got.append(json.loads(body))
        self.send_response(self.answer or 500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in (("answer", 204), ("got", []), ("ids", [])):
        monkeypatch.setattr(Receiver, name, value, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as web:
        web.daemon_threads = True
        web.block_on_close = False
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_address[1]}/alerts"
        web.shutdown()


class Deployment:
    """A store with its operators, a clock that is moved, and what was told."""

    def __init__(self, store: Engine, home: Path, now: datetime, **settings: object) -> None:
        self.store, self.now, self.said = store, now, list[str]()
        self.settings = Settings(home=home, **settings)  # type: ignore[arg-type]
        self.watch = self.another()

    def another(self) -> Watch:
        """As after a restart."""
        self.watch = Watch(self.store, self.settings, lambda: self.now, self.said.append)
        return self.watch

    def minutes(self, number: int) -> None:
        for _ in range(number):
            self.now += MINUTE
            self.watch.look()

    def write(self, *rows: object) -> None:
        with database.writing(self.store) as session:
            session.add_all(rows)

    def mails(self) -> list[str]:
        """The subjects of the mails in the outbox, in their order."""
        files = sorted((self.settings.outbox / "service").glob("*.eml"))
        read = [email.message_from_bytes(f.read_bytes(), policy=policy.default) for f in files]
        assert {mail["To"] for mail in read} <= {"ops@example.com"}
        assert {mail["Auto-Submitted"] for mail in read} <= {"auto-generated"}
        return [str(mail["Subject"]) for mail in read]


@pytest.fixture
def deployment(
    store: Engine, tmp_path: Path, now: datetime, receiver: str
) -> Callable[..., Deployment]:
    def make(**settings: object) -> Deployment:
        given = {
            "alert_to": "Operators <ops@example.com>",
            "alert_url": receiver,
            "alert_secret": SECRET,
            "feeds_private": True,
        }
        return Deployment(store, tmp_path, now, **(given | settings))

    return make


def dead_feed(now: datetime, url: str = FEED) -> Feed:
    return Feed(
        url=url, added_at=now - timedelta(days=30), fetched_at=now, problem="404", failures=9
    )


def told() -> list[tuple[str, str]]:
    return [(one["type"], one["data"]["kind"]) for one in Receiver.got]


def test_a_trouble_is_told_once_and_once_more_when_it_is_over_across_restarts(
    deployment: Callable[..., Deployment],
) -> None:
    here = deployment()
    here.write(dead_feed(here.now))
    for _ in range(5):
        here.another()
        here.minutes(3)
    assert told() == [("trouble.began", "feed")]
    assert here.mails() == [
        f"[The Weekly Brief] {FEED} could not be read for a week (never well): 404"
    ]
    with database.writing(here.store) as session:
        session.execute(sa.delete(Feed))
    for _ in range(5):
        here.another()
        here.minutes(3)
    assert told() == [("trouble.began", "feed"), ("trouble.over", "feed")]
    assert here.mails()[1:] == [f"[The Weekly Brief] {FEED} is well again"]
    first, last = (one["data"] for one in Receiver.got)
    assert first | {"ended_at": last["ended_at"]} == last
    assert first["what_to_do"].endswith("ends this")
    assert here.said == []


def test_many_troubles_of_one_moment_are_one_mail(deployment: Callable[..., Deployment]) -> None:
    here = deployment()
    here.write(*(dead_feed(here.now, f"{FEED}?{n}") for n in range(40)))
    here.minutes(2)
    (subject,) = here.mails()
    assert subject.startswith("[The Weekly Brief] 40 things, first: ")
    assert len(Receiver.got) == 40


def edition(store: Engine, **values: object) -> None:
    with database.writing(store) as session:
        session.add(TemplateVersion(hash="t", name="t", html="", text="", at=NOW))
        session.flush()
        newsletter = session.scalars(sa.select(Newsletter.id)).one()
        session.add(
            Edition(newsletter_id=newsletter, period="2026-W48", template_hash="t", **values)
        )


def test_every_kind_of_trouble_is_found_and_named_in_the_same_words(
    deployment: Callable[..., Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = deployment(schedule="tuesday 08:00", backup_days=7, smtp_url="smtp://127.0.0.1:9")
    now = here.now
    edition(here.store, state=EditionState.PAUSED, why="stopped: 60 of 100 bounced", planned_at=now)
    here.write(dead_feed(now), Heartbeat(kind="scheduler", process="a:1", at=now - 10 * MINUTE))
    with database.writing(here.store) as session:
        job_runs.note_success(session, troubles.BACKUP, now - timedelta(days=8))
        job_runs.note_begin(session, "deliver", now)
        job_runs.note_failure(session, "bounces", now, "INBOX is locked")
        job_runs.note_failure(session, "prune", now, "OverflowError")
    monkeypatch.setattr(readiness, "free_bytes", lambda _: 5_000_000)
    here.minutes(20)
    kinds = {"edition_paused", "edition_overdue", "feed", "scheduler", "sender", "backup"}
    assert set(told()) == {
        ("trouble.began", kind) for kind in kinds | {"mailbox", "job", "disk", "relay"}
    }
    assert len(told()) == len(set(told()))
    with database.reading(here.store) as session:
        found = troubles.found(here.store, session, here.settings, here.now)
    said = {one["data"]["subject"]: one["data"]["sentence"] for one in Receiver.got}
    del said["127.0.0.1:9"]
    assert {one.subject: one.sentence for one in found} == said


def test_what_an_operator_paused_is_no_trouble(deployment: Callable[..., Deployment]) -> None:
    here = deployment()
    edition(here.store, state=EditionState.PAUSED, why=editions.BY_HAND, planned_at=here.now)
    here.minutes(10)
    assert told() == []


def test_what_passes_by_itself_is_told_to_nobody(deployment: Callable[..., Deployment]) -> None:
    here = deployment()
    with database.writing(here.store) as session:
        job_runs.note_failure(session, "feeds", here.now, "a name server was away")
    here.minutes(4)
    with database.writing(here.store) as session:
        job_runs.note_success(session, "feeds", here.now)
    here.minutes(20)
    assert (told(), here.mails()) == ([], [])
    with database.reading(here.store) as session:
        assert session.scalars(sa.select(OngoingTrouble)).all() == []


def test_a_trouble_that_comes_and_goes_is_told_once(deployment: Callable[..., Deployment]) -> None:
    here = deployment()
    for minute in range(60):
        with database.writing(here.store) as session:
            if minute % 3:
                job_runs.note_failure(session, "feeds", here.now, f"try {minute}")
            else:
                job_runs.note_success(session, "feeds", here.now)
        here.minutes(1)
    assert told() == [("trouble.began", "job")]


def test_while_the_relay_is_down_its_mail_waits_and_the_url_is_told(
    deployment: Callable[..., Deployment], serve: Callable[..., ScriptedServer]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    here = deployment(
        smtp_url=f"smtp://127.0.0.1:{port}", sender="News <news@here.example>", timeout_seconds=2
    )
    here.write(dead_feed(here.now))
    here.minutes(15)
    assert told() == [("trouble.began", "feed"), ("trouble.began", "relay")]
    assert sum(line.startswith("error: alert by mail") for line in here.said) == 1
    with database.writing(here.store) as session:
        session.execute(sa.delete(Feed))  # over before anybody could be told by mail
    here.minutes(1)
    there = serve()
    here.settings = here.settings.replace(smtp_url=f"smtp://127.0.0.1:{there.port}")
    here.another()
    here.minutes(70)
    words = [text.decode() for text in there.texts]
    assert sum("Over: https://example.com/feed.xml" in text for text in words) == 1
    assert not any(f"Subject: [The Weekly Brief] {FEED} could not" in text for text in words)
    assert told()[2:] == [("trouble.over", "feed"), ("trouble.over", "relay")]
    with database.reading(here.store) as session:
        assert [one for one in session.scalars(sa.select(Alert)) if one.sent_at is None] == []


def test_what_the_url_refuses_is_sent_again_with_the_same_id_less_and_less_often(
    deployment: Callable[..., Deployment],
) -> None:
    here = deployment()
    Receiver.answer = 503
    here.write(dead_feed(here.now))
    here.minutes(60)
    assert 5 <= len(Receiver.ids) <= 7
    assert len(set(Receiver.ids)) == 1
    assert len(here.mails()) == 1  # one channel does not wait for the other
    assert here.said == ["error: alert by url: the server answered 503 Service Unavailable"]
    Receiver.answer = 204
    here.minutes(60)
    assert told() == [("trouble.began", "feed")]


def test_a_private_url_is_asked_only_where_that_is_allowed(
    deployment: Callable[..., Deployment],
) -> None:
    here = deployment(feeds_private=False)
    here.write(dead_feed(here.now))
    here.minutes(5)
    assert Receiver.ids == []
    assert "feeds_private = true" in here.said[0]


def test_of_two_processes_one_tells(deployment: Callable[..., Deployment], store: Engine) -> None:
    here = deployment()
    here.write(dead_feed(here.now))
    other = Watch(store, here.settings, lambda: here.now, here.said.append)
    for _ in range(5):
        threads = [threading.Thread(target=watch.look) for watch in (here.watch, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        here.now += MINUTE
    assert told() == [("trouble.began", "feed")]
    assert len(here.mails()) == 1


def test_a_process_that_is_alive_misses_one_that_died(
    deployment: Callable[..., Deployment],
) -> None:
    here = deployment()
    heartbeats.beat(
        here.store, [heartbeats.Kind.SCHEDULER, heartbeats.Kind.SENDER], "a:1", here.now
    )
    here.minutes(8)
    assert sorted(told()) == [("trouble.began", "scheduler"), ("trouble.began", "sender")]
    heartbeats.beat(
        here.store, [heartbeats.Kind.SCHEDULER, heartbeats.Kind.SENDER], "a:1", here.now
    )
    with database.writing(here.store) as session:
        heartbeats.leave(session, "a:1")
    here.minutes(8)
    assert sorted(told()[2:]) == [("trouble.over", "scheduler"), ("trouble.over", "sender")]


CHILD = """
    import datetime, sys, threading
    from mailer.service.alerting import Watch
    from recommender.settings import Settings
    from recommender.storage import database
    url, home, receiver, secret, smtp = sys.argv[1:]
    settings = Settings(home=home, alert_to="ops@example.com", alert_url=receiver,
                        alert_secret=secret, feeds_private=True, smtp_url=smtp,
                        sender="News <news@here.example>")
    now = datetime.datetime(2026, 11, 24, 9, 30, tzinfo=datetime.UTC)
    Watch(database.connect(url), settings, lambda: now, print).look()
"""


def test_killed_on_the_wire_nothing_is_lost_and_what_is_repeated_has_the_same_id(
    deployment: Callable[..., Deployment],
    serve: Callable[..., ScriptedServer],
    store: Engine,
    tmp_path: Path,
    receiver: str,
) -> None:
    relay = serve(DOT=[None])  # the first mail gets no answer
    smtp = f"smtp://127.0.0.1:{relay.port}"
    here = deployment(smtp_url=smtp, sender="News <news@here.example>")
    here.write(dead_feed(here.now))
    url = store.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", textwrap.dedent(CHILD), url, str(tmp_path)]

    def killed_when(reached: Callable[[], bool]) -> None:
        child = subprocess.Popen([*command, receiver, SECRET, smtp])
        until = time.monotonic() + 60
        while not reached():
            assert time.monotonic() < until
            time.sleep(0.05)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()

    killed_when(lambda: relay.hanging == 1)
    Receiver.answer = None
    killed_when(lambda: len(Receiver.ids) == 1)
    Receiver.answer = 204
    here.now += timedelta(hours=1)
    here.another()
    here.minutes(10)
    sent = [email.message_from_bytes(text)["Message-ID"] for text in relay.texts]
    assert len(sent) == 2
    assert len(set(sent)) == len(set(Receiver.ids)) == 1
    assert told() == [("trouble.began", "feed")]


def test_a_url_that_hangs_keeps_nobody_waiting(
    deployment: Callable[..., Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mailer.monitoring import alert_messages

    monkeypatch.setattr(alert_messages, "SECONDS", 1.0)
    here = deployment()
    Receiver.answer = None
    here.write(*(dead_feed(here.now, f"{FEED}?{n}") for n in range(20)))
    began = time.monotonic()
    here.minutes(1)
    assert time.monotonic() - began < 5
    assert len(here.mails()) == 1
    with contextlib.suppress(IndexError):
        assert "no answer in time" in here.said[0]


def test_heartbeats_that_an_absent_store_kept_from_being_written_are_no_trouble(
    deployment: Callable[..., Deployment],
) -> None:
    here = deployment()
    kinds = [heartbeats.Kind.SCHEDULER, heartbeats.Kind.SENDER]
    heartbeats.beat(here.store, kinds, "a:1", here.now)
    service = here.watch.service = supervision.Troubles(here.said.append)
    service.note(job_runner.STORE, "the store is not there")
    here.minutes(10)
    assert [subject for subject in here.mails() if "sign of life" in subject] == []
    here.watch.service = None
    here.minutes(10)
    assert [subject for subject in here.mails() if "sign of life" in subject] != []
