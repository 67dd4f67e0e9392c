"""``subscribers import``: readers from files."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.cli import imports
from mailer.cli.common import Json, invocation, progress
from recommender.errors import InputError, Rejected
from recommender.storage import database
from recommender.subscribers import files, intake


def import_(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A .csv or .jsonl file, or a folder of them.")],
    dry_run: Annotated[bool, typer.Option(help="Check everything, change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Import readers; rows that cannot be taken are named, the rest go in.

    Example: newsletter subscribers import readers.csv --dry-run
    """
    run = invocation(context)
    report = intake.Report()
    with run.store() as engine, progress("importing readers") as advance:
        for file in files.within(path):
            so_far = report.read
            if isinstance(file, Rejected):
                report.rejected.append(file)
                continue
            try:
                found = intake.import_rows(
                    lambda: database.writing(engine),
                    files.read(file),
                    file=str(file),
                    now=run.now,
                    dry_run=dry_run,
                    progress=lambda read, so_far=so_far: advance(so_far + read),  # type: ignore[misc]
                )
            except InputError as error:
                found = intake.Report()
                found.rejected.append(Rejected(error.path, error.line, error.why))
            report.add(found)
    before = "dry run, nothing changed: " if dry_run else ""
    imports.answer(report, as_json=as_json, before=before, held=report.held)
