"""The operators' first page with many readers, beside a bare count of them.

    python benchmarks/admin.py [READERS]

The store of `reporting.py`: READERS (default 1,000,000) readers, an edition sent to all of them,
answers of a tenth. Printed are the seconds of counting and keeping the numbers, the median and the
longest of 20 requests of `/admin`, the median of `SELECT count(*)` over the readers, their ratio,
and the seconds of the page of the edition, which is counted as it is.
"""

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import reporting  # type: ignore[import-not-found]  # it stands beside this file
import sqlalchemy as sa
from starlette.testclient import TestClient

from mailer.service import counting
from mailer.web import app
from recommender.settings import Settings
from recommender.storage import database

PASSWORD = "correct-horse-battery-staple-7"  # noqa: S105  (of this run)


def main(readers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        reporting.fill(home, readers)
        settings = Settings(home=home, admin_password=PASSWORD)
        engine = database.connect(settings.store_url)
        begun = time.perf_counter()
        counting.count_once(engine, datetime.now(UTC))
        print(f"counting and keeping: {time.perf_counter() - begun:.2f} s")
        site = app.create(engine, settings, lambda: datetime.now(UTC))
        with TestClient(site, base_url=settings.base_url) as client:
            times = []
            for _ in range(21):
                begun = time.perf_counter()
                assert client.get("/admin", auth=("x", PASSWORD)).status_code == 200
                times.append(time.perf_counter() - begun)
            times = times[1:]  # the first compiles the template
            begun = time.perf_counter()
            assert client.get("/admin/weekly-2026-W48", auth=("x", PASSWORD)).status_code == 200
            page = time.perf_counter() - begun
        bare = []
        with engine.connect() as connection:
            for _ in range(5):
                begun = time.perf_counter()
                connection.execute(sa.text("SELECT count(*) FROM subscribers")).scalar()
                bare.append(time.perf_counter() - begun)
        engine.dispose()
        print(f"/admin: median {1000 * median(times):.0f} ms, longest {1000 * max(times):.0f} ms")
        print(f"bare count: {1000 * median(bare):.0f} ms; ratio {median(times) / median(bare):.2f}")
        print(f"page of the edition: {page:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
