"""Writes the pages of the reference from the code: commands, settings, knobs, metrics and tables.

Typer keeps the classes of its commands and parameters to itself, hence ``Any`` for them.
"""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import typer

from mailer.cli import COMMANDS, build
from mailer.monitoring import metric_table
from recommender import settings
from recommender.models import Base
from recommender.ranking import knobs
from recommender.ranking.settings import RankingSettings
from recommender.settings import Settings


def write(folder: Path) -> None:
    """Write every page into ``folder``."""
    folder.mkdir(exist_ok=True)
    pages = {
        "commands": commands(),
        "settings": settings_page(),
        "ranker": ranker(),
        "metrics": metrics(),
        "tables": tables(),
    }
    for name, lines in pages.items():
        (folder / f"{name}.md").write_text("\n".join(lines) + "\n", "utf-8")


def commands() -> Iterator[str]:
    """Every command with its arguments, options and example."""
    yield "# Commands\n"
    yield "What `newsletter COMMAND --help` says.\n"
    for name in COMMANDS:
        group: Any = typer.main.get_command(build(name))
        yield from _command(group.commands[name], f"newsletter {name}", 2)


def _command(command: Any, name: str, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} {name}\n"
    text, _, example = (command.help or "").partition("Example:")
    yield f"{' '.join(text.split())}\n"
    if example:
        yield f"```console\n$ {' '.join(example.split())}\n```\n"
    if hasattr(command, "commands"):
        for inner in command.commands.values():
            yield from _command(inner, f"{name} {inner.name}", depth + 1)
        return
    rows = [_parameter(one) for one in command.params if not getattr(one, "hidden", False)]
    if rows:
        yield from _table(("argument or option", "what it is", "default"), rows)


def _parameter(parameter: Any) -> tuple[str, str, str]:
    names = ", ".join((*parameter.opts, *parameter.secondary_opts))
    if parameter.param_type_name == "argument":
        names = parameter.metavar or (parameter.name or "").upper()
    text = getattr(parameter, "help", None) or ""
    default: Any = parameter.default
    shown = "" if default in (None, False, [], ()) or callable(default) else f"`{default}`"
    return f"`{names}`", text, shown


def settings_page() -> Iterator[str]:
    """Every key of newsletter.toml."""
    yield "# Settings\n"
    yield "Keys of `newsletter.toml`; in the environment `picks` is `NEWSLETTER_PICKS`.\n"
    rows = []
    for name in settings.names():
        field = Settings.model_fields["sender" if name == "from" else name]
        default = field.get_default()
        plain = str(default).lower() if isinstance(default, bool) else str(default)
        shown = "" if default is None else f"`{plain}`"
        rows.append((f"`{name}`", field.description or "", shown))
    yield from _table(("key", "what it is", "default"), rows)


def ranker() -> Iterator[str]:
    """Every knob of the ranker, group by group."""
    yield "# Knobs of the ranker\n"
    yield (
        "What `ranker` in `newsletter.toml`, `newsletter experiments start` and "
        "`newsletter evaluate --from-store --setting` can change.\n"
    )
    yield from _knobs(RankingSettings(), "")
    for field in fields(RankingSettings):
        group = getattr(RankingSettings(), field.name)
        if is_dataclass(group):
            yield f"## {field.name}\n"
            yield from _knobs(group, f"{field.name}.")


def _knobs(group: Any, before: str) -> Iterator[str]:
    yield inspect.cleandoc(group.__doc__ or "").replace("``", "`") + "\n"
    shown = knobs.names()
    rows = [
        (f"`{before}{field.name}`", f"`{getattr(group, field.name)}`")
        for field in fields(group)
        if f"{before}{field.name}" in shown
    ]
    if rows:
        yield from _table(("knob", "default"), rows)


def metrics() -> Iterator[str]:
    """Every metric of ``/metrics``."""
    yield "# Metrics\n"
    yield "What `/metrics` answers. [Monitoring](../monitoring.md) says what to do with it.\n"
    rows = [
        (f"`{one.full_name}`", one.kind, one.help, ", ".join(f"`{label}`" for label in one.labels))
        for one in metric_table.METRICS.values()
    ]
    yield from _table(("metric", "kind", "what it says", "labels"), rows)


def tables() -> Iterator[str]:
    """Every table of the store with its columns."""
    yield "# Tables\n"
    yield "The store, as the migrations make it, on SQLite and PostgreSQL alike.\n"
    about = {one.class_.__tablename__: one.class_.__doc__ for one in Base.registry.mappers}
    for table in sorted(Base.metadata.tables.values(), key=lambda one: one.name):
        yield f"## {table.name}\n"
        paragraph = (about.get(table.name) or "").strip().partition("\n\n")[0]
        yield " ".join(paragraph.replace("``", "`").split()) + "\n"
        rows = [
            (f"`{column.name}`", _kind(column), _refers(column), "yes" if column.nullable else "")
            for column in table.columns
        ]
        yield from _table(("column", "type", "refers to", "may be null"), rows)


def _kind(column: sa.Column[Any]) -> str:
    return f"{str(column.type).lower()}{', key' if column.primary_key else ''}"


def _refers(column: sa.Column[Any]) -> str:
    return ", ".join(sorted(f"`{key.target_fullname}`" for key in column.foreign_keys))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        cells = (" ".join(cell.split()).replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""
