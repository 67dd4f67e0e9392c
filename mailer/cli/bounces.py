"""``newsletter bounces``: what mail servers and providers sent back."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.common import Invocation, Json, emit, invocation, progress, say
from mailer.returns import bounces, mailboxes
from recommender import database
from recommender.errors import ConfigurationError

app = typer.Typer(no_args_is_help=True)


@app.command("import")
def import_(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Messages, mbox, Maildir, or folders.")],
    as_json: Json = False,
) -> None:
    """Read notifications (DSN) and complaints (ARF): dead mailboxes and who complained are
    suppressed. Reading one twice changes nothing.

    Example: newsletter bounces import ~/Maildir returned.mbox
    """
    _take(invocation(context), mailboxes.messages(paths), as_json=as_json)


@app.command()
def poll(context: typer.Context, as_json: Json = False) -> None:
    """Read what is new in the Maildir that `bounce_mailbox` names, and mark it as seen.

    Example: newsletter bounces poll
    """
    run = invocation(context)
    if run.settings.bounce_mailbox is None:
        raise ConfigurationError("bounce_mailbox: must name the Maildir to which bounces come")
    _take(run, mailboxes.collect(run.settings.bounce_mailbox), as_json=as_json)


def _take(run: Invocation, messages: Iterable[bytes], *, as_json: bool) -> None:
    with run.store() as engine, progress("reading") as advance:
        report = bounces.take(
            lambda: database.writing(engine),
            messages,
            secrets=run.settings.secrets,
            now=run.now,
            progress=advance,
        )
    if as_json:
        emit(report.document())
    else:
        say(
            f"{report.read} read: {report.hard} hard, {report.soft} soft, "
            f"{report.complaints} complaints, {report.ignored} ignored"
        )
