"""``newsletter bounces``: what mail servers and providers sent back."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.common import Invocation, Json, emit, invocation, progress, say, warn
from mailer.inbound import bounce_processing, formats, mailboxes
from mailer.mime.headers import plain
from mailer.service import answers, bounce_polling
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
    """Read what is new in the mailboxes that `bounce_mailbox` names (IMAP, POP3, Maildir). Each
    message is acted on once; only then is it marked as seen, or moved.

    Example: newsletter bounces poll
    """
    run = invocation(context)
    if not run.settings.bounce_mailbox:
        raise ConfigurationError(
            "bounce_mailbox: must name the mailbox to which bounces come, such as "
            "imaps://user:password@host/INBOX or the path of a Maildir"
        )
    with run.store() as engine, progress("reading") as advance:
        polled = list(
            bounce_polling.poll(engine, run.settings, lambda: run.now, warn, progress=advance)
        )
        answers.send_pending(engine, run.settings, lambda: run.now, warn)
    for one in polled:
        if one.problem is not None:
            warn(f"warning: {one.problem}")
    _show(bounce_polling.sum_up(polled), as_json=as_json)
    if any(one.problem is not None for one in polled):
        raise typer.Exit(1)


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
    with run.store() as engine, progress("reading") as advance:
        report = bounce_processing.process(
            lambda: database.writing(engine),
            messages,
            # Files may be old: who wrote that they leave may have come back since.
            rules=replace(bounce_polling.rules(run.settings), replies=None),
            now=run.now,
            set_aside=bounce_polling.aside(run.settings, warn),
            progress=advance,
        )
    _show(report, as_json=as_json)


def _show(report: bounce_processing.Report, *, as_json: bool) -> None:
    if as_json:
        emit(report.document())
        return
    say(report.line())
    if report.asked:
        counts = ", ".join(f"{number} {name}" for name, number in sorted(report.asked.items()))
        say(f"replies by what they ask for: {counts}")
    for words in report.of_sender:
        say(f"about this sender, nobody is suppressed: {plain(words)}")
