"""An edition under force: planned, sent to a server that notes what it takes, struck, compared.

Afterwards the notes of the server are held against the ledger, copy by copy.
"""

import contextlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from benchmarks.fault_injection.post import Post
from mailer.delivery import campaign
from recommender import resources, settings, store_opening
from recommender.articles import import_files
from recommender.articles import intake as article_intake
from recommender.models import Delivery, DeliveryState
from recommender.storage import database
from recommender.subscribers import fields, intake

PERIOD = "2026-W48"
SECRET = "a secret of the benchmark, long enough for anybody"  # noqa: S105
TOPICS = ("TPU Development", "Compute Access", "Cybersecurity", "Automation")
COMMAND = (sys.executable, "-m", "mailer")
IDLE_SECONDS = 60.0
"""How long a sender may send nothing before its next blow comes all the same."""
S = DeliveryState


@dataclass
class Result:
    """What a scenario came to. ``on_wire``: connections that were open at the blows, together, and
    so the most doubts there may be; none where a blow is to be survived without any. ``unnamed``:
    copies of which ledger and server tell different stories without a doubt noted."""

    scenario: str
    copies: int
    blows: int = 0
    missed: int = 0
    repeats: int = 0
    doubts: int = 0
    unnamed: int = 0
    on_wire: int = 0
    slowest_end: float = 0.0
    seconds: float = 0.0
    troubles: Counter[str] = field(default_factory=Counter)

    @property
    def kept(self) -> bool:
        """Whether the promises were."""
        return not self.missed and not self.unnamed and self.repeats + self.doubts <= self.on_wire


