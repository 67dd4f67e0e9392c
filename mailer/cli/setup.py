"""``newsletter init``: the store, and a commented ``newsletter.toml`` to start from."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.common import Json, emit, invocation, say
from recommender import database, settings, store
from recommender.settings import Settings


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
    file = run.config or Path(settings.FILE)
    wrote = False
    if not keep_settings and not file.exists():
        file.write_text(template(), "utf-8")
        wrote = True
    engine = database.connect(run.settings.store_url)
    try:
        changed = store.migrate(engine)
        store.prepare(engine, newsletter=run.settings.newsletter, now=run.now)
        place = engine.url.render_as_string(hide_password=True)
    finally:
        engine.dispose()
    if as_json:
        emit({"store": place, "migrated": changed, "settings": str(file), "wrote_settings": wrote})
        return
    say(f"store:    {place} ({'ready' if changed else 'up to date'})")
    say(f"settings: {file} ({'written' if wrote else 'left as it is'})")


def template() -> str:
    """A ``newsletter.toml`` with every key: its meaning, its default, and a secret of its own."""
    lines = [
        "# Settings of the newsletter. Each key can also be set in the environment:",
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
