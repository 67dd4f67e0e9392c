"""``newsletter editions note`` and ``subject``: what editors give an edition beside its stories."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from mailer.cli.common import (
    By,
    Invocation,
    Json,
    Period,
    author,
    emit,
    invocation,
    named_period,
    say,
)
from mailer.edition import edition_edits, planning
from mailer.issue import notes, plaintext, wording
from recommender.errors import InputError
from recommender.models import EditionEditKind
from recommender.storage import database

Clear = Annotated[bool, typer.Option("--clear", help="Take it back.")]


def note(
    context: typer.Context,
    *,
    text: Annotated[str | None, typer.Option(help="What it says, in Markdown.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="A file that says it, in Markdown; - for standard input.")
    ] = None,
    segment: Annotated[
        str | None, typer.Option(help="Only for its readers, below the note for everybody.")
    ] = None,
    clear: Clear = False,
    period: Period = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Put an editors' note at the top of an edition's issues, planned or not, for everybody or a
    segment. It may be changed until the first copy is on its way. Without text, show what is there.

    Example: newsletter editions note --text "We are back from **Lisbon**." --period 2026-W48
    """
    if (text is not None) + (file is not None) + clear > 1:
        raise typer.BadParameter("give one of --text, --file, --clear", param_hint="note")
    given = text if file is None else _read(file)
    if given is not None:
        try:
            given = notes.check(given)
        except ValueError as error:
            where = "--text" if file is None else str(file)
            raise InputError(where, None, f"the note {error}") from None
    _change(
        invocation(context), EditionEditKind.NOTE, given,
        period=period, segment=segment, clear=clear, by=by, as_json=as_json,
    )  # fmt: skip


def subject(
    context: typer.Context,
    text: Annotated[str | None, typer.Argument(help="The subject of every copy.")] = None,
    clear: Clear = False,
    period: Period = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Give all copies of an edition, planned or not, this subject instead of their lead's title. It
    may be changed until the first copy is on its way. Without text, show what is there.

    Example: newsletter editions subject "The chips issue" --period 2026-W48
    """
    if text is not None:
        if clear:
            raise typer.BadParameter("give a subject or --clear", param_hint="TEXT")
        text = plaintext.clean(text)
        if not text or len(text) > wording.LONGEST_SUBJECT:
            raise InputError(
                "subject", None,
                f"has {len(text)} characters; 1 to {wording.LONGEST_SUBJECT} are taken",
            )  # fmt: skip
    _change(
        invocation(context), EditionEditKind.SUBJECT, text,
        period=period, segment=None, clear=clear, by=by, as_json=as_json,
    )  # fmt: skip


def _read(path: Path) -> str:
    limit = 4 * notes.LONGEST + 1
    try:
        if str(path) == "-":
            return sys.stdin.read(limit)
        with path.open(encoding="utf-8-sig") as file:
            return file.read(limit)
    except UnicodeDecodeError:
        raise InputError(path, None, "is not UTF-8") from None
    except OSError as error:
        raise InputError(path, None, error.strerror or str(error)) from None


def _change(
    run: Invocation,
    kind: EditionEditKind,
    value: str | None,
    *,
    period: str | None,
    segment: str | None,
    clear: bool,
    by: str | None,
    as_json: bool,
) -> None:
    wanted, editor = named_period(run, period), author(run, by)
    with run.store() as engine:
        if value is not None or clear:
            with database.writing(engine) as session:
                edition_edits.make(
                    session, planning.newsletter_of(session, run.settings), wanted, kind, value,
                    by=editor.name, now=run.now, segment=segment,
                )  # fmt: skip
        with database.reading(engine) as session:
            document = said(session, run.settings.newsletter, wanted)
    if as_json:
        emit(document)
        return
    lines = list(shown(document))
    say(f"{document['edition']}:" + ("" if lines else " no note, and no subject of the editors'"))
    for label, words in lines:
        say(f"  {label:<28} {words}")


def said(session: Session, newsletter: str, period: str) -> dict[str, Any]:
    """What editors said of an edition, with its name."""
    document = edition_edits.document(session, newsletter, period)
    return {"edition": f"{newsletter}-{period}", **document}


def shown(document: dict[str, Any]) -> list[tuple[str, str]]:
    """What editors said of an edition, a label and a few words each."""
    lines = []
    if one := document["subject"]:
        lines.append(("subject", f"{one['text']} ({one['by']}, {one['at']:%Y-%m-%d %H:%M} UTC)"))
    for one in document["notes"]:
        words = plaintext.shorten(plaintext.clean(one["text"]), 60)
        label = f"note for {one['segment']}" if one["segment"] else "note"
        lines.append((label, f"{words} ({one['by']}, {one['at']:%Y-%m-%d %H:%M} UTC)"))
    return lines
