"""``newsletter newsletters``: several publications in one store."""

from typing import Annotated, Any

import typer
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.cli.common import Invocation, Json, Yes, confirm, emit, invocation, say, table
from recommender import newsletters
from recommender.models import Newsletter, Segment
from recommender.settings import Settings
from recommender.storage import database

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The newsletter's name: a-z, 0-9 and hyphens.")]
Values = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE...",
        help="What it has of its own, as newsletter.toml has it: title, from, schedule, picks…",
    ),
]
ForSegment = Annotated[
    str | None, typer.Option("--segment", help="Its audience; default: everybody.")
]


@app.command()
def add(
    context: typer.Context,
    name: Name,
    values: Values = None,
    segment: ForSegment = None,
    as_json: Json = False,
) -> None:
    """Add a newsletter. What is not given is as newsletter.toml has it. Readers who may be mailed
    and belong to its segment get it, until they leave it.

    Example: newsletter newsletters add daily title="The Daily Brief" schedule="weekdays 07:30"
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        row = newsletters.add(session, run.base, name, _given(values), segment=segment, now=run.now)
        _answer(run, session, row, as_json=as_json)


@app.command("set")
def set_(
    context: typer.Context,
    name: Name,
    values: Values = None,
    *,
    segment: ForSegment = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="Its audience: all.")] = False,
    clear: Annotated[
        list[str] | None, typer.Option(help="A key that is as newsletter.toml has it again.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change a newsletter that was added. What is planned already stays as it was frozen.

    Example: newsletter newsletters set daily picks=4 --clear title
    """
    if segment is not None and everybody:
        raise typer.BadParameter("give --segment or --everybody, not both", param_hint="--segment")
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        row = newsletters.get(session, name)
        newsletters.change(
            session, run.base, row, _given(values),
            segment=segment, everybody=everybody, cleared=tuple(clear or ()),
        )  # fmt: skip
        _answer(run, session, row, as_json=as_json)


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the newsletters of the store.

    Example: newsletter newsletters list
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        rows = [
            _document(session, run.base, row) for row in newsletters.listing(session, retired=True)
        ]
    if as_json:
        emit({"newsletters": rows})
        return
    table(
        ["newsletter", "title", "schedule", "#picks", "audience", "retired"],
        [
            [
                row["name"], row["title"], row["schedule"], row["picks"],
                row["segment"] or "everybody",
                row["retired_at"] and f"{row['retired_at']:%Y-%m-%d}",
            ]
            for row in rows
        ],
        empty="no newsletters; `newsletter init` makes the first",
    )  # fmt: skip


@app.command()
def show(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Show a newsletter, and what it has of its own.

    Example: newsletter newsletters show daily
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        _answer(run, session, newsletters.get(session, name), as_json=as_json)


@app.command()
def retire(context: typer.Context, name: Name, yes: Yes = False, as_json: Json = False) -> None:
    """Publish no further edition of a newsletter. Its archive and its readers' answers stay. A
    terminal is asked first.

    Example: newsletter newsletters retire daily
    """
    run = invocation(context)
    with run.store() as engine:
        with database.reading(engine) as session:
            newsletters.get(session, name)
        confirm(f"Publish no further edition of {name}, for good?", yes=yes)
        _retire(run, engine, name, as_json=as_json)


def _retire(run: Invocation, engine: Engine, name: str, *, as_json: bool) -> None:
    with database.writing(engine) as session:
        row = newsletters.get(session, name)
        newsletters.retire(session, run.base, row, now=run.now)
        _answer(run, session, row, as_json=as_json)


def _given(values: list[str] | None) -> dict[str, object]:
    """``KEY=VALUE`` pairs; BadParameter for anything else."""
    given: dict[str, object] = {}
    for pair in values or ():
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise typer.BadParameter(f"{pair!r} is not KEY=VALUE", param_hint="KEY=VALUE")
        given[key.strip().lower().replace("-", "_")] = value
    return given


def _document(session: Session, base: Settings, row: Newsletter) -> dict[str, Any]:
    theirs = newsletters.of(base, row)
    segment = None if row.segment_id is None else session.get_one(Segment, row.segment_id).name
    return {
        "name": row.name,
        "title": theirs.title,
        "from": theirs.sender,
        "schedule": theirs.schedule,
        "picks": theirs.picks,
        "segment": segment,
        "own": dict(sorted(row.settings.items())),
        "created_at": row.created_at,
        "retired_at": row.retired_at,
    }


def _answer(run: Invocation, session: Session, row: Newsletter, *, as_json: bool) -> None:
    document = _document(session, run.base, row)
    if as_json:
        emit(document)
        return
    say(f"{document['name']}: {document['title']}, {document['schedule']}")
    say(f"  from      {document['from']}")
    say(f"  picks     {document['picks']}")
    say(f"  audience  {document['segment'] or 'everybody'}")
    for key, value in document["own"].items():
        say(f"  its own   {key} = {value}")
    if document["retired_at"]:
        say(f"  retired   {document['retired_at']:%Y-%m-%d %H:%M} UTC")
