"""Import of readers, against the obvious way of doing it: one ORM object and one look-up per row.

    python benchmarks/importing.py [ROWS]

Both read the same JSONL file of ROWS readers (default 20,000; the product also 5 times as many, to
show that memory stays flat) into a fresh SQLite store of their own, in the same run.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from email_validator import validate_email
from sqlalchemy.engine import Engine

from recommender import store_opening
from recommender.models import (
    Status,
    Subscriber,
    SubscriberTopic,
    Topic,
)
from recommender.storage import database
from recommender.subscribers import addresses, files, intake

TOPICS = ("AI Strategy", "TPU Development", "Neural Software", "Data Engineering", "Security")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def write(path: Path, rows: int) -> None:
    chance = random.Random(7)
    with path.open("w") as file:
        for number in range(rows):
            row = {
                "email": f"reader{number}@example{number % 500}.com",
                "name": f"Reader {number}",
                "roles": ["CTO"],
                "topics": {topic: chance.randint(1, 3) for topic in chance.sample(TOPICS, 3)},
                "timezone": "Europe/Berlin",
            }
            file.write(json.dumps(row) + "\n")


def obvious(engine: Engine, path: Path) -> None:
    """What one would write first: validate, look up, add, commit at the end."""
    with database.writing(engine) as session:
        salt = addresses.salt(session)
        topics = {topic.name: topic for topic in session.scalars(sa.select(Topic))}
        for line in path.open():
            row = json.loads(line)
            email = validate_email(row["email"], check_deliverability=False).normalized
            key = addresses.hash_of(salt, email)
            found = session.scalar(sa.select(Subscriber).where(Subscriber.address_hash == key))
            if found is None:
                session.add(
                    Subscriber(
                        email=email,
                        address_hash=key,
                        name=row["name"],
                        status=Status.ACTIVE,
                        timezone=row["timezone"],
                        created_at=NOW,
                        updated_at=NOW,
                        topics=[
                            SubscriberTopic(topic=topics[name], weight=weight)
                            for name, weight in row["topics"].items()
                        ],
                    )
                )


def ours(engine: Engine, path: Path) -> None:
    report = intake.import_rows(
        lambda: database.writing(engine), files.read(path), file=str(path), now=NOW
    )
    assert not report.rejected


def measure(way: str, rows: int) -> tuple[float, float]:
    """Seconds and peak MiB of one way, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, way, str(rows)], capture_output=True, text=True, check=True
    )
    seconds, memory = done.stdout.split()
    return float(seconds), float(memory)


def child(way: str, rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "readers.jsonl"
        write(path, rows)
        engine = store_opening.open_store(
            f"sqlite:///{folder}/s.db", newsletter="weekly", now=NOW, make=True
        )
        started = time.perf_counter()
        (ours if way == "ours" else obvious)(engine, path)
        seconds = time.perf_counter() - started
        engine.dispose()
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main(rows: int) -> None:
    slow, slow_memory = measure("obvious", rows)
    fast, fast_memory = measure("ours", rows)
    large, large_memory = measure("ours", 5 * rows)
    print(f"{'':<24}{'rows':>10}{'seconds':>10}{'rows/s':>10}{'peak MiB':>10}")
    for name, number, seconds, memory in (
        ("one object per row", rows, slow, slow_memory),
        ("newsletter import", rows, fast, fast_memory),
        ("newsletter import", 5 * rows, large, large_memory),
    ):
        print(f"{name:<24}{number:>10,}{seconds:>10.1f}{number / seconds:>10,.0f}{memory:>10.0f}")
    print(
        f"ratio: {slow / fast:.1f} times as fast; "
        f"memory x{large_memory / fast_memory:.2f} for 5 x the rows"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        child(sys.argv[1], int(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) == 2 else 20_000)
