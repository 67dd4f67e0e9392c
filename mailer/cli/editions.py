"""``newsletter editions``: plan, send, pause, resume and cancel; and ``send-test``.

What plans and sends is imported by the commands that do so: the others begin sooner.
"""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.engine import Engine
from sqlalchemy.orm import joinedload

from mailer import process_group
from mailer.cli import edition_proof, edition_report, edition_status, edition_texts
from mailer.cli.common import (
    Invocation,
    Json,
    Period,
    Yes,
    confirm,
    counted,
    emit,
    helpers,
    interruptible,
    invocation,
    named_period,
    progress,
    say,
    stop_on_signal,
    warn,
    warn_if_coming,
)
from mailer.edition import status
from mailer.ledger import counts, editions
from recommender.models import DeliveryState, Edition
from recommender.storage import database

if TYPE_CHECKING:
    from mailer.delivery.summary import Summary

ASK_BEYOND = 10
"""Readers who are mailed without a question."""

app = typer.Typer(no_args_is_help=True)
InSegment = Annotated[str | None, typer.Option("--segment", help="Only readers of this segment.")]


@app.command()
def plan(
    context: typer.Context,
    period: Period = None,
    segment: InSegment = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Yes, add readers to the edition of a week that is past.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Choose the stories of everybody, or of a segment, who is not in the edition yet, and freeze
    the choice. May be done again, for others: who is in the edition keeps what was chosen. A week
    that has not begun may be planned; its stories are chosen from those there are now, and no
    reader gets them in an edition before it too.

    Example: newsletter editions plan --segment pilots; newsletter editions plan
    """
    from mailer.delivery import campaign as campaign  # before the others are forked: they have
    from recommender.articles import store_ranker as store_ranker  # it then, and what it loads

    run = invocation(context)
    wanted = named_period(run, period)
    _sure(run, wanted, yes=yes, future=False)
    with process_group.spare(run.settings.senders - 1), run.store() as engine:
        identifier = _plan(engine, run, wanted, segment)
        with database.reading(engine) as session:
            edition = session.get_one(Edition, identifier, options=[joinedload(Edition.newsletter)])
            document = editions.document(session, edition)
            document |= status.missing(session, edition, now=run.now)
    if as_json:
        emit(document)
        return
    totals = document["totals"]
    say(f"{document['edition']}: {document['state']}, {counted(totals['readers'], 'reader')}")
    for reason, number in totals["skipped"].items():
        say(f"  skipped ({reason}): {number}")
    if document["not_in_it_yet"]:
        say(f"  not in it yet: {document['not_in_it_yet']}")
    warn_if_coming(run, wanted)


def _plan(engine: Engine, run: Invocation, period: str, segment: str | None) -> int:
    from mailer.delivery import campaign

    with progress("choosing stories") as advance, interruptible():
        identifier = campaign.plan(
            engine,
            run.settings,
            period=period,
            now=run.now,
            segment=segment,
            progress=advance,
            processes=run.settings.senders,
            enqueue=helpers(engine),
        )
    edition_status.warn_who_waits(engine, identifier)
    return identifier


def _sure(run: Invocation, period: str, *, yes: bool, future: bool) -> None:
    """Refuse a week that is past, or (``future``) has not begun, unless it is meant."""
    current = named_period(run, None)
    if yes or period == current or (period > current and not future):
        return
    what = "has not begun" if period > current else "is past"
    raise typer.BadParameter(
        f"{period} {what} (this is {current}); add --yes if you mean it", param_hint="--period"
    )


def _ask(engine: Engine, run: Invocation, period: str, segment: str | None) -> None:
    """Ask, on a terminal, before many readers are mailed through a relay beyond this machine."""
    if not sys.stdin.isatty():
        return
    from mailer.edition import planning
    from mailer.relay import registry

    beyond = registry.beyond_this_machine(registry.relays(run.settings))
    if not beyond:
        return
    number = _settled(engine, run, period, segment).of(
        DeliveryState.PLANNED, DeliveryState.DEFERRED
    )
    with database.reading(engine) as session:
        number += planning.to_add(session, run.settings, period, segment, run.now)
    if number > ASK_BEYOND:
        where = ", ".join(dict.fromkeys(beyond))
        name, readers = f"{run.settings.newsletter}-{period}", counted(number, "reader")
        question = f"send {name} to {readers} through {where}?"
        typer.confirm(question, abort=True, err=True)


def _check_relays(run: Invocation) -> None:
    from mailer.relay import registry

    registry.check_for_real_mail(run.settings, registry.relays(run.settings))


def _settled(engine: Engine, run: Invocation, period: str, segment: str | None) -> counts.Count:
    from mailer.delivery import campaign

    with database.reading(engine) as session:
        return campaign.settled(session, run.settings, period, segment=segment, since=run.now)


@app.command()
def send(
    context: typer.Context,
    *,
    period: Period = None,
    segment: InSegment = None,
    at_local_time: Annotated[
        bool, typer.Option(help="Send only what is due by each reader's own hour.")
    ] = False,
    despite_findings: Annotated[
        bool, typer.Option(help="Send although a sample of the messages breaks rules for mail.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask; yes, also a week that is past or to come.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Plan for everybody, or for a segment, who is not in the edition yet, then deliver what is
    due to them. Sending twice repeats nothing. On a terminal it asks before it mails more than ten
    readers through a relay beyond this machine.

    Example: newsletter editions send --segment pilots; later, to the rest: newsletter editions send
    """
    from mailer.delivery import campaign

    run = invocation(context)
    wanted = named_period(run, period)
    _sure(run, wanted, yes=yes, future=True)
    _check_relays(run)
    with process_group.spare(2 * (run.settings.senders - 1)), run.store() as engine:
        if not yes:
            _ask(engine, run, wanted, segment)
        before = _settled(engine, run, wanted, segment)
        identifier = _plan(engine, run, wanted, segment)
        with progress("sending") as advance:
            summary = campaign.send(
                engine,
                run.settings,
                edition_id=identifier,
                clock=lambda: datetime.now(UTC),  # noqa: TID251  (an edge: time is made here)
                stop=stop_on_signal(),
                at_local_time=at_local_time,
                segment=segment,
                since=run.now,
                before=before,
                inspect=not despite_findings,
                processes=run.settings.senders,
                progress=advance,
                enqueue=helpers(engine),
            )
    _answer(summary, as_json=as_json)


def _answer(summary: "Summary", *, as_json: bool) -> None:
    if as_json:
        emit(asdict(summary))
    else:
        say(f"{summary.edition} ({summary.state}): {summary.sentence()}; {summary.seconds} s")
    if summary.trouble:
        warn(f"error: {summary.trouble}")
    elif summary.failed:
        warn(f"error: {summary.failed} failed; `newsletter editions report` names them")
    if summary.trouble or summary.failed:
        raise typer.Exit(1)


@app.command()
def pause(context: typer.Context, period: Period = None) -> None:
    """Stop sending an edition until it is resumed; works while it is being sent.

    Example: newsletter editions pause
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        edition = editions.find(session, run.settings.newsletter, named_period(run, period))
        editions.pause(session, edition, why=editions.BY_HAND)
        say(f"{edition.name}: paused")


@app.command()
def resume(context: typer.Context, period: Period = None) -> None:
    """Let an edition that was paused, or stopped by itself, be sent again.

    Example: newsletter editions resume
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        edition = editions.find(session, run.settings.newsletter, named_period(run, period))
        editions.resume(session, edition)
        say(f"{edition.name}: {edition.state}")


@app.command()
def cancel(context: typer.Context, period: Period = None, yes: Yes = False) -> None:
    """Send no more copies of an edition, for good. A terminal is asked first.

    Example: newsletter editions cancel --period 2026-W48
    """
    run = invocation(context)
    newsletter, wanted = run.settings.newsletter, named_period(run, period)
    with run.store() as engine:
        with database.reading(engine) as session:
            name = editions.find(session, newsletter, wanted).name
        confirm(f"Send no more copies of {name}, for good?", yes=yes)
        _cancel(run, engine, wanted)


def _cancel(run: Invocation, engine: Engine, period: str) -> None:
    with database.writing(engine) as session:
        edition = editions.find(session, run.settings.newsletter, period)
        skipped = editions.cancel(session, edition, now=run.now)
        say(f"{edition.name}: cancelled, {counted(skipped, 'copy', 'copies')} not sent")


app.command()(edition_proof.proof)
app.command()(edition_texts.note)
app.command()(edition_texts.subject)
app.command("list")(edition_status.list_)
app.command()(edition_status.show)
app.command()(edition_report.report)


def send_test(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="Where to send it.")],
    reader: Annotated[str, typer.Option("--as", help="The reader whose issue it is.")],
) -> None:
    """Send one reader's next issue to an address of yours; the ledger is not touched.

    Example: newsletter send-test me@example.com --as reader@example.com
    """
    from mailer.preview import reader_issues

    run = invocation(context)
    with run.store() as engine:
        reply = reader_issues.send_test(
            engine, run.settings, reader=reader, address=address, now=run.now
        )
    say(f"{address}: {reply}")
