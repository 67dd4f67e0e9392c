"""The whole way of an edition, plan to relay: messages per second, and memory, for N readers.

    python benchmarks/delivery.py [READERS]

Readers (default 5,000) are planned and sent to Postfix's smtp-sink on loopback, beside smtp-source
sending as many messages of the same size over as many connections in the same run (Debian package
postfix), and beside the obvious pipeline: for each reader MJML filled by Jinja2 and compiled,
EmailMessage, smtplib.send_message. Without Postfix, the outbox is measured alone.
"""

import json
import os
import random
import resource
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import jinja2
import mjml
import sqlalchemy as sa

from mailer import kept, rendering
from mailer.copies import press as make_press
from recommender import database, resources, store
from recommender import settings as settings_module
from recommender.articles import intake as article_intake
from recommender.articles import sources
from recommender.models import Delivery, Edition
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


def obvious(home: Path, copies: int) -> float:
    """Messages per second of the obvious pipeline, for the same issues."""
    folder = resources.folder("templates") / "email"
    environment = jinja2.Environment(autoescape=True)
    template = environment.from_string(rendering.assembled(folder / "weekly.mjml"))
    settings = settings_module.load(None, {"NEWSLETTER_HOME": str(home)})
    engine = database.connect(settings.store_url)
    with database.reading(engine) as session:
        press = make_press(session, settings, session.scalars(sa.select(Edition)).one())
        kept_copies = session.scalars(sa.select(Delivery).limit(copies)).all()
    issues = [
        press.compose(
            copy.id, [kept.pick_of(pick) for pick in copy.picks], kept.reader_of(copy.reader)
        )
        for copy in kept_copies
    ]
    started = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", PORT) as server:
        for number, issue in enumerate(issues):
            message = EmailMessage()
            message["From"], message["To"] = "news@example.org", f"reader{number}@example.com"
            message["Subject"] = issue.subject
            message["List-Unsubscribe"] = f"<{issue.unsubscribe_url}>"
            message.set_content(press.renderer.text(issue))
            markup = mjml.mjml2html(template.render(issue=issue), disable_comments=True, fonts={})
            message.add_alternative(markup, subtype="html")
            server.send_message(message)
    engine.dispose()
    return len(issues) / (time.perf_counter() - started)


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
            plain = obvious(home, min(readers, 500))
        finally:
            server.terminate()
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"newsletter editions send: {ours:,.0f} messages/s ({summary['sent']} sent)")
        print(f"smtp-source, same size:   {reference:,.0f} messages/s")
        print(f"the obvious pipeline:     {plain:,.0f} messages/s")
        print(
            f"{ours / reference:.2f} of smtp-source, {ours / plain:.1f} times the obvious pipeline"
        )
        print(f"peak memory {memory:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) == 2 else 5_000)
