"""``newsletter feeds``: watched RSS, Atom and JSON feeds."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.cli import imports
from mailer.cli.common import Invocation, Json, emit, invocation, progress, say, table, warn
from recommender.articles import feed_fetching, intake
from recommender.errors import Rejected
from recommender.safety import quarantine
from recommender.storage import database

app = typer.Typer(no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Address of the feed, or of a page that names it.")],
) -> None:
    """Watch a feed; of a page's address, the feed that the page names.

    An address that cannot be read now is watched all the same, with a warning.

    Example: newsletter feeds add https://example.com/
    """
    run = invocation(context)
    feed_fetching.check(url)
    with run.store() as engine:
        looked = feed_fetching.look(url, now=run.now, private=run.settings.feeds_private)
        with database.writing(engine) as session:
            feed_fetching.add(session, looked.url, now=run.now)
    if looked.url != url:
        say(f"{url}: is a page, which names the feed {looked.url}")
    say(f"{looked.url}: watched; `newsletter feeds fetch` brings in what it has")
    if looked.named[1:]:
        say(f"the page names others, too: {', '.join(looked.named[1:])}")
    if looked.problem is not None:
        warn(f"warning: {looked.url}: {looked.problem}")


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the watched feeds, and what was wrong when they were last fetched.

    Example: newsletter feeds list
    """
    with invocation(context).store() as engine, database.reading(engine) as session:
        rows = [
            {"url": f.url, "title": f.title, "fetched_at": f.fetched_at, "problem": f.problem}
            for f in feed_fetching.listing(session)
        ]
    if as_json:
        emit({"feeds": rows})
        return
    table(
        ["feed", "title", "fetched", "problem"],
        [[r["url"], r["title"], str(r["fetched_at"] or "never")[:16], r["problem"]] for r in rows],
        empty="no feeds yet; `newsletter feeds add URL` watches one",
    )


@app.command()
def fetch(context: typer.Context, as_json: Json = False) -> None:
    """Fetch every watched feed and import what is new.

    What a feed served and nobody could read is set aside in quarantine/, in home.

    Example: newsletter feeds fetch
    """
    run = invocation(context)
    private, aside = run.settings.feeds_private, 0
    total = intake.Report()
    problems: list[Rejected] = []
    with run.store() as engine:
        with database.reading(engine) as session:
            watched = feed_fetching.listing(session)
        with progress("fetching feeds", len(watched)) as advance:
            for done, fetched in enumerate(
                feed_fetching.fetch(watched, now=run.now, private=private), 1
            ):
                report = intake.import_articles(
                    lambda: database.writing(engine), fetched.entries, now=run.now
                )
                total.add(report)
                with database.writing(engine) as session:
                    feed_fetching.note(session, fetched, now=run.now)
                if fetched.problem is not None:
                    kept = _set_aside(run, fetched)
                    aside += kept is not None
                    why = fetched.problem if kept is None else f"{fetched.problem}; kept in {kept}"
                    problems.append(Rejected(fetched.url, None, why))
                advance(done)
    imports.answer(total, as_json=as_json, problems=problems, feeds=len(watched), set_aside=aside)


def _set_aside(run: Invocation, fetched: feed_fetching.Fetched) -> Path | None:
    if fetched.unread is None:
        return None
    return quarantine.set_aside(
        run.settings.quarantine,
        fetched.unread,
        kind="feed",
        source=fetched.url,
        why=fetched.problem or "",
        now=run.now,
    )
