"""``stories edit``, ``hold``, ``release`` and ``pin``: an editor's word on one story."""

from collections.abc import Mapping
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
from recommender.articles import catalogue, edit_values, edits, fields
from recommender.articles.story_edits import Pin, StoryEdits
from recommender.corrections import Author
from recommender.errors import InputError
from recommender.models import EditKind, Story
from recommender.storage import database
from recommender.vocabulary import new_names

Identifier = Annotated[
    str, typer.Argument(metavar="ID", help="article/story; of an article with one story, its id.")
]


def _names_of(help_: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(help=f"{help_}; repeat it.")
    return option


Insight = Annotated[list[str] | None, _names_of("One of its key insights")]
Practice = Annotated[list[str] | None, _names_of("What it comes to in practice, a point")]
Principle = Annotated[list[str] | None, _names_of("One of its principles")]
Code = Annotated[list[str] | None, _names_of("One of its code references")]
Topics = Annotated[list[str] | None, _names_of("One of its topics, instead of its source's")]
Roles = Annotated[list[str] | None, _names_of("Whom it is best for, likewise")]
NotBefore = Annotated[str | None, typer.Option(metavar="DATE", help="Choose it from then on only.")]
NotAfter = Annotated[str | None, typer.Option(metavar="DATE", help="Choose it until then only.")]
OPTIONS: Mapping[EditKind, str] = {
    **{kind: f"--{kind.value.replace('_', '-')}" for kind in EditKind},
    EditKind.INSIGHTS: "--insight",
    EditKind.PRINCIPLES: "--principle",
    EditKind.CODE_REFERENCES: "--code-reference",
    EditKind.IMAGE: "--picture",
    EditKind.TOPICS: "--topic",
    EditKind.ROLES: "--role",
}
"""The option of each kind of edit."""


def edit(
    context: typer.Context,
    story: Identifier,
    *,
    title: Annotated[str | None, typer.Option(help="Its title.")] = None,
    summary: Annotated[str | None, typer.Option(help="Its summary.")] = None,
    takeaway: Annotated[str | None, typer.Option(help="Its key takeaway.")] = None,
    insight: Insight = None,
    practice: Practice = None,
    principle: Principle = None,
    code_reference: Code = None,
    picture: Annotated[str | None, typer.Option(help="Its picture: an https address.")] = None,
    alt: Annotated[str | None, typer.Option(help="What the picture shows, in words.")] = None,
    topic: Topics = None,
    role: Roles = None,
    url: Annotated[str | None, typer.Option(help="Where it leads.")] = None,
    not_before: NotBefore = None,
    not_after: NotAfter = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Say something else of a story than its source does. An empty text takes an edit back; of a
    text, points or the picture, "none" leaves it out. Points, topics and roles take the place of
    all that the source has: repeat the option.

    Example: newsletter stories edit 645-brief/five-gens-of-tpus --title "Five TPUs" --topic Chips
    """
    run = invocation(context)
    given: Mapping[EditKind, str | list[str] | None] = {
        EditKind.TITLE: title, EditKind.SUMMARY: summary, EditKind.TAKEAWAY: takeaway,
        EditKind.INSIGHTS: insight, EditKind.PRACTICE: practice, EditKind.PRINCIPLES: principle,
        EditKind.CODE_REFERENCES: code_reference, EditKind.IMAGE: picture,
        EditKind.TOPICS: topic, EditKind.ROLES: role, EditKind.URL: url,
        EditKind.NOT_BEFORE: not_before, EditKind.NOT_AFTER: not_after,
    }  # fmt: skip
    wanted = {kind: _value(run, kind, one) for kind, one in given.items() if one is not None}
    if not wanted and alt is None:
        raise typer.BadParameter("say what to change, such as --title", param_hint="story")
    with run.store() as engine, database.writing(engine) as session:
        row = edits.find(session, story)
        if alt is not None or wanted.get(EditKind.IMAGE):
            wanted[EditKind.IMAGE] = _picture(session, row, run.now, picture, alt)
        new = new_names.of(session, {"topic": topic or (), "role": role or ()})
        _make(session, row, wanted, author(run, by))
        _answer(run, session, row, as_json=as_json)
    for one in new:
        warn(f"note: {one.sentence()}")


def _value(run: Invocation, kind: EditKind, given: str | list[str]) -> Any:
    """What was given for an edit, checked; None takes it back."""
    try:
        if kind in edits.NAMES:
            return [name for text in given if (name := fields.name(text.strip()))] or None
        text = given if isinstance(given, str) else "\n".join(given)
        return edit_values.checked(kind, text, run.settings.zone, run.now)
    except ValueError as error:
        raise InputError(OPTIONS[kind], None, str(error)) from None


def _picture(
    session: Session, row: Story, now: datetime, url: str | None, alt: str | None
) -> dict[str, Any]:
    """The picture that is wanted: another, or other words for the one that is shown."""
    said = edits.current(session, now).get(row.id, StoryEdits())
    shown = said.parts.get("image", row.image)
    address = url or (shown.url if shown else "")
    if not address:
        raise InputError("--alt", None, "the story has no picture; give one by --picture")
    words = alt if alt is not None or shown is None or shown.url != address else shown.alt
    try:
        return edit_values.picture(address, words or "", shown or row.image)
    except ValueError as error:
        raise InputError("--picture", None, str(error)) from None


def _make(session: Session, row: Story, wanted: Mapping[EditKind, Any], editor: Author) -> None:
    for kind, value in wanted.items():
        if value is None:
            edits.end(session, row, [kind], by=editor.name, now=editor.at)
        else:
            edits.make(session, row, kind, value, by=editor.name, now=editor.at)


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
        where = Pin(period, segment, run.settings.newsletter)
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
    source = {str(kind): value for kind, value in edits.source(row).items()}
    source["image"] = row.image.document() if row.image else None
    edited = {
        name: value
        for name, value in (("topics", said.topics), ("roles", said.roles))
        if value is not None
    }
    return {
        "id": f"{row.article.key}/{row.key}",
        **source,
        **said.replaced_in_document(),
        **edited,
        "source": source,
        "may_be_chosen": said.open_at(now)
        and catalogue.can_be_shown(row, row.article, said)
        and not row.retired_at
        and not row.article.withdrawn_at,
        "edits": list(said.words(now)),
    }
