"""``stories edit``, ``hold``, ``release`` and ``pin``: an editor's word on one story."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from mailer.cli import dates
from mailer.cli.common import (
    By,
    Invocation,
    Json,
    author,
    emit,
    invocation,
    named_period,
    say,
    warn,
)
from mailer.preview import pin_cost
from recommender import segments
from recommender.articles import catalogue, edits, fields
from recommender.articles.edits import StoryEdits
from recommender.corrections import Author
from recommender.errors import InputError
from recommender.models import EditKind, Story
from recommender.storage import database
from recommender.vocabulary import new_names

Identifier = Annotated[
    str, typer.Argument(metavar="ID", help="article/story; of an article with one story, its id.")
]


def edit(
    context: typer.Context,
    story: Identifier,
    *,
    title: Annotated[str | None, typer.Option(help="Its title.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="Its topics, instead of its source's; repeat it.")
    ] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="Whom it is best for, likewise; repeat it.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where it leads.")] = None,
    not_before: Annotated[
        str | None, typer.Option(metavar="DATE", help="Choose it from then on only.")
    ] = None,
    not_after: Annotated[
        str | None, typer.Option(metavar="DATE", help="Choose it until then only.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Say something else of a story than its source does. An empty text takes an edit back.

    Example: newsletter stories edit 645-brief/five-gens-of-tpus --title "Five TPUs" --topic Chips
    """
    run = invocation(context)
    wanted: Mapping[EditKind, Any] = {
        EditKind.TITLE: _checked("--title", fields.title, title),
        EditKind.TOPICS: _names("--topic", topic),
        EditKind.ROLES: _names("--role", role),
        EditKind.URL: _checked("--url", fields.web_address, url),
        EditKind.NOT_BEFORE: dates.moment(run, "--not-before", not_before),
        EditKind.NOT_AFTER: dates.moment(run, "--not-after", not_after, end=True),
    }
    if all(value is None for value in wanted.values()):
        raise typer.BadParameter("say what to change, such as --title", param_hint="story")
    with run.store() as engine, database.writing(engine) as session:
        row = edits.find(session, story)
        new = new_names.of(session, {"topic": topic or (), "role": role or ()})
        _make(session, row, wanted, author(run, by))
        _answer(run, session, row, as_json=as_json)
    for one in new:
        warn(f"note: {one.sentence()}")


def _make(session: Session, row: Story, wanted: Mapping[EditKind, Any], editor: Author) -> None:
    for kind, value in wanted.items():
        if value:
            edits.make(session, row, kind, value, by=editor.name, now=editor.at)
        elif value is not None:
            edits.end(session, row, [kind], by=editor.name, now=editor.at)


def _checked(option: str, rule: Callable[[str], str], text: str | None) -> str | None:
    """The text as ``rule`` has it; none, or an empty one, is left as it is."""
    if not text:
        return text
    try:
        return rule(text)
    except ValueError as error:
        raise InputError(option, None, str(error)) from None


def _names(option: str, names: list[str] | None) -> list[str] | None:
    if names is None:
        return None
    return [name for text in names if (name := _checked(option, fields.name, text.strip()))]


def _answer(run: Invocation, session: Session, row: Story, *, as_json: bool, **more: Any) -> None:
    """What holds for the story now, and ``more`` for a machine."""
    said = edits.current(session, run.now).get(row.id, StoryEdits())
    found = document(row, said, run.now) | more
    if as_json:
        emit(found)
        return
    say(f"{found['id']}: {'; '.join(found['edits']) or 'as its source says'}")


def hold(
    context: typer.Context,
    story: Identifier,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Until then; else until it is released.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Choose a story for nobody. Issues already planned keep it.

    Example: newsletter stories hold 645-brief/five-gens-of-tpus --until 2026-12-01
    """
    run = invocation(context)
    moment, editor = dates.moment(run, "--until", until), author(run, by)
    with run.store() as engine, database.writing(engine) as session:
        row = edits.find(session, story)
        edits.make(session, row, EditKind.HOLD, moment, by=editor.name, now=run.now)
        _answer(run, session, row, as_json=as_json)


def release(
    context: typer.Context, story: Identifier, by: By = None, as_json: Json = False
) -> None:
    """End every hold and pin of a story.

    Example: newsletter stories release 645-brief/five-gens-of-tpus
    """
    run = invocation(context)
    editor = author(run, by)
    with run.store() as engine, database.writing(engine) as session:
        row = edits.find(session, story)
        ended = edits.release(session, row, by=editor.name, now=run.now)
        _answer(run, session, row, as_json=as_json)
    if not ended and not as_json:
        say("it was neither held nor pinned")


def pin(
    context: typer.Context,
    story: Identifier,
    segment: Annotated[str | None, typer.Option(help="For readers of this segment only.")] = None,
    period: Annotated[str | None, typer.Option(help="For this edition only.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make a story a must-read: it leads or follows the lead of every issue it may be in. It says
    how many readers get it by that, and what they lose for it; and of a story that is pinned
    already, who did it and when.

    Example: newsletter stories pin 645-brief/five-gens-of-tpus --period 2026-W48
    """
    run = invocation(context)
    editor, wanted = author(run, by), named_period(run, period)
    past = wanted < named_period(run, None)
    with run.store() as engine, database.writing(engine) as session:
        row = edits.find(session, story)
        if segment is not None:
            segments.get(session, segment)
        where = edits.Pin(period, segment, run.settings.newsletter)
        before = edits.pinned_already(session, row, where)
        if before is None:
            edits.make(session, row, EditKind.PIN, by=editor.name, now=run.now, pin=where)
        found = pin_cost.cost(
            session, run.settings, row.id, period=wanted, now=run.now, segment=segment
        )
        more = {
            "cost": None if found is None else found.document(),
            "pinned_before": None
            if before is None
            else {"by": before.made_by, "at": before.made_at},
        }
        _answer(run, session, row, as_json=as_json, **more)
    if as_json:
        return
    if before is not None:
        say(f"pinned already, by {before.made_by} on {before.made_at:%Y-%m-%d}: nothing changes")
    if past:
        warn(f"note: {wanted} is past")
    say(found.sentence() if found else "it cannot be chosen now: it is held, or not of this time")


def document(row: Story, said: StoryEdits, now: datetime) -> dict[str, Any]:
    """The story as it is chosen and printed, for a machine."""
    topics = said.topics or [topic.topic.name for topic in row.topics]
    roles = said.roles or [role.role.name for role in row.roles]
    return {
        "id": f"{row.article.key}/{row.key}",
        "title": said.title or row.title,
        "url": said.url or row.url or row.article.url,
        "topics": topics,
        "roles": roles,
        "source": {"title": row.title, "url": row.url or row.article.url},
        "may_be_chosen": said.open_at(now)
        and catalogue.can_be_shown(row, row.article, said)
        and not row.retired_at
        and not row.article.withdrawn_at,
        "edits": list(said.words(now)),
    }
