"""``newsletter store``: the store as a whole: copied to another database, and checked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy.engine import Engine

from mailer.cli.common import Invocation, Json, emit, invocation, progress, say, table
from recommender import database, transfer
from recommender.errors import StoreError
from recommender.store import check_version, place

app = typer.Typer(no_args_is_help=True)
Url = Annotated[
    str, typer.Option("--to", help="postgresql+psycopg://user@host/name or sqlite:///file")
]
SHOWN = 20
"""Differences that are printed; what they have in common shows by then."""


@contextmanager
def _both(run: Invocation, url: str) -> Iterator[tuple[Engine, Engine]]:
    """The configured store and the one at ``url``, as they are: neither is made or taken up."""
    source, target = database.connect(run.settings.store_url), database.connect(url)
    try:
        yield source, target
    finally:
        source.dispose()
        target.dispose()


@app.command()
def copy(context: typer.Context, to: Url, as_json: Json = False) -> None:
    """Copy the store to another database and compare every row; killed, it goes on when run again.

    Stop everything that works on the store first. Afterwards set database_url to the copy.

    Example: newsletter store copy --to postgresql+psycopg://newsletter@db.example.org/newsletter
    """
    run = invocation(context)
    started = time.monotonic()
    with _both(run, to) as (source, target):
        check_version(source)
        total = sum(transfer.rows(source).values())
        with progress("copying and verifying rows", total) as advance:
            done = transfer.copy(source, target, advance)
        places = place(source), place(target)
    seconds = round(time.monotonic() - started, 3)
    if as_json:
        emit(
            {
                "from": places[0],
                "to": places[1],
                "rows": sum(one.rows for one in done.values()),
                "tables": {name: asdict(one) for name, one in done.items()},
                "seconds": seconds,
            }
        )
        return
    table(
        ["table", "#rows", "#added", "#changed", "#removed"],
        [[name, *asdict(one).values()] for name, one in done.items() if any(asdict(one).values())],
        empty="the store is empty",
    )
    say(f"every row of {places[0]} is in {places[1]} ({seconds} s)")
    say("next: set database_url to it, and keep the secret_key that signs the links")


@app.command()
def check(
    context: typer.Context,
    against: Annotated[
        str | None, typer.Option(help="URL of a copy: compare every row with it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that the store is sound, or with --against that a copy holds the same.

    Example: newsletter store check --against sqlite:////srv/backup/newsletter.db
    """
    run = invocation(context)
    with _both(run, against or run.settings.store_url) as (source, target):
        check_version(source)
        held = transfer.rows(source)
        with progress("comparing rows", sum(held.values())) as advance:
            if against is None:
                found = database.problems(source)
            else:
                check_version(target)
                found = list(transfer.differences(source, target, advance))
    if as_json:
        emit({"tables": held, "rows": sum(held.values()), "problems": found})
    else:
        table(["table", "#rows"], [[*item] for item in held.items() if item[1]], empty="no rows")
        for problem in found[:SHOWN]:
            say(problem)
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise StoreError(f"{found[0]}{more}")
    if not as_json:
        say("the same in every row" if against else "sound")
