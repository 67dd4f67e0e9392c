"""``newsletter store``: the store as a whole: copied to another database, checked, backed up,
pruned."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError

from mailer.cli.common import Invocation, Json, counted, emit, invocation, progress, say, table
from mailer.edition import restoring, retention, templates
from mailer.edition.retention_limits import RetentionLimits
from mailer.monitoring import job_runs, troubles
from recommender.errors import StoreError
from recommender.settings import file_url
from recommender.storage import damage, database, maintenance, transfer
from recommender.storage.migrations import check_version

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
    with _both(run, to) as (source, target), damage.explained(source):
        check_version(source)
        damage.refuse_damaged(source)
        total = sum(transfer.rows(source).values())
        with progress("copying and verifying rows", total) as advance:
            done = transfer.copy(source, target, advance)
        places = database.place(source), database.place(target)
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
        found = _problems(source)
        held = {} if found else transfer.rows(source)
        with progress("comparing rows", sum(held.values())) as advance:
            if against is not None and not found:
                check_version(target)
                found = list(transfer.differences(source, target, advance))
    if as_json:
        emit({"tables": held, "rows": sum(held.values()), "problems": found})
    else:
        table(["table", "#rows"], [[*item] for item in held.items() if item[1]], empty="no rows")
        for problem in found[:SHOWN]:
            say(problem)
    if found and not held:
        raise StoreError(
            f"the store {database.place(source)} is damaged: {database.HOW_TO_RECOVER}"
        )
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise StoreError(f"{found[0]}{more}")
    if not as_json:
        say("the same in every row" if against else "sound")


def _problems(source: Engine) -> list[str]:
    """What is damaged; StoreError for what is no store at all."""
    if not database.missing(source):
        try:
            if found := maintenance.problems(source):
                return found
        except DatabaseError as error:
            if not database.damaged(error):
                raise damage.refusal(source, error) from error
            file = Path(str(source.url.database))
            return [*maintenance.cut_or_overwritten(file), f"it cannot be opened: {error.orig}"]
    check_version(source)
    return []


@app.command()
def prune(context: typer.Context, as_json: Json = False) -> None:
    """Make small or remove what is older than the settings keep; the service does it every night.

    Example: newsletter store prune
    """
    run = invocation(context)
    with run.store() as engine, progress("pruning rows") as advance:
        with database.reading(engine) as session:
            terms = RetentionLimits.of_store(session, run.base, run.now)
        done = retention.prune(engine, terms, rest=time.sleep, advance=advance)
    if as_json:
        emit(asdict(done))
        return
    say(f"{done.slimmed} copies of before {terms.copies:%Y-%m-%d} made small")
    say(f"{done.editions} editions of before {terms.history:%Y-%m-%d} removed")
    say(f"  with {counted(done.deliveries, 'copy', 'copies')}, and {done.events} answers")
    say(f"{done.clicks} clicks of before {terms.clicks:%Y-%m-%d} that never counted removed")
    removed = f"{counted(done.pending, 'reader')} removed"
    say(f"{removed} who did not confirm since {terms.pending:%Y-%m-%d}")
    say(f"{done.webhooks} webhook events of before {terms.webhooks:%Y-%m-%d} removed")


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write the copy.")],
    as_json: Json = False,
) -> None:
    """Write the SQLite store to a file while it is in use, and check the copy.

    Example: newsletter store backup /srv/backup/newsletter.db
    """
    run = invocation(context)
    with run.store() as engine, progress("copying pages") as advance:
        pages = maintenance.backup(engine, file, advance)
        copy = database.connect(file_url(file))
        try:
            found = maintenance.problems(copy)
            for store in () if found else (engine, copy):  # that both still hold the same
                with database.writing(store) as session:
                    job_runs.note_success(session, troubles.BACKUP, run.now)
        finally:
            copy.dispose()
    if found:
        raise StoreError(f"{file} is damaged: {found[0]}")
    if as_json:
        emit({"file": str(file), "pages": pages, "bytes": file.stat().st_size})
    else:
        say(f"{file}: {file.stat().st_size:,} bytes, sound")
        say("the key that signs links is not in it: keep home/secret_key, or secret_key, as well")


@app.command()
def restored(
    context: typer.Context,
    lost_at: Annotated[
        datetime | None,
        typer.Option(help="When the store was lost, UTC (2026-11-26T10:30:00); default: now."),
    ] = None,
    period: Annotated[
        list[str] | None,
        typer.Option(help="Week of an edition that was begun by hand before its hour."),
    ] = None,
    sure: Annotated[
        bool, typer.Option("--yes", help="Yes, the store comes from a backup.")
    ] = False,
    as_json: Json = False,
) -> None:
    """After restoring a backup: doubt what may have been sent since, so that nothing is sent twice.

    Copies that wait in the backup are put in doubt; an edition whose hour has come since is not
    planned again; keys that stand in readers' links are not given out again.

    Example: newsletter store restored --lost-at 2026-11-26T10:30:00 --yes
    """
    run = invocation(context)
    if not sure:
        raise StoreError("copies that wait to be sent will be given up; say --yes to do it")
    moment = run.now if lost_at is None else lost_at.replace(tzinfo=UTC)
    template = templates.installed(run.settings)
    with run.store(make=True) as engine:
        done = restoring.restored(
            *(engine, run.base, template),
            lost_at=moment,
            now=run.now,
            newsletter=run.settings.newsletter,
            periods=period or (),
        )
    if as_json:
        emit(asdict(done))
        return
    for name, number in done.in_doubt.items():
        say(f"{name}: {counted(number, 'copy', 'copies')} in doubt, not sent")
    for name in done.cancelled:
        say(f"{name}: may have been sent, is not planned again")
    say("now import bounces and suppressions that came since; docs/operations.md says what else")
