"""``newsletter sponsors``: the one labelled place in the issues that is paid for."""

from typing import Annotated

import typer

from mailer.cli.common import By, Json, author, emit, invocation, say, table
from mailer.edition import planning, sponsors
from recommender import segments
from recommender.models import Sponsor
from recommender.storage import database

app = typer.Typer(no_args_is_help=True)
Key = Annotated[int, typer.Argument(metavar="ID", help="As `sponsors list` shows it.")]


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The sponsor's name, as readers see it.")],
    *,
    text: Annotated[str, typer.Option(help="What it says: plain text.")],
    link: Annotated[str, typer.Option(help="Where it leads.")],
    picture: Annotated[str | None, typer.Option(help="An https address of a picture.")] = None,
    alt: Annotated[str | None, typer.Option(help="The picture in words; default: NAME.")] = None,
    segment: Annotated[str | None, typer.Option(help="For readers of this segment only.")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="The first day; default: today.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="The last day; default: until removed.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Give a sponsor the labelled place below the lead, in the editions of these days. An issue has
    one: a sponsor for a segment of the reader goes before one for everybody, then the older one.

    Example: newsletter sponsors add "Acme" --text "Chips." --link https://acme.example --until 2026-12-31
    """  # noqa: E501  (an example is one line)
    run = invocation(context)
    today = run.now.astimezone(run.settings.zone).date()
    given = {"name": name, "text": text, "link": link, "picture": picture, "alt": alt}
    given |= {"segment": segment, "from": from_, "until": until}
    row = sponsors.drafted({key: value or "" for key, value in given.items()}, today, _option)
    row.made_by, row.made_at = author(run, by).name, run.now
    with run.store() as engine, database.writing(engine) as session:
        if segment is not None:
            segments.get(session, segment)
        row.newsletter_id = planning.newsletter_of(session, run.settings).id
        session.add(row)
        session.flush()
        document = _document(row)
    _answer(document, as_json=as_json)


def _option(field: str) -> str:
    return "NAME" if field == "name" else f"--{field}"


def _answer(document: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        emit(document)
        return
    until = f" until {document['until']}" if document["until"] else ""
    whom = f", for {document['segment']}" if document["segment"] else ""
    say(f"{document['id']}: {document['name']}, from {document['from']}{until}{whom}")


def _document(row: Sponsor) -> dict[str, object]:
    days = {"from": row.first_day, "until": row.last_day}
    return {"id": sponsors.number(row), "name": row.name, "segment": row.segment, **days}


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the sponsors, with how many copies with each were sent, and how many were clicked.

    Example: newsletter sponsors list --json
    """
    run = invocation(context)
    today = run.now.astimezone(run.settings.zone).date()
    with run.store() as engine, database.reading(engine) as session:
        newsletter = planning.newsletter_of(session, run.settings)
        rows = sponsors.listing(session, newsletter.id, today)
    if as_json:
        emit({"sponsors": rows})
        return
    keys = ("id", "name", "state", "from", "until", "segment", "readers", "clicked")
    table(
        ["id", "sponsor", "state", "from", "until", "segment", "#readers", "#clicked"],
        [[row[key] for key in keys] for row in rows],
        empty="no sponsors; `newsletter sponsors add` gives one the place",
    )


@app.command()
def edit(
    context: typer.Context,
    key: Key,
    *,
    name: Annotated[str | None, typer.Option(help="Its name, as readers see it.")] = None,
    text: Annotated[str | None, typer.Option(help="What it says: plain text.")] = None,
    link: Annotated[str | None, typer.Option(help="Where it leads.")] = None,
    picture: Annotated[str | None, typer.Option(help="An https address; '': none.")] = None,
    alt: Annotated[str | None, typer.Option(help="The picture in words.")] = None,
    segment: Annotated[
        str | None, typer.Option(help="For readers of this segment only; '': everybody.")
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day.")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Last day; '': until it is removed.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Change what a sponsor says, to whom, or when, in copies that are planned from now on. It
    keeps its number and its turn, and its copies and clicks go on being counted.

    Example: newsletter sponsors edit 3 --text "Chips that stay cool." --until 2026-12-31
    """
    run = invocation(context)
    today = run.now.astimezone(run.settings.zone).date()
    said = {"name": name, "text": text, "link": link, "picture": picture, "alt": alt}
    said |= {"segment": segment, "from": from_, "until": until}
    new = {field: value for field, value in said.items() if value is not None}
    if not new:
        raise typer.BadParameter("say what to change, such as --until", param_hint="sponsor")
    with run.store() as engine, database.writing(engine) as session:
        newsletter = planning.newsletter_of(session, run.settings)
        row = sponsors.find(session, newsletter.id, key)
        wanted = sponsors.drafted(sponsors.given(row) | new, today, _edit_option)
        if segment:
            segments.get(session, segment)
        row = sponsors.change(session, row, wanted, by=author(run, by).name, now=run.now)
        document = _document(row)
    _answer(document, as_json=as_json)


def _edit_option(field: str) -> str:
    return f"--{field}"


@app.command()
def remove(
    context: typer.Context,
    key: Key,
    by: By = None,
) -> None:
    """Show a sponsor in no copy that is planned from now on. Copies already planned keep it.

    Example: newsletter sponsors remove 3
    """
    run = invocation(context)
    editor = author(run, by)
    with run.store() as engine, database.writing(engine) as session:
        newsletter = planning.newsletter_of(session, run.settings)
        row = sponsors.remove(session, newsletter.id, key, by=editor.name, now=run.now)
        say(f"{key}: {row.name} removed")
