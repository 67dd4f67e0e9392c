"""``newsletter roles``: the controlled vocabulary of roles."""

from typing import Annotated

import typer

from mailer.cli import vocabulary
from mailer.cli.common import By, Json, Yes
from mailer.cli.vocabulary import Answer

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
    by: By = None,
) -> None:
    """Add a role, or change its definition.

    Example: newsletter roles add "CTO" --definition "Whoever decides on …"
    """
    vocabulary.add(context, "role", name, definition, by)


@app.command()
def alias(
    context: typer.Context,
    name: Name,
    other: Annotated[str, typer.Argument(help="Another name for it.")],
    by: By = None,
) -> None:
    """Give a role another name.

    Example: newsletter roles alias "CTO" "Another name"
    """
    vocabulary.alias(context, "role", name, other, by)


@app.command()
def merge(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="The one that goes.")],
    target: Annotated[str, typer.Argument(help="The one that stays.")],
    yes: Yes = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make two roles one: readers and stories move, the old name stays as an alias.

    Example: newsletter roles merge "Old name" "CTO"
    """
    vocabulary.merge(context, "role", source, target, Answer(yes, by, as_json))


@app.command()
def offer(context: typer.Context, name: Name, by: By = None, as_json: Json = False) -> None:
    """Let readers choose a role on the pages, one that came with articles or an import.

    Example: newsletter roles offer "CTO"
    """
    vocabulary.set_offered(context, "role", name, Answer(by=by, as_json=as_json), offered=True)


@app.command()
def hide(context: typer.Context, name: Name, by: By = None, as_json: Json = False) -> None:
    """Offer a role no more. Who has chosen it keeps it, stories keep it, too.

    Example: newsletter roles hide "CTO"
    """
    vocabulary.set_offered(context, "role", name, Answer(by=by, as_json=as_json), offered=False)


@app.command()
def split(
    context: typer.Context,
    name: Name,
    into: Annotated[list[str], typer.Option("--into", help="One that takes its place; repeat it.")],
    yes: Yes = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Put two or more roles in the place of one: its readers and stories get them all, with the
    weight they had. It stays where it is one of them.

    Example: newsletter roles split "CTO" --into "Engineering Lead" --into "Founder"
    """
    vocabulary.split(context, "role", name, into, Answer(yes, by, as_json))


@app.command()
def remove(
    context: typer.Context, name: Name, yes: Yes = False, by: By = None, as_json: Json = False
) -> None:
    """Take a role out of the vocabulary, from all readers and stories. An import that names it
    brings it back, offered to nobody; `hide` keeps it out of sight.

    Example: newsletter roles remove "CTO" --yes
    """
    vocabulary.remove(context, "role", name, Answer(yes, by, as_json))


@app.command()
def history(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Of this role alone.")] = None,
    as_json: Json = False,
) -> None:
    """Show who changed roles by a command, and when.

    Example: newsletter roles history "CTO"
    """
    vocabulary.history(context, "role", name, as_json=as_json)
