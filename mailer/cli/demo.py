"""``newsletter demo``: the whole job on the sample content, from briefs to messages."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import Engine

from mailer.cli.common import invocation, progress, say
from mailer.delivery import campaign
from mailer.delivery.summary import Summary
from mailer.edition import schedule
from mailer.preview import gallery, reader_issues
from recommender import resources, store_opening
from recommender.articles import import_files
from recommender.articles import intake as article_intake
from recommender.errors import NewsletterError
from recommender.safety import private_files
from recommender.settings import Settings, file_url
from recommender.storage import database, migrations
from recommender.subscribers import files, intake


def demo(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Folder to work in; default: the configured one (var).")
    ] = None,
) -> None:
    """Import the sample briefs and readers, choose, compose and "send" this week's issue.

    Everything stays in one folder: a store of its own (demo.db), a message per reader in outbox/,
    and index.html with all issues side by side. No mail leaves this machine.

    Example: newsletter demo --home my-demo
    """
    run = invocation(context)
    folder = home or run.settings.home
    settings = run.settings.replace(
        home=folder, database_url=file_url(folder / "demo.db"), smtp_url=None
    )
    engine = database.connect(settings.store_url)
    try:
        migrations.migrate(engine)
        store_opening.prepare(engine, newsletter=settings.newsletter, now=run.now)
        _import_sample(engine, run.now)
        period = schedule.period_of(run.now.astimezone(settings.zone).date(), settings.schedule)
        edition, summary = _send(engine, settings, period, run.now)
        with database.reading(engine) as session:
            issues = reader_issues.issues(session, settings, edition)
    finally:
        engine.dispose()
    index = folder / "index.html"
    private_files.write(index, gallery.page(settings, period, issues))
    if summary.trouble:
        raise NewsletterError(summary.trouble)
    if not summary.due:
        say(f"{summary.edition} was sent before; nothing is sent twice")
    say()
    for issue in issues:
        say(f"{issue.reader:<28} {issue.subject}")
        say(f"{'':<28} {settings.outbox / summary.edition / issue.file}")
    say()
    say(f"{len(issues)} messages in {settings.outbox / summary.edition}")
    say(f"open {index} to see them side by side")


def _import_sample(engine: Engine, now: datetime) -> None:
    sample = resources.folder("sample")
    articles = article_intake.import_articles(
        lambda: database.writing(engine),
        import_files.drafts([sample / "briefs"], now),
        now=now,
    )
    readers = intake.import_rows(
        lambda: database.writing(engine),
        files.read(sample / "subscribers.jsonl"),
        file="subscribers.jsonl",
        now=now,
    )
    problems = [*articles.rejected, *readers.rejected]
    if problems:
        raise NewsletterError(f"the sample content is damaged: {problems[0]}")
    say(f"{articles.read} briefs, {readers.read} readers")


def _send(engine: Engine, settings: Settings, period: str, now: datetime) -> tuple[int, Summary]:
    """Plan this week's edition and send it to the outbox; its id, and what was sent."""
    with progress("choosing and sending") as advance:
        edition = campaign.plan(engine, settings, period=period, now=now, progress=advance)
        summary = campaign.send(
            engine,
            settings,
            edition_id=edition,
            clock=lambda: datetime.now(UTC),  # noqa: TID251  (an edge: time is made here)
            stop=threading.Event(),
            at_local_time=False,
        )
    return edition, summary
