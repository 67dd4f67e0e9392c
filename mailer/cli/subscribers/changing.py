"""``subscribers add`` and ``update``: one reader, field by field."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from mailer.cli.common import Invocation, invocation, say
from mailer.cli.subscribers import options
from mailer.cli.subscribers.options import Email
from recommender.errors import NewsletterError
from recommender.models import Status
from recommender.storage import database
from recommender.subscribers import consent, intake, records


@options.with_fields
def add(context: typer.Context, email: Email, **given: Any) -> None:
    """Add a reader, or add to what is known of one.

    Example: newsletter subscribers add reader@example.com --role CTO --topic "AI Strategy:3"
    """
    report = _take(invocation(context), email, given)
    say(f"{email}: {'added' if report.added else 'updated' if report.updated else 'unchanged'}")


@options.with_fields
def update(
    context: typer.Context,
    email: Email,
    *,
    status: Annotated[
        Status | None, typer.Option(help="New status; noted in the consent log.")
    ] = None,
    **given: Any,
) -> None:
    """Change a reader. Roles or topics given replace all those there were.

    Example: newsletter subscribers update reader@example.com --topic "Neural Software:3"
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        records.find(session, email)
    _take(run, email, given)
    if status is not None:
        _set_status(run, email, status)
    say(f"{email}: updated")


def _take(run: Invocation, email: str, given: Mapping[str, Any]) -> intake.Report:
    try:
        said = options.values(given)
    except ValueError as error:
        raise NewsletterError(str(error)) from error
    row = options.draft({"email": email, **said})
    with run.store() as engine:
        report = intake.import_rows(
            lambda: database.writing(engine),
            [row],
            file="command line",
            now=run.now,
            source="admin",
        )
    if report.rejected:
        raise NewsletterError(report.rejected[0].why)
    return report


def _set_status(run: Invocation, email: str, status: Status) -> None:
    with run.store() as engine, database.writing(engine) as session:
        reader = records.find(session, email)
        if status == Status.ACTIVE and consent.is_suppressed(session, email):
            raise NewsletterError(f"{email} is suppressed and cannot be made active")
        proof = {"command": "subscribers update"}
        consent.change(session, reader, status, source="admin", now=run.now, proof=proof)
