"""``newsletter editions proof``: a whole edition to look at before it is sent."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.common import (
    Json,
    Period,
    counted,
    emit,
    invocation,
    named_period,
    progress,
    say,
    stop_on_signal,
    table,
    warn_if_coming,
)
from mailer.rendering import look as looks
from recommender.safety import private_files

if TYPE_CHECKING:
    from mailer.preview.proof.proving import Proof

MOST_PROCESSES = 8
MOST_STORIES = 10
"""Stories that are named on the terminal; the page has all of them."""


def proof(
    context: typer.Context,
    *,
    period: Period = None,
    segment: Annotated[
        str | None, typer.Option("--segment", help="Only readers of this segment.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder for proof.html; default: proof/ in the home.")
    ] = None,
    check_links: Annotated[
        bool, typer.Option(help="Ask the addresses of the stories whether they are there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Choose and make everybody's issue as planning and sending would, without recording or sending
    anything, and write one page: how many readers each story reaches, who gets nothing and why,
    what is wrong with the copies, an issue of each segment and role. Exit status 1 when something
    is wrong that would keep the edition from being sent.

    Example: newsletter editions proof --segment pilots --out proofs
    """
    from mailer.preview.proof import page
    from mailer.preview.proof.counting import Asked
    from mailer.preview.proof.proving import prove

    run = invocation(context)
    wanted = named_period(run, period)
    with run.store() as engine, progress("making every copy") as advance:
        found = prove(
            engine,
            Asked(run.settings, wanted, segment, run.now),
            processes=min(os.cpu_count() or 1, MOST_PROCESSES),
            check_links=check_links,
            stop=stop_on_signal(),
            progress=advance,
        )
    folder = out or run.settings.home / "proof" / found.edition
    private_files.make_folder(folder)
    path = folder / "proof.html"
    look = looks.look(run.settings.accent, run.settings.font)
    private_files.write(path, page.page(found, run.now, look))
    if as_json:
        emit({**found.document(), "page": str(path)})
    else:
        _show(found, path)
        warn_if_coming(run, wanted)
    if found.failed:
        raise typer.Exit(1)


def _show(found: "Proof", path: Path) -> None:
    from mailer.preview.proof.page import REASONS

    tally = found.tally
    get = counted(tally.readers, "reader gets", "readers get")
    say(f"{found.edition}: {tally.with_issue:,} of {get} an issue")
    for reason, number in found.document()["without"].items():
        say(f"  {number:,} get none: {REASONS.get(reason, reason)}")
    reached = [story for story in found.stories if story.readers]
    say()
    table(
        ["#readers", "story"],
        [[f"{story.readers:,}", story.title] for story in reached[:MOST_STORIES]],
        empty="no story reaches anybody",
    )
    orphans = len(found.stories) - len(reached)
    say(f"{counted(len(reached), 'story reaches', 'stories reach')} somebody, {orphans} nobody")
    say()
    for one in found.findings:
        copies = counted(one.messages, "copy breaks", "copies break")
        say(f"{one.severity}: {copies} {one.rule!r}: {one.what}")
    if not found.findings:
        say(f"nothing is wrong with the {counted(tally.checked, 'copy', 'copies')} checked")
    say(f"open {path} to see it; {found.seconds} s")
