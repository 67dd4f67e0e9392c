"""``newsletter templates``: the operator's own look of the mail."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.common import Json, emit, invocation, say, warn
from mailer.edition import templates
from mailer.preview import specimens
from mailer.rendering import own_templates

app = typer.Typer(no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the templates.")]


@app.command()
def eject(
    context: typer.Context,
    folder: Folder,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over what is there, edits of yours too.")
    ] = False,
) -> None:
    """Copy the installed templates to a folder, to change them there. Mail is made from them once
    the setting `templates` names the folder; those of one newsletter of several are in a folder of
    its name in there. What they may use: docs/templates.md.

    Example: newsletter templates eject mytemplates
    """
    files = own_templates.eject(folder, replace=replace)
    for path in files:
        say(str(path))
    run = invocation(context)
    root = folder.parent if run.newsletter == folder.name else folder
    say(f'write templates = "{root}" into newsletter.toml to use them')
    if run.newsletter is not None and root == folder:
        say(f"for {run.newsletter} alone, eject them to {folder / run.newsletter} instead")


@app.command()
def check(context: typer.Context, folder: Folder, as_json: Json = False) -> None:
    """Compile templates and hold copies of every shape against the rules for mail; say what an
    upgrade has changed in the installed ones since. Exit status 1 when a rule is broken that must
    hold.

    Example: newsletter templates check mytemplates
    """
    run = invocation(context)
    settings = run.settings.replace(templates=folder)
    found = specimens.check(settings, templates.installed(settings), run.now)
    changed = list(own_templates.changes(folder))
    failed = any(finding.level == "must" for _, finding in found)
    if as_json:
        rows = [
            {"rule": one.rule, "severity": _severity(one.level), "what": one.what, "copy": name}
            for name, one in found
        ]
        emit({"copies": len(specimens.SPECIMENS), "findings": rows, "changes": changed})
    else:
        for sentence in changed:
            warn(f"note: {sentence}")
        for name, one in found:
            say(f"{_severity(one.level)}: {one.rule}: {one.what} ({name})")
        if not found:
            say(f"nothing is wrong with {len(specimens.SPECIMENS)} copies of every shape")
    if failed:
        raise typer.Exit(1)


def _severity(level: str) -> str:
    return "error" if level == "must" else "warning"


@app.command()
def preview(
    context: typer.Context,
    folder: Folder,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port on 127.0.0.1.")] = 8025,
) -> None:
    """Show copies of every shape in a browser on this machine, and show them anew whenever a file
    of the folder changes. Ctrl-C ends it.

    Example: newsletter templates preview mytemplates
    """
    from mailer.preview import template_server

    run = invocation(context)
    settings = run.settings.replace(templates=folder)
    own_templates.checked(folder)
    with template_server.serving(settings, folder, port, run.now) as address:
        say(f"open {address} · Ctrl-C ends it")
        template_server.wait()
