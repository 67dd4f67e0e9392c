"""``newsletter roles``: the controlled vocabulary of roles."""

from typing import Annotated

import typer

from mailer.cli import vocabulary
from mailer.cli.common import Json

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The role as it is listed.")]


@app.command("list")
def list_(
    context: typer.Context,
    search: Annotated[str | None, typer.Option(help="Only names with this part.")] = None,
    as_json: Json = False,
) -> None:
    """List the roles.

    Example: newsletter roles list --search engineer
    """
    vocabulary.show(context, "role", search, as_json=as_json)


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The role.")],
    definition: Annotated[
        str, typer.Option(help="Two or three sentences in the words stories use.")
    ] = "",
) -> None:
    """Add a role, or change its definition.

    Example: newsletter roles add "CTO" --definition "Whoever decides on …"
    """
    vocabulary.add(context, "role", name, definition)


@app.command()
def alias(
    context: typer.Context,
    name: Name,
    other: Annotated[str, typer.Argument(help="Another name for it.")],
) -> None:
    """Give a role another name.

    Example: newsletter roles alias "CTO" "Another name"
    """
    vocabulary.alias(context, "role", name, other)


@app.command()
def merge(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="The one that goes.")],
    target: Annotated[str, typer.Argument(help="The one that stays.")],
) -> None:
    """Make two roles one: readers and stories move, the old name stays as an alias.

    Example: newsletter roles merge "Old name" "CTO"
    """
    vocabulary.merge(context, "role", source, target)


@app.command()
def offer(context: typer.Context, name: Name) -> None:
    """Let readers choose a role on the pages, one that came with articles or an import.

    Example: newsletter roles offer "CTO"
    """
    vocabulary.set_offered(context, "role", name, offered=True)


@app.command()
def hide(context: typer.Context, name: Name) -> None:
    """Offer a role no more. Who has chosen it keeps it, stories keep it, too.

    Example: newsletter roles hide "CTO"
    """
    vocabulary.set_offered(context, "role", name, offered=False)
