"""The report of a large edition, beside a bare count of its copies.

    python benchmarks/reporting.py [READERS]

A store with READERS (default 1,000,000) readers, three topics and a role each, an edition that was
sent to them, five stories a copy, and answers of a tenth of them, is made by SQL. Printed are the
seconds that `editions report --json` takes as a whole command, those of `SELECT count(*)` over the
same copies, and their ratio.
"""

import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STORIES, TOPICS, ROLES = 60, 40, 8
"""The vocabulary that `init` makes has more topics and roles than these."""
AT = "2026-11-26 08:00:00.000000"


def fill(home: Path, readers: int) -> None:
    command = [sys.executable, "-m", "mailer", "init"]
    subprocess.run(command, env=environment(home), cwd=home, check=True, capture_output=True)
    store = sqlite3.connect(home / "newsletter.db")
    chance = random.Random(7)
    lists = [json.dumps(chance.sample(range(1, STORIES + 1), 5)) for _ in range(readers // 5)]
    run = store.execute
    [newsletter] = run("SELECT id FROM newsletters").fetchone()
    run(
        "INSERT INTO template_versions (hash, name, html, text, at) VALUES ('t', 'x', '', '', ?)",
        [AT],
    )
    run(
        "INSERT INTO editions (id, newsletter_id, period, state, template_hash, settings,"
        " planned_at) VALUES (1, ?, '2026-W48', 'finished', 't', '{}', ?)", [newsletter, AT],
    )  # fmt: skip
    for number in range(1, STORIES + 1):
        content = json.dumps(
            {"article": f"a{number}", "story": f"a{number}", "title": f"Story {number}"}
        )
        run("INSERT INTO edition_stories VALUES (1, ?, ?)", [number, content])
    store.create_function("stories", 1, lambda n: lists[n % len(lists)], deterministic=True)
    store.create_function("story", 2, lambda n, k: json.loads(lists[n % len(lists)])[k])
    several(store, readers)
    store.commit()
    store.close()


def several(store: sqlite3.Connection, readers: int) -> None:
    """Readers, their interests, their copies and their answers, a statement each."""
    numbers = (
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {readers}) "
    )
    run = store.execute
    run(
        numbers + "INSERT INTO subscribers (id, email, address_hash, status, name, attributes,"
        " created_at, updated_at) SELECT i, 'r' || i || '@' || (i % 50) || '.example', 'h' || i,"
        " 'active', '', '{}', ?, ? FROM n", [AT, AT],
    )  # fmt: skip
    for k in range(3):
        run(
            numbers + "INSERT INTO subscriber_topics (subscriber_id, topic_id, weight)"
            " SELECT i, 1 + (i * 7 + ? * 13) % ?, 2 FROM n",
            [k, TOPICS],
        )
    run(numbers + "INSERT INTO subscriber_roles SELECT i, 1 + i % ? FROM n", [ROLES])
    run(
        numbers + "INSERT INTO deliveries (id, edition_id, subscriber_id, number, state, due_at,"
        " picks, story_ids, reader, template_hash, attempts, settled_at, relay)"
        " SELECT i, 1, i, i, 'sent', ?, '[]', stories(i), '{}', 't', 1, ?, 'relay' FROM n",
        [AT, AT],
    )  # fmt: skip
    run(
        numbers + "INSERT INTO events (at, kind, subscriber_id, delivery_id, story_id, verified,"
        " data) SELECT ?, CASE i % 50 WHEN 0 THEN 'more' ELSE 'click' END, i, i,"
        " story(i, i % 3), 1, '{}'"
        " FROM n WHERE i % 10 = 0", [AT],
    )  # fmt: skip


def environment(home: Path) -> dict[str, str]:
    return {"NEWSLETTER_HOME": str(home), "PATH": os.environ["PATH"]}


def main(readers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, readers)
        store = sqlite3.connect(home / "newsletter.db")
        start = time.perf_counter()
        store.execute(
            "SELECT count(*) FROM deliveries WHERE edition_id = 1 AND reader <> ''"
        ).fetchone()
        counted = time.perf_counter() - start
        start = time.perf_counter()
        command = [sys.executable, "-m", "mailer", "editions", "report", "--period", "2026-W48"]
        done = subprocess.run(
            [*command, "--json"],
            env=environment(home), cwd=home, check=True, capture_output=True, text=True,
        )  # fmt: skip
        took = time.perf_counter() - start
        funnel = json.loads(done.stdout.splitlines()[-1])["funnel"]
        assert (funnel["sent"], funnel["clicked"]) == (readers, readers // 10 - readers // 50), (
            funnel
        )
        print(
            f"{readers:,} copies: report {took:.2f} s, bare count {counted:.2f} s, "
            f"ratio {took / counted:.1f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) == 2 else 1_000_000)
