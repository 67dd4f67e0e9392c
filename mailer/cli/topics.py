"""``newsletter topics``: the controlled vocabulary of topics."""

from typing import Annotated

import typer

from mailer.cli import vocabulary
from mailer.cli.common import Json

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The topic as it is listed.")]


@app.command("list")
def list_(
    context: typer.Context,
    search: Annotated[str | None, typer.Option(help="Only names with this part.")] = None,
    as_json: Json = False,
) -> None:
    """List the topics.

    Example: newsletter topics list --search hardware
    """
    vocabulary.show(context, "topic", search, as_json=as_json)


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The topic.")],
    definition: Annotated[
        str, typer.Option(help="Two or three sentences in the words stories use.")
    ] = "",
) -> None:
    """Add a topic, or change its definition.

    Example: newsletter topics add "AI Hardware" --definition "Chips that …"
    """
    vocabulary.add(context, "topic", name, definition)


@app.command()
def alias(
    context: typer.Context,
    name: Name,
    other: Annotated[str, typer.Argument(help="Another name for it.")],
) -> None:
    """Give a topic another name.

    Example: newsletter topics alias "AI Hardware" "Another name"
    """
    vocabulary.alias(context, "topic", name, other)


@app.command()
def merge(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="The one that goes.")],
    target: Annotated[str, typer.Argument(help="The one that stays.")],
) -> None:
    """Make two topics one: readers and stories move, the old name stays as an alias.

    Example: newsletter topics merge "Old name" "AI Hardware"
    """
    vocabulary.merge(context, "topic", source, target)


@app.command()
def offer(context: typer.Context, name: Name) -> None:
    """Let readers choose a topic on the pages, one that came with articles or an import.

    Example: newsletter topics offer "AI Hardware"
    """
    vocabulary.set_offered(context, "topic", name, offered=True)


@app.command()
def hide(context: typer.Context, name: Name) -> None:
    """Offer a topic no more. Who has chosen it keeps it, stories keep it, too.

    Example: newsletter topics hide "AI Hardware"
    """
    vocabulary.set_offered(context, "topic", name, offered=False)