@dataclass
class Case:
    """One edition that is planned and to be sent, and where."""

    home: Path
    url: str
    engine: Engine
    post: Post
    result: Result
    chance: random.Random
    in_doubt: str = "skip"
    limit: int | None = None
    started_at: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        """`newsletter editions send`, with whatever the defaults are, in a process group."""
        self.started_at = self.post.log.stat().st_size
        size = self.limit

        def limited() -> None:
            if size is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        self.process = subprocess.Popen(
            [*COMMAND, "editions", "send", "--yes", "--period", PERIOD, "--json"],
            env=self._environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=limited,
        )
        return self.process

    def run(self, *arguments: str) -> str:
        """Another command of `newsletter`, as from another terminal; what it printed."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=self._environment,
            cwd=self.home,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "NEWSLETTER_HOME": str(self.home),
            "NEWSLETTER_DATABASE_URL": self.url,
            "NEWSLETTER_SECRET_KEY": SECRET,
            "NEWSLETTER_SMTP_URL": f"smtp://127.0.0.1:{self.post.port}",
            "NEWSLETTER_IN_DOUBT": self.in_doubt,
            "NEWSLETTER_STOP_WHEN_BOUNCING": "1",
            "NEWSLETTER_GUARD_BOUNCES": "1",
            "NEWSLETTER_GUARD_DEFERRALS": "1",
        }

    def wait_for(
        self, process: subprocess.Popen[str], more: int, idle: float = IDLE_SECONDS
    ) -> None:
        """Until the server has taken ``more`` messages, or the process has ended, or nothing was
        taken for ``idle`` seconds."""
        taken = self.post.number_taken()
        enough, since = taken + more, time.monotonic()
        while process.poll() is None and taken < enough and time.monotonic() - since < idle:
            time.sleep(0.002)
            before, taken = taken, self.post.number_taken()
            if taken > before:
                since = time.monotonic()

    def abandon(self) -> None:
        """Kill what still runs, so that a scenario that failed leaves nothing to the next one."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()

    def strike(self, process: subprocess.Popen[str], number: int, *, alone: bool = False) -> None:
        """Send the signal, to the whole group or to the first process alone, and see it end."""
        self.result.blows += 1
        struck = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number) if alone else os.killpg(process.pid, number)
        self.end(process)
        self.result.slowest_end = max(self.result.slowest_end, time.monotonic() - struck)
        if number == signal.SIGKILL:
            self.result.on_wire += self.post.open_at_once(self.started_at)

    def end(self, process: subprocess.Popen[str]) -> None:
        """Wait for it, and keep what it complained of."""
        _, errors = process.communicate(timeout=300)
        for line in errors.strip().splitlines()[:1]:
            self.result.troubles[re.sub(r"\d+", "N", line)[:90]] += 1
        if "Traceback" in errors:
            raise RuntimeError(errors)

    def some(self, blows: int) -> int:
        """How many messages to wait for, so that the blows are spread over all copies."""
        left = self.result.copies - len(self.post.taken())
        return self.chance.randint(0, max(1, 2 * left // (blows + 2)))

    def complete(self) -> Result:
        """Send until nothing is left to be sent; five minutes pass whenever copies are deferred."""
        for _ in range(40):
            self.end(self.start())
            with database.writing(self.engine) as session:
                session.execute(
                    sa.update(Delivery)
                    .where(Delivery.state == S.DEFERRED)
                    .values(due_at=datetime.now(UTC) - timedelta(seconds=1))
                )
                left = (S.PLANNED, S.DEFERRED, S.CLAIMED, S.ON_WIRE)
                query = sa.select(sa.func.count()).where(Delivery.state.in_(left))
                if not session.scalar(query):
                    break
        return self._compared()

    def _compared(self) -> Result:
        """Hold the ledger against the notes of the server, copy by copy."""
        with database.reading(self.engine) as session:
            rows = session.execute(
                sa.select(Delivery.id, Delivery.state).where(Delivery.state != S.SKIPPED)
            ).all()
        taken, result = self.post.taken(), self.result
        for key, state in rows:
            result.repeats += max(0, taken[key] - 1)
            result.doubts += state == S.IN_DOUBT
            result.missed += not taken[key] and state != S.IN_DOUBT
            result.unnamed += (taken[key] > 0) != (state == S.SENT) and state != S.IN_DOUBT
        return result


def prepare(url: str, copies: int) -> None:
    """A store with an edition planned for so many readers."""
    now = datetime.now(UTC)
    engine = store_opening.open_store(url, newsletter="weekly", now=now, make=True)
    briefs = import_files.drafts([resources.folder("sample") / "briefs"], now)
    article_intake.import_articles(lambda: database.writing(engine), briefs, now=now)
    rows = (
        fields.draft(n, {"email": f"reader{n}@example.com", "topics": {TOPICS[n % len(TOPICS)]: 3}})
        for n in range(copies)
    )
    intake.import_rows(lambda: database.writing(engine), rows, file="readers", now=now)
    known = settings.load(None, {"NEWSLETTER_SECRET_KEY": SECRET, "NEWSLETTER_DATABASE_URL": url})
    campaign.plan(engine, known, period=PERIOD, now=now)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


@contextlib.contextmanager
def case(
    name: str, original: Path | str, folder: Path | None = None, *, answer_after: float = 0.0
) -> Iterator[Case]:
    """A server, and a fresh copy of the store ``original`` (a URL is used as it is)."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as temporary:
        home = folder or Path(temporary)
        if isinstance(original, Path):
            shutil.copy(original, home / "newsletter.db")
            url = f"sqlite:///{home / 'newsletter.db'}"
        else:
            url = original
        engine = database.connect(url)
        with database.reading(engine) as session:
            query = sa.select(sa.func.count()).where(Delivery.state != S.SKIPPED)
            result = Result(name, session.scalar(query) or 0)
        post = Post(Path(temporary) / "taken", answer_after=answer_after)
        found = Case(home, url, engine, post, result, random.Random(name))
        began = time.monotonic()
        try:
            yield found
        finally:
            result.seconds = time.monotonic() - began
            found.abandon()
            post.kill()
            engine.dispose()
