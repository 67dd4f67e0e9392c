"""``newsletter init``: the store, and a commented ``newsletter.toml`` to start from."""

import contextlib
import secrets
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.common import Json, emit, invocation, say
from recommender import settings, store_opening
from recommender.safety import private_files
from recommender.settings import Settings
from recommender.storage import damage, database, migrations


def init(
    context: typer.Context,
    as_json: Json = False,
    keep_settings: Annotated[
        bool, typer.Option("--no-settings", help="Do not write newsletter.toml.")
    ] = False,
) -> None:
    """Create or migrate the store; write a commented newsletter.toml if there is none.

    Example: newsletter init
    """
    run = invocation(context)
    file = run.file
    wrote = False
    if not keep_settings and not file.exists() and not file.is_symlink():
        private_files.make_folder(file.parent)
        with private_files.located(file), private_files.open_file(file, "x") as target:
            target.write(template())
        wrote = True
    home = run.settings.home
    fresh = not home.exists()
    engine = database.connect(run.settings.store_url)
    try:
        changed = migrations.migrate(engine)
        with damage.explained(engine):
            damage.refuse_damaged(engine)
            store_opening.prepare(engine, newsletter=run.settings.newsletter, now=run.now)
        place = database.place(engine)
    finally:
        engine.dispose()
    if fresh and home.is_dir():
        _ignore(home, "*")
    if wrote:
        _ignore(file.parent, f"/{file.name}")
    if as_json:
        emit({"store": place, "migrated": changed, "settings": str(file), "wrote_settings": wrote})
        return
    say(f"store:    {place} ({'ready' if changed else 'up to date'})")
    say(f"settings: {file} ({'written' if wrote else 'left as it is'})")
    if wrote:
        say("          it holds the key that signs links: keep it out of version control")


def _ignore(folder: Path, pattern: str) -> None:
    """Let Git leave out what has keys and readers in it. A ``.gitignore`` that is there is
    somebody's own."""
    with (
        contextlib.suppress(FileExistsError),
        private_files.open_file(folder / ".gitignore", "x") as f,
    ):
        f.write(f"{pattern}\n")


def template() -> str:
    """A ``newsletter.toml`` with every key: its meaning, its default, and a secret of its own."""
    lines = [
        "# Settings of the newsletter, for its owner alone to read: keys and passwords stand here.",
        "# Paths start from the folder of this file. Each key can also be set in the environment:",
        "# NEWSLETTER_PICKS=8 overrides picks. A key that is commented out has the value shown.",
        "",
    ]
    for key in settings.names():
        name = "sender" if key == "from" else key
        field = Settings.model_fields[name]
        lines.append(f"# {field.description}")
        if key == "secret_key":
            lines.append(f'secret_key = "{secrets.token_urlsafe(32)}"')
        else:
            default = field.get_default()
            lines.append(f"# {key} = {_toml(default)}")
        lines.append("")
    return "\n".join(lines)


def _toml(value: object) -> str:
    if value is None:
        return '""'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
