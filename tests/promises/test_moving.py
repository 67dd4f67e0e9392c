"""A store moves to PostgreSQL in the middle of an edition: killed on the way, and no reader
notices."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.models import Delivery, DeliveryState, SubscriberTopic
from recommender.storage import database

READERS = 1_200
PERIOD = ("--period", "2026-W48", "--json")


def run(home: Path, *arguments: str, url: str | None = None) -> subprocess.Popen[str]:
    environment = {"NEWSLETTER_HOME": str(home), "PATH": "/usr/bin:/bin"}
    if url is not None:
        environment["NEWSLETTER_DATABASE_URL"] = url
    return subprocess.Popen(
        [sys.executable, "-m", "mailer", *arguments],
        env=environment,
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_when(process: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    while process.poll() is None and not happened():
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


def number(engine: Engine, query: sa.Select[int]) -> int:
    """A count, or 0 while the table is not there."""
    try:
        with engine.connect() as connection:
            return connection.scalar(query) or 0
    except sa.exc.DBAPIError:
        return 0


@pytest.mark.slow
@pytest.mark.postgresql
def test_an_edition_half_sent_is_finished_from_the_copy(
    engine: Engine,
    empty_database: Engine,
    stories: Callable[..., None],
    readers: Callable[..., None],
    home: Path,
) -> None:
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    stories(engine, an_hour_ago)
    readers(engine, an_hour_ago, READERS)
    url = empty_database.url.render_as_string(hide_password=False)
    sent = sa.select(sa.func.count()).where(Delivery.state == DeliveryState.SENT)
    copied = sa.select(sa.func.count()).select_from(SubscriberTopic)

    kill_when(run(home, "editions", "send", "--yes", *PERIOD), lambda: number(engine, sent) > 300)
    kill_when(run(home, "store", "copy", "--to", url), lambda: number(empty_database, copied) > 0)
    refused = run(home, "editions", "send", "--yes", *PERIOD, url=url)
    assert "not finished" in refused.communicate(timeout=60)[1]
    copy = run(home, "store", "copy", "--to", url, "--json")
    out, err = copy.communicate(timeout=100)
    assert copy.returncode == 0, err
    assert json.loads(out)["tables"]["deliveries"]["rows"] == READERS

    out, err = run(home, "editions", "send", "--yes", *PERIOD, url=url).communicate(timeout=100)
    summary = json.loads(out.strip().splitlines()[-1])
    with database.reading(empty_database) as session:
        query = sa.select(Delivery.state, sa.func.count()).group_by(Delivery.state)
        states: dict[DeliveryState, int] = dict(session.execute(query).all())
    assert sum(states.values()) == READERS
    assert set(states) <= {DeliveryState.SENT, DeliveryState.IN_DOUBT}
    assert states.get(DeliveryState.IN_DOUBT, 0) == summary["in_doubt"] <= 1
    files = list((home / "outbox").rglob("*.eml"))
    assert states[DeliveryState.SENT] <= len(files) <= READERS
