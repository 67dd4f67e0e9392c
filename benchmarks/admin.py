"""The operators' first page with many readers, beside a bare count of them.

    python benchmarks/admin.py [READERS]

The store of `reporting.py`: READERS (default 1,000,000) readers, an edition sent to all of them,
answers of a tenth. Printed are the seconds of counting and keeping the numbers, the median and the
longest of 20 requests of `/admin`, of the page of the edition, of a page of readers and of a search
that finds none of them, the median of `SELECT count(*)` over the copies, and the ratios to it.
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

BARE = "SELECT count(*) FROM deliveries WHERE edition_id = 1"
PAGES = "/admin", "/admin/weekly-2026-W48", "/admin/reader"
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
            pages = {path: requests(client, path) for path in PAGES}
            pages["a search"] = requests(client, "/admin/reader", {"q": "nobody"})
        bare = []
        with engine.connect() as connection:
            for _ in range(5):
                begun = time.perf_counter()
                connection.execute(sa.text(BARE)).scalar()
                bare.append(time.perf_counter() - begun)
        engine.dispose()
        print(f"{BARE}: {1000 * median(bare):.0f} ms")
        for path, times in pages.items():
            print(
                f"{path}: median {1000 * median(times):.0f} ms, longest "
                f"{1000 * max(times):.0f} ms, ratio {median(times) / median(bare):.2f}"
            )


def requests(client: TestClient, path: str, form: dict[str, str] | None = None) -> list[float]:
    """The seconds of 20 requests, with a ``form`` if there is one; the first one before them
    compiles the template."""
    times = []
    for _ in range(21):
        begun = time.perf_counter()
        method = "GET" if form is None else "POST"
        answer = client.request(method, path, data=form, auth=("x", PASSWORD))
        assert answer.status_code == (200 if form is None else 404)
        times.append(time.perf_counter() - begun)
    return times[1:]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
