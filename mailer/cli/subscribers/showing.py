"""``subscribers show``, ``list`` and ``export``: readers as they are in the store."""

from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from mailer.cli.common import Json, counted, emit, invocation, say, table
from mailer.cli.subscribers.options import Email
from recommender.datasets import store_export
from recommender.errors import NewsletterError
from recommender.models import Status
from recommender.safety import private_files
from recommender.storage import database
from recommender.subscribers import files, records
from recommender.subscribers.fields import FIELDS


def show(context: typer.Context, email: Email, as_json: Json = False) -> None:
    """Show all that is held of a reader.

    Example: newsletter subscribers show reader@example.com --json
    """
    with invocation(context).store() as engine, database.reading(engine) as session:
        held = records.everything(session, records.find(session, email))
    if as_json:
        emit(held)
        return
    say(f"{'email':<11} {held['email']}")
    for field in FIELDS:
        value = held[field.name]
        if field.kind.from_parts is not None:
            say(f"{field.name:<11} {field.kind.shown(value) or '(none stated)'}")
        elif value not in (None, "", {}):
            say(f"{field.name:<11} {field.kind.shown(value)}")
    for key in ("suppressed", "created_at"):
        if held[key] is not None:
            say(f"{key:<11} {held[key]}")
    for event in held["consent"]:
        step = f"{event['before'] or '-'} → {event['after']} ({event['source']})"
        say(f"{'consent':<11} {event['at'][:16]} {step}")
    for one in held["corrections"]:
        what = ", ".join(sorted(one["changes"]))
        say(f"{'corrected':<11} {one['at'][:16]} {one['kind']} by {one['by']}: {what}")
    for copy in held["deliveries"]:
        say(f"{'issue':<11} {copy['edition']} {copy['state']} {(copy['at'] or '')[:16]}")


def list_(
    context: typer.Context,
    status: Annotated[Status | None, typer.Option(help="Only readers of this status.")] = None,
    search: Annotated[str | None, typer.Option(help="Part of the address.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """List readers in the order they came.

    Example: newsletter subscribers list --status active --search example.com
    """
    rows: list[dict[str, Any]] = []
    with invocation(context).store() as engine, database.reading(engine) as session:
        for reader in records.listing(session, status=status, search=search):
            rows.append(records.document(reader))
            if len(rows) == limit:
                break
    if as_json:
        emit({"subscribers": rows})
        return
    table(
        ["email", "name", "status", "roles", "topics"],
        [
            [r["email"], r["name"], r["status"], ", ".join(r["roles"]), ", ".join(r["topics"])]
            for r in rows
        ],
        empty="no readers; `newsletter subscribers import FILE` brings some in",
    )


def export(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A .csv or .jsonl file; default: JSONL to the screen.")
    ] = None,
    email: Annotated[
        str | None, typer.Option(help="All that is held of this one reader, as JSON.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="What each reader was sent and answered, too (JSONL).")
    ] = False,
) -> None:
    """Export readers in the form that `import` takes; with --history, that `rank` takes.

    Example: newsletter subscribers export readers.csv
    """
    with invocation(context).store() as engine, database.reading(engine) as session:
        if email is not None:
            emit(records.everything(session, records.find(session, email)))
            return
        if file is not None and file.suffix.lower() not in {".csv", ".jsonl"}:
            raise NewsletterError(f"{file}: expected a name ending in .csv or .jsonl")
        if history and file is not None and file.suffix.lower() != ".jsonl":
            raise NewsletterError(f"{file}: a history is exported to .jsonl only")
        readers = (
            store_export.readers(session, sa.true())
            if history
            else (records.document(reader) for reader in records.listing(session))
        )
        if file is None:
            for reader in readers:
                emit(reader)
            return
        with private_files.located(file), private_files.open_file(file, "w") as target:
            number = files.write(target, readers, file.suffix.lower())
    say(f"{counted(number, 'reader')} written to {file}")
