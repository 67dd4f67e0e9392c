"""``newsletter feeds``: watched RSS, Atom and JSON feeds."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.cli import imports
from mailer.cli.common import Json, emit, invocation, progress, say, table, warn
from mailer.service import feed_polling, newsletter_polling
from recommender.articles import feed_fetching, feed_health, feed_schedule, intake, opml
from recommender.articles.feed_fetching import FetchResult
from recommender.articles.values import ParsedArticle
from recommender.errors import ConflictError, NewsletterError, Rejected
from recommender.models import Feed
from recommender.safety import private_files
from recommender.storage import database

TITLES = 3
"""Titles that are shown of a feed that is added."""
app = typer.Typer(no_args_is_help=True)
Url = Annotated[str, typer.Argument(help="Address of the feed.")]


@app.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Address of the feed, or of a page that names it.")],
) -> None:
    """Watch a feed, or the feed that a page names; show its first three titles, or what is wrong.

    An address that cannot be read now is watched all the same, with a warning.

    Example: newsletter feeds add https://example.com/
    """
    run = invocation(context)
    feed_fetching.check(url)
    with run.store() as engine:
        looked = feed_fetching.discover(url, now=run.now, private=run.settings.feeds_private)
        with database.writing(engine) as session:
            feed_fetching.add(session, looked.url, now=run.now)
    if looked.url != url:
        say(f"{url}: is a page, which names the feed {looked.url}")
    _show(looked.fetched)
    say(f"{looked.url}: watched; the service asks it every hour, `newsletter feeds fetch` at once")
    if looked.named[1:]:
        say(f"the page names others, too: {', '.join(looked.named[1:])}")


def _show(fetched: FetchResult) -> None:
    if fetched.problem is not None:
        warn(f"warning: {fetched.url}: {fetched.problem}")
        return
    titles = [entry.draft.title for entry in fetched.entries if isinstance(entry, ParsedArticle)]
    for title in titles[:TITLES]:
        say(f"  {title}")
    if not titles:
        warn(f"warning: {fetched.url}: it has no entries that can be read")


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the watched feeds and how they do.

    Last success, items a week, which share of them was picked for any reader in twelve weeks, and
    what is or was wrong.

    Example: newsletter feeds list
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        shares = feed_health.picked(session, run.now)
        rows = [
            _row(feed) | {"picked": shares.get(feed.id)} for feed in feed_fetching.listing(session)
        ]
    if as_json:
        emit({"feeds": rows})
        return
    table(
        ["feed", "title", "state", "succeeded", "a week", "picked", "problem"],
        [
            [
                row["url"],
                row["title"],
                row["state"],
                str(row["succeeded_at"] or "never")[:16],
                "–" if row["weekly_items"] is None else row["weekly_items"],
                "–" if row["picked"] is None else f"{row['picked']:.0%}",
                row["problem"] or (f"was: {row['last_error']}" if row["last_error"] else None),
            ]
            for row in rows
        ],
        empty="no feeds yet; `newsletter feeds add URL` watches one",
    )


def _row(feed: Feed) -> dict[str, object]:
    state = "paused" if feed.paused_at else "failing" if feed.problem else "well"
    names = (
        *("url", "title", "fetched_at", "succeeded_at", "due_at", "paused_at", "weekly_items"),
        *("problem", "failures", "last_error", "last_error_at"),
    )
    return {
        "state": state if feed.fetched_at or feed.paused_at else "new",
        **{name: getattr(feed, name) for name in names},
    }


@app.command()
def pause(context: typer.Context, url: Url) -> None:
    """Ask a feed no more, until it is resumed.

    Example: newsletter feeds pause https://example.com/feed.xml
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        feed_schedule.pause(session, url, now=run.now)
    say(f"{url}: paused")


@app.command()
def resume(context: typer.Context, url: Url) -> None:
    """Ask a feed again that was paused, or that failed and has to wait.

    Example: newsletter feeds resume https://example.com/feed.xml
    """
    with invocation(context).store() as engine, database.writing(engine) as session:
        feed_schedule.resume(session, url)
    say(f"{url}: due at once")


@app.command()
def remove(context: typer.Context, url: Url) -> None:
    """Watch a feed no more. What it brought in stays.

    Example: newsletter feeds remove https://example.com/feed.xml
    """
    with invocation(context).store() as engine, database.writing(engine) as session:
        feed_schedule.remove(session, url)
    say(f"{url}: no longer watched")


@app.command()
def fetch(context: typer.Context, as_json: Json = False) -> None:
    """Fetch every watched feed that is not paused, and read newsletter_mailbox; import what is new.

    What a feed served and nobody could read is set aside in quarantine/, in home.

    Example: newsletter feeds fetch
    """
    run = invocation(context)
    total, aside = intake.Report(), 0
    problems: list[Rejected] = []
    with run.store() as engine:
        with database.reading(engine) as session:
            watched = [f for f in feed_fetching.listing(session) if f.paused_at is None]
        with progress("fetching feeds", len(watched)) as advance:
            polled = feed_polling.poll(engine, run.settings, watched, lambda: run.now)
            for done, one in enumerate(polled, 1):
                total.add(one.report)
                aside += one.kept is not None
                if one.problem is not None:
                    problems.append(Rejected(one.url, None, one.problem))
                advance(done)
        for mailbox in newsletter_polling.poll(engine, run.settings, lambda: run.now):
            total.add(mailbox.report)
            if mailbox.problem is not None:
                problems.append(Rejected(mailbox.name, None, mailbox.problem))
    imports.answer(total, as_json=as_json, problems=problems, feeds=len(watched), set_aside=aside)


@app.command("import")
def import_(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="OPML file of another feed reader.")],
    as_json: Json = False,
) -> None:
    """Watch every feed that an OPML file names. None is asked yet.

    Example: newsletter feeds import subscriptions.opml
    """
    run = invocation(context)
    added, known, problems = 0, 0, list[Rejected]()
    with run.store() as engine:
        for url in opml.read(path):
            try:
                with database.writing(engine) as session:
                    feed_fetching.add(session, url, now=run.now)
                added += 1
            except ConflictError:
                known += 1
            except NewsletterError as error:
                problems.append(Rejected(url, None, str(error)))
    report = intake.Report(read=added + known + len(problems), added=added, unchanged=known)
    imports.answer(report, as_json=as_json, problems=problems)


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write; - is the standard output.")],
) -> None:
    """Write the watched feeds as OPML, for another feed reader.

    Example: newsletter feeds export feeds.opml
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        feeds = [(feed.url, feed.title) for feed in feed_fetching.listing(session)]
    document = opml.document(feeds, run.now)
    if str(file) == "-":
        typer.echo(document, nl=False)
    else:
        private_files.write(file, document)
        say(f"{len(feeds)} feeds written to {file}")
