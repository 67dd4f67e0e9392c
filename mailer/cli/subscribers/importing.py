"""``subscribers import``: readers from files, ours and those of other services."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.cli import imports
from mailer.cli.common import Json, invocation, progress, say, table, warn
from recommender.errors import InputError, Rejected
from recommender.storage import database
from recommender.subscribers import files, intake
from recommender.subscribers.fields import SubscriberDraft
from recommender.subscribers.formats import mapping, services
from recommender.subscribers.formats.mapping import Wanted
from recommender.subscribers.formats.table import Description

Paths = Annotated[
    list[Path], typer.Argument(help=f"{files.KINDS} files, or folders of them.", metavar="FILE")
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="SERVICE",
        help=f"Where they come from, if it is not seen: {', '.join(services.NAMES)}.",
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=FIELD",
        help='What a column is, such as "Firma=attributes.company"; "Column=" leaves it out.',
    ),
]
DryRun = Annotated[
    bool, typer.Option(help="Show how each file is read, and what would be done; do nothing.")
]
SHOWN_ROWS = 3
CELL = 40
"""Characters of a value that a dry run shows."""


@dataclass
class _Seen:
    """How the files were understood, and the first readers in them."""

    files: list[Description] = field(default_factory=list)
    rows: dict[str, list[SubscriberDraft]] = field(default_factory=dict)

    def watch(
        self, file: Path, rows: Iterable[SubscriberDraft | Rejected]
    ) -> Iterator[SubscriberDraft | Rejected]:
        """``rows``, of which the first are kept to be shown."""
        first = self.rows.setdefault(str(file), [])
        for row in rows:
            if len(first) < SHOWN_ROWS and isinstance(row, SubscriberDraft):
                first.append(row)
            yield row

    def document(self, *, dry_run: bool) -> dict[str, Any]:
        """The columns of all files together, and of each what was found out about it; of a dry run
        the first rows, too."""
        columns = {name: one for file in self.files for name, one in file.columns.items()}
        found: dict[str, Any] = {
            "columns": columns,
            "files": [asdict(file) for file in self.files],
        }
        if dry_run:
            found["rows"] = [_said(row) for first in self.rows.values() for row in first]
        return found

    def show(self) -> None:
        """Say how each file is understood: its columns, and its first readers."""
        described = {one.file: one for one in self.files}
        for name, first in self.rows.items():
            if file := described.get(name):
                service = f", from {file.service}" if file.service else ""
                say(f"{name}: {file.encoding}, {file.separator} between cells{service}")
                table(("column", "field"), _pairs(file.columns), empty="no columns")
                say()
            for row in first:
                said = _said(row)
                say(f"{name}:{row.line}: {said.pop('email')}")
                table(("field", "value"), _pairs(said), empty="  nothing else")
                say()


def import_(
    context: typer.Context,
    paths: Paths,
    service: From = None,
    columns: Map = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Import readers; rows that cannot be taken are named, the rest go in.

    Example: newsletter subscribers import subscribed_members_export.csv --dry-run
    """
    run = invocation(context)
    wanted = _wanted(service, columns or [])
    seen, report = _Seen(), intake.Report()
    empty: list[Path] = []
    with run.store() as engine, progress("importing readers") as advance:
        for file in (one for path in paths for one in files.within(path)):
            if isinstance(file, Rejected):
                report.rejected.append(file)
                continue
            so_far, refused = report.read, report.rejected.number
            report.add(
                _import(
                    lambda: database.writing(engine),
                    seen.watch(file, files.read(file, wanted, seen.files.append)),
                    file=str(file),
                    now=run.now,
                    dry_run=dry_run,
                    progress=lambda read, so_far=so_far: advance(so_far + read),
                )
            )
            if (report.read, report.rejected.number) == (so_far, refused):
                empty.append(file)
    if dry_run and not as_json:
        seen.show()
    for one in seen.files:
        for note in one.notes:
            warn(f"note: {one.file}: {note}")
    for file in empty:
        warn(f"note: {file}: no readers in it")
    imports.answer(
        report,
        as_json=as_json,
        before="dry run, nothing changed: " if dry_run else "",
        document=seen.document(dry_run=dry_run),
        held=report.held,
    )


def _import(*given: Any, **options: Any) -> intake.Report:  # Any: passed on as they are
    """What was done with one file; one that cannot be read at all is a rejection."""
    try:
        return intake.import_rows(*given, **options)
    except InputError as error:
        report = intake.Report()
        report.rejected.append(Rejected(error.path, error.line, error.why))
        return report


def _wanted(service: str | None, columns: list[str]) -> Wanted:
    known = None if service is None else services.named(service)
    if service is not None and known is None:
        raise typer.BadParameter(
            f"{service!r} is none of {', '.join(services.NAMES)}", param_hint="--from"
        )
    targets = {}
    for given in columns:
        name, equals, target = given.rpartition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"{given!r} is not COLUMN=FIELD", param_hint="--map")
        try:
            targets[name.strip()] = mapping.target(target)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--map") from error
    return Wanted(known, targets)


def _said(row: SubscriberDraft) -> dict[str, Any]:
    """What a row says of its reader, as JSON values; what it does not say is left out."""
    said = {name: value for name, value in row.values.items() if value is not None}
    known = asdict(row.consent)
    dated = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in known.items()
        if value is not None and name not in ("service", "elsewhere")
    }
    return {"email": row.email, **said} | ({"consent": dated} if dated else {})


def _pairs(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            for inner, one in value.items():
                yield f"  {name}.{inner}", _short(one)
        else:
            yield f"  {name}", _short(value)


def _short(value: Any) -> str:
    if value == "":
        return "(left out)"
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"
