"""``newsletter topics``: the controlled vocabulary of topics."""

from typing import Annotated

import typer

from mailer.cli import vocabulary
from mailer.cli.common import By, Json, Yes
from mailer.cli.vocabulary import Answer

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
    by: By = None,
) -> None:
    """Add a topic, or change its definition.

    Example: newsletter topics add "AI Hardware" --definition "Chips that …"
    """
    vocabulary.add(context, "topic", name, definition, by)


@app.command()
def alias(
    context: typer.Context,
    name: Name,
    other: Annotated[str, typer.Argument(help="Another name for it.")],
    by: By = None,
) -> None:
    """Give a topic another name.

    Example: newsletter topics alias "AI Hardware" "Another name"
    """
    vocabulary.alias(context, "topic", name, other, by)


@app.command()
def merge(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="The one that goes.")],
    target: Annotated[str, typer.Argument(help="The one that stays.")],
    yes: Yes = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make two topics one: readers and stories move, the old name stays as an alias.

    Example: newsletter topics merge "Old name" "AI Hardware"
    """
    vocabulary.merge(context, "topic", source, target, Answer(yes, by, as_json))


@app.command()
def offer(context: typer.Context, name: Name, by: By = None, as_json: Json = False) -> None:
    """Let readers choose a topic on the pages, one that came with articles or an import.

    Example: newsletter topics offer "AI Hardware"
    """
    vocabulary.set_offered(context, "topic", name, Answer(by=by, as_json=as_json), offered=True)


@app.command()
def hide(context: typer.Context, name: Name, by: By = None, as_json: Json = False) -> None:
    """Offer a topic no more. Who has chosen it keeps it, stories keep it, too.

    Example: newsletter topics hide "AI Hardware"
    """
    vocabulary.set_offered(context, "topic", name, Answer(by=by, as_json=as_json), offered=False)


@app.command()
def split(
    context: typer.Context,
    name: Name,
    into: Annotated[list[str], typer.Option("--into", help="One that takes its place; repeat it.")],
    yes: Yes = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Put two or more topics in the place of one: its readers and stories get them all, with the
    weight they had. It stays where it is one of them.

    Example: newsletter topics split "AI Hardware" --into "Chips" --into "Data Centers"
    """
    vocabulary.split(context, "topic", name, into, Answer(yes, by, as_json))


@app.command()
def remove(
    context: typer.Context, name: Name, yes: Yes = False, by: By = None, as_json: Json = False
) -> None:
    """Take a topic out of the vocabulary, from all readers and stories. An import that names it
    brings it back, offered to nobody; `hide` keeps it out of sight.

    Example: newsletter topics remove "AI Hardware" --yes
    """
    vocabulary.remove(context, "topic", name, Answer(yes, by, as_json))


@app.command()
def history(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Of this topic alone.")] = None,
    as_json: Json = False,
) -> None:
    """Show who changed topics by a command, and when.

    Example: newsletter topics history "AI Hardware"
    """
    vocabulary.history(context, "topic", name, as_json=as_json)
