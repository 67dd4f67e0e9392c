"""``newsletter segments``: named sets of readers."""

from typing import Annotated

import typer

from mailer.cli.common import Json, counted, emit, invocation, say, table, warn
from recommender import segments
from recommender.storage import database

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The segment's name.")]
Emails = Annotated[list[str], typer.Argument(help="Addresses of readers.")]


@app.command()
def create(
    context: typer.Context,
    name: Name,
    rule: Annotated[
        str | None, typer.Argument(help="Who belongs to it; without a rule: a static list.")
    ] = None,
) -> None:
    """Create a segment by a rule, or a static list. The language: docs/segments.md.

    Example: newsletter segments create executives 'role in ("CTO", "Investor") and status = active'
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        segments.create(session, name, rule, now=run.now)
        found = segments.count(session, name, now=run.now)
        missing = segments.unknown_names(session, rule) if rule else []
    for one in missing:
        guess = f"; did you mean {one.nearest!r}?" if one.nearest else ""
        warn(f"there is no {one.kind} {one.name!r}{guess}")
    readers = counted(found.total, "reader")
    say(f"{name}: created, {readers}, {found.mailable} of them can be mailed")


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the segments.

    Example: newsletter segments list
    """
    with invocation(context).store() as engine, database.reading(engine) as session:
        rows = [{"name": s.name, "kind": s.kind, "rule": s.rule} for s in segments.listing(session)]
    if as_json:
        emit({"segments": rows})
        return
    table(
        ["segment", "kind", "rule"],
        [[row["name"], row["kind"], row["rule"]] for row in rows],
        empty="no segments yet; `newsletter segments create` makes one",
    )


@app.command()
def show(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Show a segment and how many readers it has now.

    Example: newsletter segments show executives
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        segment = segments.get(session, name)
        found = segments.count(session, name, now=run.now)
    if as_json:
        emit(
            {
                "name": segment.name,
                "kind": segment.kind,
                "rule": segment.rule,
                "created_at": segment.created_at,
                "total": found.total,
                "mailable": found.mailable,
            }
        )
        return
    say(f"{segment.name} ({segment.kind})")
    if segment.rule:
        say(f"  {segment.rule}")
    say(f"  {counted(found.total, 'reader')}, {found.mailable} of them can be mailed")


@app.command()
def members(
    context: typer.Context,
    name: Name,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    as_json: Json = False,
) -> None:
    """List the readers in a segment.

    Example: newsletter segments members executives --limit 20
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        found = segments.members(session, name, now=run.now)
        rows = [row for row, _ in zip(found, range(limit or 10**9), strict=False)]
    if as_json:
        emit({"members": [{"email": email, "status": status} for email, status in rows]})
        return
    table(["email", "status"], rows, empty="nobody")


@app.command()
def count(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Count the readers in a segment.

    Example: newsletter segments count executives
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        found = segments.count(session, name, now=run.now)
    if as_json:
        emit({"name": name, "count": found.total, "mailable": found.mailable})
        return
    say(str(found.total))


@app.command()
def delete(context: typer.Context, name: Name) -> None:
    """Delete a segment; its readers stay.

    Example: newsletter segments delete executives
    """
    with invocation(context).store() as engine, database.writing(engine) as session:
        segments.delete(session, name)
    say(f"{name}: deleted")


@app.command()
def add(context: typer.Context, name: Name, emails: Emails) -> None:
    """Put readers on a static list.

    Example: newsletter segments add pilots one@example.com two@example.com
    """
    with invocation(context).store() as engine, database.writing(engine) as session:
        added, unknown = segments.add_members(session, name, emails)
    _changed(name, f"{added} added", unknown)


@app.command()
def remove(context: typer.Context, name: Name, emails: Emails) -> None:
    """Take readers off a static list.

    Example: newsletter segments remove pilots one@example.com
    """
    with invocation(context).store() as engine, database.writing(engine) as session:
        removed, unknown = segments.remove_members(session, name, emails)
    _changed(name, f"{removed} removed", unknown)


def _changed(name: str, what: str, unknown: list[str]) -> None:
    say(f"{name}: {what}")
    for email in unknown:
        warn(f"error: no subscriber {email!r}")
    if unknown:
        raise typer.Exit(1)
