"""``newsletter bounces``: what mail servers and providers sent back."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.common import Invocation, Json, emit, invocation, progress, say, warn
from mailer.inbound import bounce_processing, formats, mailboxes
from mailer.inbound.dead_mailbox_policy import SoftBounceLimit
from mailer.mime.headers import plain
from recommender.errors import ConfigurationError
from recommender.storage import database

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
    messages = (message for _, message in mailboxes.messages(paths))
    _process(invocation(context), messages, as_json=as_json)


@app.command()
def poll(context: typer.Context, as_json: Json = False) -> None:
    """Read what is new in the Maildir that `bounce_mailbox` names, and mark it as seen.

    Example: newsletter bounces poll
    """
    run = invocation(context)
    if run.settings.bounce_mailbox is None:
        raise ConfigurationError("bounce_mailbox: must name the Maildir to which bounces come")
    _process(run, mailboxes.collect(run.settings.bounce_mailbox), as_json=as_json)


@app.command()
def inspect(
    paths: Annotated[list[Path], typer.Argument(help="Messages, mbox, Maildir, or folders.")],
    as_json: Json = False,
) -> None:
    """Say what each message is taken for, and do nothing: file, kind, enhanced status, recipient,
    words. It needs no store.

    Example: newsletter bounces inspect ~/Maildir
    """
    report = bounce_processing.Report()
    for file, message in mailboxes.messages(paths):
        value, why = None, ""
        try:
            value = formats.parse(message)
        except Exception as error:  # noqa: BLE001  (one message stops nobody)
            why = f"cannot be read: {type(error).__name__}"
        report.count(value)
        if not as_json:
            words = (value.recipient, value.words) if value else ("", why)
            status = (value and value.status) or "-"
            kind = value.kind if value else "ignored"
            say("  ".join([plain(str(file)), kind, status, words[0] or "-", words[1] or "-"]))
    if as_json:
        emit(report.document())


def _process(run: Invocation, messages: Iterable[bytes], *, as_json: bool) -> None:
    def set_aside(message: bytes, why: str) -> None:
        file = mailboxes.save(run.settings.home / "quarantine", message)
        warn(f"set aside, since it cannot be read ({why}): {file}")

    limit = SoftBounceLimit(run.settings.soft_bounces, run.settings.soft_bounce_days)
    rules = bounce_processing.Rules(run.settings.secrets, limit)
    with run.store() as engine, progress("reading") as advance:
        report = bounce_processing.process(
            lambda: database.writing(engine),
            messages,
            rules=rules,
            now=run.now,
            set_aside=set_aside,
            progress=advance,
        )
    if as_json:
        emit(report.document())
    else:
        say(
            f"{report.read} read: {report.hard} hard, {report.soft} soft, "
            f"{report.complaints} complaints, {report.replies} replies, {report.ignored} ignored; "
            f"{report.matched} matched"
        )
