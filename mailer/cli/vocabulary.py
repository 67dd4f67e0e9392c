"""What ``newsletter topics`` and ``newsletter roles`` do: the controlled vocabulary."""

import typer

from mailer.cli.common import emit, invocation, say, table
from recommender import vocabulary
from recommender.storage import database
from recommender.vocabulary import Kind


def show(context: typer.Context, kind: Kind, search: str | None, *, as_json: bool) -> None:
    """List the terms of a kind whose name or alias contains ``search``."""
    with invocation(context).store() as engine, database.reading(engine) as session:
        loaded = vocabulary.load(session)
        offered = vocabulary.offered(session, kind)
    terms = loaded.topics if kind == "topic" else loaded.roles
    part = (search or "").casefold()
    shown = [t for t in terms if any(part in n.casefold() for n in (t.name, *t.aliases))]
    if as_json:
        documents = [
            {
                "name": term.name,
                "aliases": list(term.aliases),
                "related": list(term.related),
                "definition": term.definition,
                "offered": term.name in offered,
            }
            for term in shown
        ]
        emit({f"{kind}s": documents})
        return
    rows = [
        [t.name, "yes" if t.name in offered else "no", ", ".join(t.aliases), t.definition]
        for t in shown
    ]
    table([kind, "offered", "also", "definition"], rows, empty=f"no {kind}s found")


def add(context: typer.Context, kind: Kind, name: str, definition: str) -> None:
    """Add a term, or change its definition."""
    with invocation(context).store() as engine, database.writing(engine) as session:
        vocabulary.add(session, kind, name, definition=definition)
    say(f"{name}: saved")


def alias(context: typer.Context, kind: Kind, name: str, other: str) -> None:
    """Give a term another name."""
    with invocation(context).store() as engine, database.writing(engine) as session:
        vocabulary.alias(session, kind, name, other)
    say(f"{other} now means {name}")


def set_offered(context: typer.Context, kind: Kind, name: str, *, offered: bool) -> None:
    """Let readers choose a term on the pages, or no longer."""
    with invocation(context).store() as engine, database.writing(engine) as session:
        vocabulary.set_offered(session, kind, name, offered=offered)
    if offered:
        say(f"{name}: readers can choose it")
    else:
        say(f"{name}: offered no more; who has chosen it keeps it")


def merge(context: typer.Context, kind: Kind, source: str, target: str) -> None:
    """Make two terms one."""
    with invocation(context).store() as engine, database.writing(engine) as session:
        vocabulary.merge(session, kind, source, target)
    say(f"{source} is now part of {target}")
