"""Killed with -9 while it takes webhooks: no event is lost, and none counts twice."""

import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.models import Event, EventKind, Status, Subscriber, WebhookEvent
from recommender.storage import database
from recommender.subscribers import fields, intake

READERS, KILLS = 60, 5
USER = "hooks:nqD7vYk2LpXw93Rt"


def start(home: Path, store: Engine, port: int) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "NEWSLETTER_HOME": str(home),
        "NEWSLETTER_DATABASE_URL": store.url.render_as_string(hide_password=False),
        "NEWSLETTER_HOOKS_POSTMARK_SECRET": USER,
        "NEWSLETTER_SECRET_KEY": "a secret of more than forty characters, really",
    }
    command = [sys.executable, "-m", "mailer", "web", "--port", str(port)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=environment, cwd=home, stdout=quiet, stderr=quiet)


def post(port: int, number: int) -> bool:
    """Whether the service says that it has the event."""
    event = {
        "RecordType": "Bounce" if number % 2 else "SpamComplaint",
        "Type": "HardBounce",
        "ID": number + 1,
        "Email": f"reader{number}@example.com",
    }
    basic = base64.b64encode(USER.encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/hooks/postmark",
        json.dumps(event).encode(),
        {"Authorization": f"Basic {basic}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  (our own)
            return bool(answer.status == 200)
    except OSError:  # no answer, or one that is an error: the provider tries again
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.mark.slow
def test_killed_while_taking_webhooks(store: Engine, tmp_path: Path) -> None:
    now, chance, port = datetime.now(UTC), random.Random(9), free_port()
    drafts = [fields.draft(n, {"email": f"reader{n}@example.com"}) for n in range(READERS)]
    intake.import_rows(lambda: database.writing(store), drafts, file="list", now=now)
    store.dispose()
    waiting, kills, process = list(range(READERS)), 0, start(tmp_path, store, port)
    until = time.monotonic() + 100
    kill_at = until
    while waiting and time.monotonic() < until:
        number = waiting.pop(0)
        if post(port, number):
            if kills < KILLS and kill_at == until:
                kill_at = time.monotonic() + chance.uniform(0.0, 0.1)
            if chance.random() < 0.2:
                waiting.append(number)  # an answer that the provider did not get
        else:
            waiting.insert(0, number)
            time.sleep(0.02)
        if time.monotonic() > kill_at:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills, kill_at = kills + 1, until
            process = start(tmp_path, store, port)
    process.kill()
    process.wait()
    assert not waiting
    assert kills == KILLS
    with database.reading(store) as session:
        meanings = Counter(session.scalars(sa.select(WebhookEvent.meaning)))
        events = Counter(session.scalars(sa.select(Event.kind)))
        statuses = Counter(session.scalars(sa.select(Subscriber.status)))
    half = READERS // 2
    assert meanings == {"hard": half, "complaint": half}
    assert events == {EventKind.BOUNCE: half, EventKind.COMPLAINT: half}
    assert statuses == {Status.BOUNCED: half, Status.COMPLAINED: half}
