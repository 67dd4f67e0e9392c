"""The service as a process: it starts, is alone, and leaves cleanly when told to."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from recommender.storage import database


def start(home: Path, *command: str, **settings: str) -> subprocess.Popen[str]:
    environment = {"NEWSLETTER_HOME": str(home), "PATH": "/usr/bin:/bin"}
    environment |= {f"NEWSLETTER_{key.upper()}": value for key, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "mailer", *command],
        env=environment,
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    """The event of the first entry of its log."""
    assert process.stdout is not None
    line = process.stdout.readline()
    return str(json.loads(line)["event"]) if line.startswith("{") else line


@pytest.mark.parametrize("command", ["scheduler", "serve --port 0", "web --port 0"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_leaves_cleanly_when_told_to(home: Path, command: str, how: signal.Signals) -> None:
    process = start(home, *command.split())
    assert first_line(process) in ("running", "serving pages")
    asked = time.monotonic()
    process.send_signal(how)
    out, _ = process.communicate(timeout=20)
    assert time.monotonic() - asked < 10
    entries = [json.loads(line) for line in out.splitlines()]  # of one form, all of them
    assert (process.returncode, entries[-1]["event"]) == (0, "stopped")


def test_a_second_one_says_so_and_leaves(home: Path, engine: Engine) -> None:
    if database.many_machines(engine):
        pytest.skip("those that share a server stand by, which is tested with the workers")
    first = start(home, "scheduler")
    try:
        assert first_line(first).startswith("running")
        second = start(home, "scheduler")
        out, _ = second.communicate(timeout=30)
        assert second.returncode == 1
        assert "error: another scheduler is already running" in out
    finally:
        first.kill()
        first.communicate()


def test_started_after_its_hour_it_catches_up_at_once(
    home: Path,
    engine: Engine,
    stories: Callable[..., None],
    readers: Callable[..., None],
) -> None:
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    stories(engine, an_hour_ago)
    readers(engine, an_hour_ago, 8)
    process = start(home, "scheduler", schedule=f"{an_hour_ago:%A %H:%M}", timezone="UTC")
    try:
        for _ in range(200):
            if len(list((home / "outbox").glob("*/*.eml"))) == 8:
                break
            time.sleep(0.1)
        assert len(list((home / "outbox").glob("*/*.eml"))) == 8
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_where_no_request_can_come_in_nothing_begins(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        out, _ = start(home, "serve", "--port", str(port)).communicate(timeout=30)
    assert out == f"error: cannot listen on 127.0.0.1:{port}: Address already in use\n"
