"""How an import answers: what it took, and by name what it could not take."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import typer

from mailer.cli.common import emit, say, warn
from recommender.errors import Rejected, Rejections

SHOWN = 20


class Report(Protocol):
    """What every import counts."""

    read: int
    added: int
    updated: int
    unchanged: int
    rejected: Rejections


def answer(
    report: Report,
    *,
    as_json: bool,
    problems: Sequence[Rejected] = (),
    before: str = "",
    document: Mapping[str, object] = MappingProxyType({}),
    **more: int,
) -> None:
    """Say what ``report`` counts, and name on standard error everything that was rejected, and
    ``problems``. ``more`` are further counts, ``document`` what else there is for a machine. Ends
    with status 1 if anything was rejected."""
    rejected = Rejections(problems)
    rejected += report.rejected
    warnings: Rejections = getattr(report, "warnings", None) or Rejections()
    notes = {
        name: listed
        for name in ("left_out", "scheduled")
        if (listed := getattr(report, name, None) or Rejections())
    }
    if as_json:
        named: dict[str, object] = {"rejected": _named(rejected)}
        if rejected.number > len(rejected):
            named["rejected_more"] = rejected.number - len(rejected)
        if warnings:
            named["warnings"] = _named(warnings)
        named |= {name: _named(listed) for name, listed in notes.items()}
        counts = {key: getattr(report, key) for key in ("read", "added", "updated", "unchanged")}
        emit({**document, **counts, **more, **named})
    else:
        say(
            f"{before}{report.read} read: {report.added} added, {report.updated} updated, "
            f"{report.unchanged} unchanged, {rejected.number} rejected"
            + "".join(
                f", {number} {what.replace('_', ' ')}" for what, number in more.items() if number
            )
            + "".join(f", {_counted(name, listed.number)}" for name, listed in notes.items())
        )
    for listed in notes.values():
        _name("note", listed)
    _name("warning", warnings)
    _name("error", rejected)
    if rejected:
        raise typer.Exit(1)


def _counted(name: str, number: int) -> str:
    if name == "scheduled":
        return f"{number} scheduled"
    return f"{number} draft{'' if number == 1 else 's'} left out"


def _named(items: Sequence[Rejected]) -> list[dict[str, object]]:
    return [{"file": item.file, "line": item.line, "why": item.why} for item in items]


def _name(what: str, items: Rejections) -> None:
    for item in items[:SHOWN]:
        place = item.file if item.line is None else f"{item.file}:{item.line}"
        warn(f"{what}: {place}: {item.why}")
    if items.number > SHOWN:
        most = "lists them all" if items.number <= items.MOST else f"lists the first {items.MOST:,}"
        warn(f"{what}: and {items.number - SHOWN:,} more; --json {most}")
