"""``newsletter subscribers``: who reads, and what they want."""

import sys
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from mailer import erasure
from mailer.cli import imports
from mailer.cli.common import Json, emit, invocation, progress, say, table
from recommender.datasets import store_export
from recommender.errors import InputError, NewsletterError, Rejected
from recommender.models import Frequency, Status
from recommender.safety import private_files
from recommender.storage import database
from recommender.subscribers import address_change, consent, fields, files, intake, records
from recommender.subscribers.fields import SubscriberDraft

app = typer.Typer(no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="The reader's address.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="A role; may be repeated.")]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", help="A topic, or topic:weight with a weight from -2 to 3; repeat."),
]
Name = Annotated[str | None, typer.Option(help="The reader's name.")]
Zone = Annotated[str | None, typer.Option("--timezone", help="IANA time zone.")]
Locale = Annotated[str | None, typer.Option(help="Language tag such as en or de-AT.")]
Often = Annotated[Frequency | None, typer.Option("--frequency", help="How often they get one.")]
Day = Annotated[str | None, typer.Option(help="Their own day of the week, such as monday.")]
Hour = Annotated[str | None, typer.Option(help="Their own hour on their own clock, such as 7.")]


@app.command("import")
def import_(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A .csv or .jsonl file, or a folder of them.")],
    dry_run: Annotated[bool, typer.Option(help="Check everything, change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Import readers; rows that cannot be taken are named, the rest go in.

    Example: newsletter subscribers import readers.csv --dry-run
    """
    run = invocation(context)
    report = intake.Report()
    with run.store() as engine, progress("importing readers") as advance:
        for file in files.within(path):
            so_far = report.read
            if isinstance(file, Rejected):
                report.rejected.append(file)
                continue
            try:
                found = intake.import_rows(
                    lambda: database.writing(engine),
                    files.read(file),
                    file=str(file),
                    now=run.now,
                    dry_run=dry_run,
                    progress=lambda read, so_far=so_far: advance(so_far + read),  # type: ignore[misc]
                )
            except InputError as error:
                found = intake.Report()
                found.rejected.append(Rejected(error.path, error.line, error.why))
            report.add(found)
    before = "dry run, nothing changed: " if dry_run else ""
    imports.answer(report, as_json=as_json, before=before, held=report.held)


@app.command()
def add(
    context: typer.Context,
    email: Email,
    name: Name = None,
    role: Roles = None,
    topic: Topics = None,
    timezone: Zone = None,
    locale: Locale = None,
    frequency: Often = None,
    day: Day = None,
    hour: Hour = None,
) -> None:
    """Add a reader, or add to what is known of one.

    Example: newsletter subscribers add reader@example.com --role CTO --topic "AI Strategy:3"
    """
    values = _values(email, name, role, topic, timezone, locale)
    report = _take(context, values | {"frequency": frequency, "day": day, "hour": hour})
    say(f"{email}: {'added' if report.added else 'updated' if report.updated else 'unchanged'}")


@app.command()
def update(
    context: typer.Context,
    email: Email,
    name: Name = None,
    role: Roles = None,
    topic: Topics = None,
    timezone: Zone = None,
    locale: Locale = None,
    frequency: Often = None,
    day: Day = None,
    hour: Hour = None,
    status: Annotated[
        Status | None, typer.Option(help="New status; noted in the consent log.")
    ] = None,
) -> None:
    """Change a reader. Roles or topics given replace all those there were.

    Example: newsletter subscribers update reader@example.com --topic "Neural Software:3"
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        records.find(session, email)
    values = _values(email, name, role, topic, timezone, locale)
    _take(context, values | {"frequency": frequency, "day": day, "hour": hour})
    if status is not None:
        with run.store() as engine, database.writing(engine) as session:
            reader = records.find(session, email)
            if status == Status.ACTIVE and consent.is_suppressed(session, email):
                raise NewsletterError(f"{email} is suppressed and cannot be made active")
            consent.change(
                session,
                reader,
                status,
                source="admin",
                now=run.now,
                proof={"command": "subscribers update"},
            )
    say(f"{email}: updated")


def _values(
    email: str,
    name: str | None,
    roles: list[str] | None,
    topics: list[str] | None,
    timezone: str | None,
    locale: str | None,
) -> dict[str, Any]:
    return {
        "email": email,
        "name": name,
        "roles": roles or None,
        "topics": files.weighted(topics) if topics else None,
        "timezone": timezone,
        "locale": locale,
    }


def _take(context: typer.Context, values: dict[str, Any]) -> intake.Report:
    run = invocation(context)
    row = _draft(values)
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


def _draft(values: dict[str, Any]) -> SubscriberDraft:
    try:
        return fields.draft(1, values)
    except ValueError as error:
        raise NewsletterError(str(error)) from error


@app.command()
def show(context: typer.Context, email: Email, as_json: Json = False) -> None:
    """Show all that is held of a reader.

    Example: newsletter subscribers show reader@example.com --json
    """
    with invocation(context).store() as engine, database.reading(engine) as session:
        held = records.everything(session, records.find(session, email))
    if as_json:
        emit(held)
        return
    shown = ("email", "name", "status", "suppressed", "timezone", "locale", "frequency", "day")
    for key in (*shown, "hour", "created_at"):
        if held[key] not in (None, ""):
            say(f"{key:<11} {held[key]}")
    say(f"{'roles':<11} {', '.join(held['roles']) or '(none stated)'}")
    topics = [f"{name} {weight:+g}" for name, weight in held["topics"].items()]
    say(f"{'topics':<11} {', '.join(topics) or '(none stated)'}")
    for event in held["consent"]:
        step = f"{event['before'] or '-'} → {event['after']} ({event['source']})"
        say(f"{'consent':<11} {event['at'][:16]} {step}")
    for copy in held["deliveries"]:
        say(f"{'issue':<11} {copy['edition']} {copy['state']} {(copy['at'] or '')[:16]}")


@app.command("list")
def list_(
    context: typer.Context,
    status: Annotated[Status | None, typer.Option(help="Only readers of this status.")] = None,
    search: Annotated[str | None, typer.Option(help="Part of the address.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """List readers in the order they came.

    Example: newsletter subscribers list --status active --search example.com
    """
    rows: list[dict[str, Any]] = []
    with invocation(context).store() as engine, database.reading(engine) as session:
        for reader in records.listing(session, status=status, search=search):
            rows.append(records.document(reader))
            if len(rows) == limit:
                break
    if as_json:
        emit({"subscribers": rows})
        return
    table(
        ["email", "name", "status", "roles", "topics"],
        [
            [r["email"], r["name"], r["status"], ", ".join(r["roles"]), ", ".join(r["topics"])]
            for r in rows
        ],
        empty="no readers; `newsletter subscribers import FILE` brings some in",
    )


@app.command()
def export(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A .csv or .jsonl file; default: JSONL to the screen.")
    ] = None,
    email: Annotated[
        str | None, typer.Option(help="All that is held of this one reader, as JSON.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="What each reader was sent and answered, too (JSONL).")
    ] = False,
) -> None:
    """Export readers in the form that `import` takes; with --history, that `rank` takes.

    Example: newsletter subscribers export readers.csv
    """
    with invocation(context).store() as engine, database.reading(engine) as session:
        if email is not None:
            emit(records.everything(session, records.find(session, email)))
            return
        if file is not None and file.suffix.lower() not in {".csv", ".jsonl"}:
            raise NewsletterError(f"{file}: expected a name ending in .csv or .jsonl")
        if history and file is not None and file.suffix.lower() != ".jsonl":
            raise NewsletterError(f"{file}: a history is exported to .jsonl only")
        readers = (
            store_export.readers(session, sa.true())
            if history
            else (records.document(reader) for reader in records.listing(session))
        )
        if file is None:
            for reader in readers:
                emit(reader)
            return
        with private_files.located(file), private_files.opened(file, "w") as target:
            number = files.write(target, readers, file.suffix.lower())
    say(f"{number} readers written to {file}")


@app.command()
def unsubscribe(context: typer.Context, email: Email) -> None:
    """Stop mailing a reader. They may subscribe again by themselves.

    Example: newsletter subscribers unsubscribe reader@example.com
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        reader = records.find(session, email)
        done = consent.change(
            session,
            reader,
            Status.UNSUBSCRIBED,
            source="admin",
            now=run.now,
            proof={"command": "subscribers unsubscribe"},
        )
    say(f"{email}: {'unsubscribed' if done else 'was unsubscribed already'}")


@app.command()
def suppress(
    context: typer.Context,
    email: Email,
    reason: Annotated[str, typer.Option(help="Why, in a word.")] = "admin",
) -> None:
    """Never mail an address again, whatever is imported later.

    Example: newsletter subscribers suppress reader@example.com --reason complaint
    """
    run = invocation(context)
    address = _draft({"email": email}).email
    with run.store() as engine, database.writing(engine) as session:
        done = consent.suppress(
            session,
            address,
            reason=reason[:64],
            now=run.now,
            proof={"command": "subscribers suppress"},
        )
    say(f"{email}: {'suppressed' if done else 'was suppressed already'}")


@app.command()
def erase(
    context: typer.Context,
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete all that is held of a reader; only a salted hash stays, so that no import or `add`
    brings them back: they can, by subscribing on the pages and confirming.

    Example: newsletter subscribers erase reader@example.com --yes
    """
    run = invocation(context)
    if not yes:
        if not sys.stdin.isatty():
            raise NewsletterError(
                "erasing cannot be undone, and nobody but the reader can bring the address back, "
                "by subscribing and confirming; add --yes to confirm"
            )
        question = f"Erase {email} for good? Only the reader can come back, by subscribing anew."
        typer.confirm(question, abort=True)
    with run.store() as engine:
        done = erasure.erase(engine, run.settings, email, now=run.now)
        beyond = erasure.not_reached(engine)
    also = f", files removed: {done.files}" if done.files else ""
    say(f"{email}: erased{also}")
    say(beyond)
    if done.left:
        raise NewsletterError(f"erased, but {'; '.join(done.left)}")


@app.command()
def revoke(context: typer.Context, email: Email) -> None:
    """Void every personal link of a reader; the links in their issues keep working.

    Example: newsletter subscribers revoke reader@example.com
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        address_change.revoke(records.find(session, email))
    say(f"{email}: all personal links are void; the reader gets a new one from any issue")
