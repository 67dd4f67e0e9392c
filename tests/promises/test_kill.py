"""Killed at any moment and started again: nobody is missed, nobody gets it twice."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.models import Delivery, DeliveryState, Subscriber
from recommender.storage import database
from tests.providers import DROP, TAKE_AND_DROP, Fault, Provider, running

READERS = 300
S = DeliveryState


def start(home: Path, relay: str | None = None) -> subprocess.Popen[str]:
    """`newsletter editions send`, in a process of its own."""
    environment = {"NEWSLETTER_HOME": str(home), "PATH": "/usr/bin:/bin"}
    if relay is not None:
        environment["NEWSLETTER_SMTP_URL"] = relay
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mailer",
            "editions",
            "send",
            "--yes",
            "--period",
            "2026-W48",
            "--json",
        ],
        env=environment,
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    summary: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return summary


def states(engine: Engine) -> Counter[DeliveryState]:
    with database.reading(engine) as session:
        return Counter(session.scalars(sa.select(Delivery.state)))


def handled(engine: Engine) -> int:
    """How many copies have been sent so far."""
    return states(engine)[S.SENT]


@pytest.fixture
def newsletter(
    engine: Engine, stories: Callable[..., None], readers: Callable[..., None]
) -> Engine:
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)  # the commands run on the real clock
    stories(engine, an_hour_ago)
    readers(engine, an_hour_ago, READERS)
    return engine


def interrupt(engine: Engine, process: subprocess.Popen[str], after: int, number: int) -> None:
    """Send the signal once ``after`` more copies have been sent, or the process has ended."""
    before = handled(engine)
    while process.poll() is None and handled(engine) < before + after:
        time.sleep(0.002)
    process.send_signal(number)
    process.communicate(timeout=60)


def test_kill_9_and_again_until_it_is_done(newsletter: Engine, home: Path) -> None:
    chance = random.Random(9)
    for _ in range(6):
        interrupt(newsletter, start(home), chance.randint(0, 60), signal.SIGKILL)
    summary = finish(start(home))
    ledger = states(newsletter)
    assert ledger[S.SENT] + ledger[S.IN_DOUBT] == READERS
    assert ledger[S.IN_DOUBT] <= 6  # one connection, six kills
    assert summary["due"] == sum(
        (summary["sent"], summary["failed"], summary["deferred"], summary["in_doubt"]),
        sum(summary["skipped"].values()),
    )
    files = [path.name for path in (home / "outbox").rglob("*.eml")]
    assert len(files) == len(set(files))
    assert ledger[S.SENT] <= len(files) <= READERS


def test_sigterm_leaves_no_doubt(newsletter: Engine, home: Path) -> None:
    for _ in range(3):
        process = start(home)
        interrupt(newsletter, process, 40, signal.SIGTERM)
        ledger = states(newsletter)
        assert (ledger[S.IN_DOUBT], ledger[S.ON_WIRE], ledger[S.CLAIMED]) == (0, 0, 0)
    assert finish(start(home))["in_doubt"] == 0
    assert states(newsletter) == {S.SENT: READERS}


def test_two_senders_at_once_share_the_work(newsletter: Engine, home: Path) -> None:
    first = start(home)
    while first.poll() is None and not states(newsletter)[S.PLANNED]:
        time.sleep(0.01)
    second = start(home)
    for process in (first, second):
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, out + err
    assert states(newsletter) == {S.SENT: READERS}
    assert len(list((home / "outbox").rglob("*.eml"))) == READERS


def test_sending_twice_sends_nothing_twice(newsletter: Engine, home: Path) -> None:
    assert finish(start(home))["sent"] == READERS
    times = {path: path.stat().st_mtime_ns for path in (home / "outbox").rglob("*.eml")}
    again = finish(start(home))
    assert (again["due"], again["sent"]) == (0, 0)
    assert {path: path.stat().st_mtime_ns for path in (home / "outbox").rglob("*.eml")} == times


@pytest.mark.timeout(300)
def test_kill_9_while_providers_apis_are_called(newsletter: Engine, home: Path) -> None:
    """Three providers share the edition; two answers are lost on top of it."""
    lost: list[Fault | str | bytes] = [TAKE_AND_DROP, DROP]
    with running(Provider(delay=0.004, script=lost)) as provider:
        kinds = ("ses", "postmark", "mailgun")
        relays = ",".join(provider.url(kind, "&weight=1") for kind in kinds)
        interrupt(newsletter, start(home, relays), 40, signal.SIGKILL)
        assert 0 < len(provider.taken) < READERS
        finish(start(home, relays))
    ledger = states(newsletter)
    assert ledger[S.SENT] + ledger[S.IN_DOUBT] == READERS
    assert 2 <= ledger[S.IN_DOUBT] <= 2 + 4, "a connection has one copy on the wire"
    taken = Counter(one.recipient for one in provider.taken)
    assert max(taken.values()) == 1, "nobody twice"
    with database.reading(newsletter) as session:
        rows = session.execute(
            sa.select(Subscriber.email, Delivery.state, Delivery.reply).join(
                Subscriber, Subscriber.id == Delivery.subscriber_id
            )
        ).all()
    sent = {email: reply for email, state, reply in rows if state == S.SENT}
    doubtful = {email for email, state, _ in rows if state == S.IN_DOUBT}
    assert sent.keys() <= taken.keys() <= sent.keys() | doubtful, "nobody missed, doubts named"
    for one in provider.taken:
        assert one.recipient in doubtful or one.identity in (sent[one.recipient] or "")
    calls = Counter(call.partition("/")[2] for call in provider.calls)
    assert min(calls[path] for path in ("v2/email/outbound-emails", "email")) > READERS // 5
    assert provider.wrong == []
