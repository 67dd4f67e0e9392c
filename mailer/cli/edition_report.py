"""``newsletter editions report``: what became of an edition, on the terminal, as JSON, CSV or a
page with plots."""

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.cli.common import Json, Period, counted, emit, invocation, named_period, say, table
from mailer.cli.edition_status import because
from mailer.ledger import editions
from mailer.rendering import look as looks
from recommender.models import DeliveryState
from recommender.safety import private_files, spreadsheets
from recommender.storage import database

STORY_COLUMNS = ("id", "title", "readers", "clicked", "more", "less")
GROUPS = ("segments", "topics", "roles", "relays", "domains")
MOST_ROWS = 10
"""Rows of one table on the terminal; ``--json`` has all of them."""


def report(
    context: typer.Context,
    period: Period = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with plots here; it needs nothing else.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write the stories here, a row each.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Report what became of an edition: who got and clicked what, and every trouble by name.

    Example: newsletter editions report --period 2026-W48 --html report.html
    """
    from mailer.reports import edition_report, page  # numpy, which no other command here needs

    run = invocation(context)
    with (
        run.store() as engine,
        database.reading(engine) as session,
        database.reading(engine) as beside,
    ):
        edition = editions.find(session, run.settings.newsletter, named_period(run, period))
        document: dict[str, Any] = editions.document(session, edition)
        document |= edition_report.report(session, edition, now=run.now, beside=beside)
        document["troubles"] = editions.troubles(session, edition.id)
    if html is not None:
        look = looks.look(run.settings.accent, run.settings.font)
        private_files.write(html, page.page(document, made_at=run.now, look=look))
    if csv_file is not None:
        _write_stories(csv_file, document["stories"])
    if as_json:
        emit(document)
        return
    _show(document)
    for path in (html, csv_file):
        if path is not None:
            say(str(path))


def _write_stories(path: Path, stories: list[dict[str, Any]]) -> None:
    with private_files.located(path), private_files.open_file(path, "w") as file:
        writer = csv.writer(file)
        writer.writerow(STORY_COLUMNS)
        for story in stories:
            writer.writerow([spreadsheets.as_text(str(story[name])) for name in STORY_COLUMNS])


def _show(document: dict[str, Any]) -> None:
    totals = document["totals"]
    say(f"{document['edition']}: {document['state']}{because(document['why'])}")
    readers = counted(totals["readers"], "reader")
    say(f"  {readers}, {totals['sent']} sent, {totals['waiting']} waiting")
    for reason, number in totals["skipped"].items():
        say(f"  {number} skipped ({reason})")
    funnel = document["funnel"]
    if funnel["delivered"]:
        say(f"  {funnel['delivered']} delivered, {share(document['click_rate'])} clicked")
        say("  " + ", ".join(f"{funnel[n]} {n}" for n in ("unsubscribed", "complained", "bounced")))
    if document["gain"] is not None:
        from mailer.reports import gain

        say(f"  gain: {gain.sentence(document['gain'])}")
    say()
    table(
        ["#readers", "#clicked", "#more", "#less", "story"],
        [
            [*(story[name] for name in ("readers", "clicked", "more", "less")), story["title"]]
            for story in document["stories"][:MOST_ROWS]
            if story["readers"]
        ],
        empty="no stories were sent",
    )
    if document["sponsors"]:
        say()
        table(
            ["#readers", "#clicked", "#click rate", "sponsor"],
            [
                [row["readers"], row["clicked"], share(row["click_rate"]), row["name"]]
                for row in document["sponsors"]
            ],
            empty="",
        )
    for group in GROUPS if funnel["clicked"] else ():
        if len(document[group]) > 1 or group == "segments":
            _group(group, document[group])
    _troubles(document["troubles"])


def _group(name: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        say()
        table(
            [name, "#sent", "#clicked", "#click rate"],
            [
                [row["name"], row["sent"], row["clicked"], share(row["click_rate"])]
                for row in rows[:MOST_ROWS]
            ],
            empty="",
        )


def share(rate: dict[str, float] | None) -> str:
    """``12 % (8–17)``, or a dash where nobody could click."""
    if rate is None:
        return "–"
    return f"{rate['mean']:.0%} ({rate['low'] * 100:.0f}–{rate['high'] * 100:.0f})"


def _troubles(troubles: list[dict[str, Any]]) -> None:
    for state in (DeliveryState.FAILED, DeliveryState.DEFERRED, DeliveryState.IN_DOUBT):
        named = [trouble for trouble in troubles if trouble["state"] == state]
        if named:
            say()
            table(
                [f"{state}", "#tries", "reason", "what the server said"],
                [[t["email"], t["attempts"], t["reason"], t["reply"]] for t in named],
                empty="",
            )
