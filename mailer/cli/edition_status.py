"""``newsletter editions list`` and ``show``: where editions stand."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy.engine import Engine

from mailer.cli import edition_texts
from mailer.cli.common import (
    Json,
    Period,
    counted,
    emit,
    invocation,
    named_period,
    say,
    table,
    warn,
)
from mailer.edition import status, subject_tests
from mailer.ledger import editions
from recommender.errors import NotFoundError
from recommender.models import Edition
from recommender.storage import database


def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the editions and how far they are, the latest first.

    Example: newsletter editions list
    """
    with invocation(context).store() as engine, database.reading(engine) as session:
        documents = [editions.document(session, edition) for edition in editions.listing(session)]
    for document in documents:
        document["progress"] = status.progress(document["totals"])
    if as_json:
        emit({"editions": documents})
        return
    keys = ("readers", "sent", "failed", "deferred")
    table(
        ["edition", "state", "#done", *(f"#{key}" for key in keys), "#skipped", "#in doubt"],
        [
            [
                document["edition"],
                document["state"],
                f"{document['progress']:.0%}",
                *(document["totals"][key] for key in keys),
                sum(document["totals"]["skipped"].values()),
                document["totals"]["in_doubt"],
            ]
            for document in documents
        ],
        empty="no editions yet; `newsletter editions send` makes the first",
    )


def show(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="weekly-2026-W48, or only the week.")] = None,
    period: Period = None,
    as_json: Json = False,
) -> None:
    """Show where an edition stands; while it is being sent, how fast it goes and when it is done.

    Example: newsletter editions show weekly-2026-W48 --json
    """
    run = invocation(context)
    period = name.removeprefix(f"{run.settings.newsletter}-") if name else period
    wanted = named_period(run, period)
    with run.store() as engine, database.reading(engine) as session:
        document = edition_texts.said(session, run.settings.newsletter, wanted)
        try:
            edition = editions.find(session, run.settings.newsletter, wanted)
        except NotFoundError:
            if not edition_texts.shown(document):
                raise
            document["state"] = "not planned"
        else:
            document |= status.status(session, run.settings, edition, now=run.now)
            document |= status.missing(session, edition, now=run.now)
    if as_json:
        emit(document)
        return
    say(f"{document['edition']}: {document['state']}" + because(document.get("why")))
    lines = _lines(document) if "totals" in document else iter(())
    for label, value in (*edition_texts.shown(document), *lines):
        say(f"  {label:<28} {value}")


def _lines(document: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """What is known of an edition, a line each."""
    for key in ("segment", "planned_at", "started_at", "finished_at"):
        if document[key]:
            yield key, _minute(document[key])
    yield from _last_error(document)
    yield "done", f"{document['progress']:.1%}"
    for key, value in document["totals"].items():
        for reason, number in value.items() if isinstance(value, dict) else [("", value)]:
            yield key + (f" ({reason})" if reason else ""), number
    yield from _others(document)
    if document["rate"]:
        yield "messages per second", document["rate"]
    for key in ("eta", "next_due", "warm_up"):
        if document[key]:
            yield key, _minute(document[key])
    for relay, share in document["relays"].items():
        yield f"by way of {relay}", f"{share:.0%}"
    for pause in document["paused_domains"]:
        yield f"{pause['domain']} paused", f"until {_minute(pause['until'])}: {pause['why']}"


def _others(document: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Who is not in it, and for whom it was planned."""
    if document["not_in_it_yet"]:
        late = "" if document["takes_readers"] else " (and it takes no more readers)"
        yield "not in it yet", f"{document['not_in_it_yet']}{late}"
    for reason, number in document["not_mailable"].items():
        yield f"not to be mailed ({reason})", number
    if len(document["plannings"]) > 1:
        for one in document["plannings"]:
            yield f"planned for {one['segment'] or 'everybody'}", counted(one["readers"], "reader")


def _last_error(document: dict[str, Any]) -> Iterator[tuple[str, object]]:
    if document["last_error"]:
        yield "last error", f"{_minute(document['last_error_at'])}: {document['last_error']}"


def warn_who_waits(engine: Engine, edition_id: int) -> None:
    """Say so when the rest of an edition's readers wait for its subject."""
    with database.reading(engine) as session:
        if subject_tests.waits(session, session.get_one(Edition, edition_id)):
            warn("the rest of the readers wait for the subject: `newsletter experiments list`")


def because(why: str | None) -> str:
    """Why an edition stands as it does, in brackets."""
    return f" ({why})" if why else ""


def _minute(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else str(value)
