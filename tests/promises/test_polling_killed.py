"""Killed with -9 while it polls a mailbox: no bounce is lost, and none counts twice."""

import os
import random
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.models import Event, EventKind, InboundMessage, Status, Subscriber
from recommender.storage import database
from tests.mailer import dovecot as server
from tests.mailer.conftest import certificates as certificates
from tests.mailer.inbound.reports import bounce, complaint, failed

READERS, KILLS = 40, 6


def run(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    names = {name: text for name, text in os.environ.items() if name.startswith("NEWSLETTER_")}
    environment = {"PATH": os.environ["PATH"], "NEWSLETTER_HOME": str(home), **names}
    return subprocess.Popen(
        [sys.executable, "-m", "mailer", *arguments],
        env=environment,
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def sent(home: Path) -> list[str]:
    """The Message-IDs of an edition in the outbox."""
    readers = "\n".join(f'{{"email":"reader{n}@example.com"}}' for n in range(READERS))
    (home / "readers.jsonl").write_text(readers)
    story = '{"id":"a","title":"Tides","summary":"They turn.","topics":["Tides"]}'
    (home / "articles.jsonl").write_text(story)
    for command in (
        ("articles", "import", "articles.jsonl"),
        ("subscribers", "import", "readers.jsonl"),
        ("editions", "send", "--yes"),
    ):
        run(home, *command).wait()
    texts = [file.read_text() for file in sorted(home.rglob("outbox/*/*.eml"))]
    return [re.findall(r"(?m)^Message-ID: (\S+)", text)[0] for text in texts]


def taken(store: Engine) -> int:
    with database.reading(store) as session:
        return int(session.scalar(sa.select(sa.func.count(InboundMessage.id))) or 0)


@pytest.mark.slow
@pytest.mark.timeout(600)  # eight commands, each of which starts anew
def test_killed_while_polling(
    store: Engine,
    tmp_path: Path,
    certificates: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = store.url.render_as_string(hide_password=False)
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", address)
    monkeypatch.setenv("NEWSLETTER_SECRET_KEY", "a secret of more than forty characters, really")
    store.dispose()
    ids, chance = sent(tmp_path), random.Random(4)
    assert len(ids) == READERS
    cafile, key = certificates[1], certificates[1].parent / "key.pem"
    with (
        tempfile.TemporaryDirectory(prefix="dovecot-", ignore_cleanup_errors=True) as folder,
        server.running(Path(folder), cafile, key, cafile) as dovecot,
    ):
        monkeypatch.setenv("NEWSLETTER_BOUNCE_MAILBOX", dovecot.url("imaps", "INBOX"))
        for number, message_id in enumerate(ids):
            returned = f"Message-ID: {message_id}\n"
            report = complaint("abuse") if number % 2 else bounce(failed("5.1.1", "550 gone"))
            dovecot.add(re.sub(rb"Message-ID: \S+\n", returned.encode(), report), str(number))
        for kill in range(KILLS):
            process = run(tmp_path, "bounces", "poll")
            enough = (kill + chance.random()) * READERS / KILLS
            while process.poll() is None and taken(store) <= enough:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.wait()
        store.dispose()
        assert 0 < taken(store) < READERS
        store.dispose()
        assert run(tmp_path, "bounces", "poll").wait() == 0
    with database.reading(store) as session:
        kinds = Counter(session.scalars(sa.select(InboundMessage.kind)))
        events = Counter(session.scalars(sa.select(Event.kind)))
        statuses = Counter(session.scalars(sa.select(Subscriber.status)))
    half = READERS // 2
    assert kinds == {"hard": half, "complaint": half}
    assert events == {EventKind.BOUNCE: half, EventKind.COMPLAINT: half}
    assert statuses == {Status.BOUNCED: half, Status.COMPLAINED: half}
