"""How an import answers: what it took, and by name what it could not take."""

from collections.abc import Sequence
from typing import Protocol

import typer

from mailer.cli.common import emit, say, warn
from recommender.errors import Rejected

SHOWN = 20


class Report(Protocol):
    """What every import counts."""

    read: int
    added: int
    updated: int
    unchanged: int
    rejected: list[Rejected]


def answer(
    report: Report,
    *,
    as_json: bool,
    problems: Sequence[Rejected] = (),
    before: str = "",
    **more: int,
) -> None:
    """Say what ``report`` counts, and name on standard error everything that was rejected, and
    ``problems``. ``more`` are further counts. Ends with status 1 if anything was rejected."""
    rejected = [*problems, *report.rejected]
    if as_json:
        named = [{"file": r.file, "line": r.line, "why": r.why} for r in rejected]
        counts = {key: getattr(report, key) for key in ("read", "added", "updated", "unchanged")}
        emit({**counts, **more, "rejected": named})
    else:
        say(
            f"{before}{report.read} read: {report.added} added, {report.updated} updated, "
            f"{report.unchanged} unchanged, {len(rejected)} rejected"
            + "".join(f", {number} {what}" for what, number in more.items() if number)
        )
    for item in rejected[:SHOWN]:
        place = item.file if item.line is None else f"{item.file}:{item.line}"
        warn(f"error: {place}: {item.why}")
    if len(rejected) > SHOWN:
        warn(f"error: and {len(rejected) - SHOWN} more; --json lists them all")
    if rejected:
        raise typer.Exit(1)
