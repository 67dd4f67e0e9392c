"""``newsletter topics`` and ``newsletter roles``: the controlled vocabulary."""

from typing import Annotated, Literal

import typer

from mailer.cli.common import Json, emit, invocation, say, table
from recommender import vocabulary
from recommender.storage import database

Kind = Literal["topic", "role"]


def build(kind: Kind) -> typer.Typer:
    """The commands for one kind of name; both have the same."""
    app = typer.Typer(no_args_is_help=True)
    example = "AI Hardware" if kind == "topic" else "CTO"

    def list_(
        context: typer.Context,
        search: Annotated[str | None, typer.Option(help="Only names with this part.")] = None,
        as_json: Json = False,
    ) -> None:
        with invocation(context).store() as engine, database.reading(engine) as session:
            known = vocabulary.load(session)
            offered = vocabulary.offered(session, kind)
        terms = known.topics if kind == "topic" else known.roles
        part = (search or "").casefold()
        shown = [t for t in terms if any(part in n.casefold() for n in (t.name, *t.aliases))]
        if as_json:
            emit(
                {
                    f"{kind}s": [
                        {
                            "name": term.name,
                            "aliases": list(term.aliases),
                            "related": list(term.related),
                            "definition": term.definition,
                            "offered": term.name in offered,
                        }
                        for term in shown
                    ]
                }
            )
            return
        table(
            [kind, "offered", "also", "definition"],
            [
                [
                    term.name,
                    "yes" if term.name in offered else "no",
                    ", ".join(term.aliases),
                    term.definition,
                ]
                for term in shown
            ],
            empty=f"no {kind}s found",
        )

    def add(
        context: typer.Context,
        name: Annotated[str, typer.Argument(help=f"The {kind}.")],
        definition: Annotated[
            str, typer.Option(help="Two or three sentences in the words stories use.")
        ] = "",
    ) -> None:
        with invocation(context).store() as engine, database.writing(engine) as session:
            vocabulary.add(session, kind, name, definition=definition)
        say(f"{name}: saved")

    def alias(
        context: typer.Context,
        name: Annotated[str, typer.Argument(help=f"The {kind} as it is listed.")],
        other: Annotated[str, typer.Argument(help="Another name for it.")],
    ) -> None:
        with invocation(context).store() as engine, database.writing(engine) as session:
            vocabulary.alias(session, kind, name, other)
        say(f"{other} now means {name}")

    def offer(
        context: typer.Context,
        name: Annotated[str, typer.Argument(help=f"The {kind} as it is listed.")],
    ) -> None:
        with invocation(context).store() as engine, database.writing(engine) as session:
            vocabulary.set_offered(session, kind, name, offered=True)
        say(f"{name}: readers can choose it")

    def hide(
        context: typer.Context,
        name: Annotated[str, typer.Argument(help=f"The {kind} as it is listed.")],
    ) -> None:
        with invocation(context).store() as engine, database.writing(engine) as session:
            vocabulary.set_offered(session, kind, name, offered=False)
        say(f"{name}: offered no more; who has chosen it keeps it")

    def merge(
        context: typer.Context,
        source: Annotated[str, typer.Argument(help="The one that goes.")],
        target: Annotated[str, typer.Argument(help="The one that stays.")],
    ) -> None:
        with invocation(context).store() as engine, database.writing(engine) as session:
            vocabulary.merge(session, kind, source, target)
        say(f"{source} is now part of {target}")

    list_.__doc__ = f"List the {kind}s.\n\nExample: newsletter {kind}s list --search hardware"
    add.__doc__ = (
        f"Add a {kind}, or change its definition.\n\n"
        f'Example: newsletter {kind}s add "{example}" --definition "Chips that …"'
    )
    alias.__doc__ = (
        f"Give a {kind} another name.\n\n"
        f'Example: newsletter {kind}s alias "{example}" "Another name"'
    )
    offer.__doc__ = (
        f"Let readers choose a {kind} on the pages, one that came with articles or an import.\n\n"
        f'Example: newsletter {kind}s offer "{example}"'
    )
    hide.__doc__ = (
        f"Offer a {kind} no more. Who has chosen it keeps it, stories keep it, too.\n\n"
        f'Example: newsletter {kind}s hide "{example}"'
    )
    merge.__doc__ = (
        f"Make two {kind}s one: readers and stories move, the old name stays as an alias.\n\n"
        f'Example: newsletter {kind}s merge "Old name" "{example}"'
    )
    app.command("list")(list_)
    app.command("add")(add)
    app.command("alias")(alias)
    app.command("merge")(merge)
    app.command("offer")(offer)
    app.command("hide")(hide)
    return app


topics = build("topic")
roles = build("role")
