"""``subscribers add``: one reader, field by field."""

from collections.abc import Mapping
from typing import Any

import typer

from mailer.cli.common import Invocation, invocation, say, warn
from mailer.cli.subscribers import options
from mailer.cli.subscribers.options import Email
from recommender.errors import NewsletterError
from recommender.storage import database
from recommender.subscribers import intake


@options.with_fields
def add(context: typer.Context, email: Email, **given: Any) -> None:
    """Add a reader, or add to what is known of one.

    Example: newsletter subscribers add reader@example.com --role CTO --topic "AI Strategy:3"
    """
    report = _take(invocation(context), email, given)
    say(f"{email}: {'added' if report.added else 'updated' if report.updated else 'unchanged'}")


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
    for one in report.warnings:
        warn(f"warning: {one.why}")
    return report
