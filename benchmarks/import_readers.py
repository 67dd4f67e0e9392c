"""Import of a Mailchimp export, against ``csv.DictReader`` alone on the same file.

    python benchmarks/import_readers.py [ROWS]

Each way runs in a process of its own, the import into a fresh SQLite store; ROWS (default 100,000)
and a fifth of them, to show that memory stays flat. "CPU" are the seconds the process had a core.
"""

import csv
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from recommender import store_opening
from recommender.storage import database
from recommender.subscribers import files, intake

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HEADER = (
    '"Email Address","First Name","Last Name",Company,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,'
    "CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,"
    "EUID,NOTES,TAGS\n"
)


def write(path: Path, rows: int) -> None:
    """An export of ``rows`` subscribed members."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for number in range(rows):
            day = f"20{10 + number % 15}-{1 + number % 12:02}-{1 + number % 28:02}"
            file.write(
                f'reader{number}@example{number % 500}.com,Zoë,"Vega {number}",Quay Ltd,'
                f'{number % 5},"{day} 10:00:00",192.0.2.{number % 250},"{day} 10:05:00",'
                f"192.0.2.{number % 250},47.35,7.9,1,2,europe/zurich,ch,zh,"
                f'"2024-01-01 00:00:00",{number},e{number},,"""vip"",""pilot {number % 9}"""\n'
            )


def dict_reader(path: Path, _folder: str) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.DictReader(file))


def ours(path: Path, folder: str) -> int:
    url = f"sqlite:///{folder}/s.db"
    engine = store_opening.open_store(url, newsletter="weekly", now=NOW, make=True)
    report = intake.import_rows(
        lambda: database.writing(engine), files.read(path), file=path.name, now=NOW
    )
    engine.dispose()
    return report.added


WAYS = {"DictReader": dict_reader, "import": ours}


def child(way: str, rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "subscribed_members_export.csv"
        write(path, rows)
        started, used = time.perf_counter(), time.process_time()
        read = WAYS[way](path, folder)
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
    assert read == rows
    print(seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measure(way: str, rows: int) -> tuple[float, float, float]:
    """Seconds, those on a core, and peak MiB."""
    done = subprocess.run(
        [sys.executable, __file__, way, str(rows)], capture_output=True, text=True, check=True
    )
    seconds, cpu, memory = done.stdout.split()
    return float(seconds), float(cpu), float(memory)


def main(rows: int) -> None:
    alone, few, many = (
        measure(way, number)
        for way, number in (("DictReader", rows), ("import", rows // 5), ("import", rows))
    )
    print(f"{'':<22}{'rows':>10}{'seconds':>9}{'CPU':>9}{'rows/s':>10}{'peak MiB':>10}")
    for name, number, (seconds, cpu, memory) in (
        ("csv.DictReader alone", rows, alone),
        ("newsletter import", rows // 5, few),
        ("newsletter import", rows, many),
    ):
        print(
            f"{name:<22}{number:>10,}{seconds:>9.2f}{cpu:>9.2f}{number / seconds:>10,.0f}"
            f"{memory:>10.0f}"
        )
    print(
        f"ratio: {many[1] / alone[1]:.1f} times the CPU of csv.DictReader alone; "
        f"memory x{many[2] / few[2]:.2f} for 5 x the rows"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        child(sys.argv[1], int(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) == 2 else 100_000)
