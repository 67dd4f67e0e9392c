"""The whole way of an edition, plan to relay: messages per second, and memory, for N readers.

    python benchmarks/delivery.py [READERS]

Readers (default 5,000) are planned and sent to Postfix's smtp-sink on loopback, beside smtp-source
sending as many messages of the same size over as many connections in the same run (Debian package
postfix). Without them, the outbox is measured alone.
"""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from recommender import database, resources, store
from recommender.articles import intake as article_intake
from recommender.articles import sources
from recommender.subscribers import fields, intake

PORT = 2526
CONNECTIONS = 4
TOPICS = (
    *("TPU Development", "Neural Software", "AI Strategy", "Data Engineering", "Observability"),
    *("Robotics Automation", "Compute Infrastructure", "Pricing Strategy", "LLM Training"),
)
ROLES = ("CTO", "Hardware Engineer", "Data Engineer", "Entrepreneur", "Investor")


def fill(home: Path, readers: int) -> None:
    now = datetime.now(UTC)
    engine = store.open_store(f"sqlite:///{home}/newsletter.db", newsletter="weekly", now=now)
    briefs = sources.drafts([resources.folder("sample") / "briefs"], now)
    article_intake.import_articles(lambda: database.writing(engine), briefs, now=now)
    chance = random.Random(3)
    rows = (
        fields.draft(
            number,
            {
                "email": f"reader{number}@example.com",
                "roles": [chance.choice(ROLES)],
                "topics": {topic: chance.randint(1, 3) for topic in chance.sample(TOPICS, 3)},
            },
        )
        for number in range(readers)
    )
    intake.import_rows(lambda: database.writing(engine), rows, file="readers", now=now)
    engine.dispose()


def newsletter(home: Path, *arguments: str, relay: str | None = None) -> dict[str, object]:
    environment = {"NEWSLETTER_HOME": str(home), "PATH": os.environ["PATH"]}
    if relay:
        environment |= {"NEWSLETTER_SMTP_URL": relay, "NEWSLETTER_CONNECTIONS": str(CONNECTIONS)}
    done = subprocess.run(
        [sys.executable, "-m", "mailer", *arguments, "--json"],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main(readers: int) -> None:
    sink, source = shutil.which("smtp-sink"), shutil.which("smtp-source")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, readers)
        started = time.perf_counter()
        newsletter(home, "editions", "plan")
        print(f"plan: {readers / (time.perf_counter() - started):,.0f} readers/s")
        if not sink or not source:
            summary = newsletter(home, "editions", "send")
            print(f"outbox: {readers / float(str(summary['seconds'])):,.0f} messages/s")
            return
        server = subprocess.Popen([sink, "-u", "nobody", f"127.0.0.1:{PORT}", "1000"])
        time.sleep(0.5)
        try:
            summary = newsletter(home, "editions", "send", relay=f"smtp://127.0.0.1:{PORT}")
            ours = readers / float(str(summary["seconds"]))
            started = time.perf_counter()
            subprocess.run(
                [
                    *(source, "-s", str(CONNECTIONS), "-d", "-m", str(readers), "-l", "41000"),
                    *("-f", "a@example.com", "-t", "b@example.com", f"127.0.0.1:{PORT}"),
                ],
                check=True,
            )
            reference = readers / (time.perf_counter() - started)
        finally:
            server.terminate()
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"newsletter editions send: {ours:,.0f} messages/s ({summary['sent']} sent)")
        print(f"smtp-source, same size:   {reference:,.0f} messages/s")
        print(f"ratio {ours / reference:.2f}; peak memory {memory:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) == 2 else 5_000)
