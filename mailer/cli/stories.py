"""``newsletter stories``: what editors say of single stories. It survives every import."""

from collections.abc import Callable, Mapping
from datetime import datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import typer
from sqlalchemy.orm import Session

from mailer.cli.common import Invocation, Json, emit, invocation, named_period, say, table, who
from mailer.edition import schedule
from mailer.preview import pin_cost
from recommender import segments
from recommender.articles import edits, fields
from recommender.articles.edits import StoryEdits
from recommender.errors import InputError
from recommender.models import Article, Edit, EditKind, Story
from recommender.storage import database

app = typer.Typer(no_args_is_help=True)
Identifier = Annotated[
    str, typer.Argument(metavar="ID", help="article/story; of an article with one story, its id.")
]


@app.command("list")
def list_(
    context: typer.Context,
    search: Annotated[str | None, typer.Option(help="Only titles with these words.")] = None,
    edited: Annotated[bool, typer.Option("--edited", help="Only stories with edits.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """List stories, those of the latest articles first, with what editors have said of them.

    Example: newsletter stories list --edited
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        said = edits.current(session, run.now)
        when = sa.func.coalesce(Article.published_at, Article.imported_at)
        query = (
            sa.select(Story, Article)
            .join(Article, Article.id == Story.article_id)
            .where(Story.retired_at.is_(None), Article.withdrawn_at.is_(None))
            .order_by(when.desc(), Article.id.desc(), Story.position)
        )
        if search:
            query = query.where(
                sa.func.lower(Story.title).contains(search.lower(), autoescape=True)
            )
        if edited:
            query = query.where(Story.id.in_(list(said)))
        rows = [
            _row(story, article, said.get(story.id, StoryEdits()), run.now)
            for story, article in session.execute(query.limit(limit))
        ]
    if as_json:
        emit({"stories": rows})
        return
    table(
        ["date", "story", "title", "edits"],
        [[row["date"], row["id"], row["title"], ", ".join(row["edits"])] for row in rows],
        empty="no such stories; `newsletter articles import PATH` brings some in",
    )


def _row(story: Story, article: Article, said: StoryEdits, now: datetime) -> dict[str, Any]:
    return {
        "id": f"{article.key}/{story.key}",
        "title": said.title or story.title,
        "date": (article.published_at or article.imported_at).date(),
        "edits": list(said.words(now)),
    }


@app.command()
def show(context: typer.Context, story: Identifier, as_json: Json = False) -> None:
    """Show a story as it will be chosen and printed, and all that editors have said of it.

    Example: newsletter stories show 645-brief/five-gens-of-tpus
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        row = edits.find(session, story)
        said = edits.current(session, run.now).get(row.id, StoryEdits())
        document = _document(row, said, run.now) | {
            "history": [_said(edit) for edit in edits.history(session, row.id)]
        }
    if as_json:
        emit(document)
        return
    say(document["title"])
    say(f"{document['id']} · {document['url'] or 'no address'}")
    for kind in ("topics", "roles"):
        if document[kind]:
            say(f"{kind}: {', '.join(document[kind])}")
    for words in document["edits"]:
        say(words)
    for entry in document["history"]:
        say(f"{entry['at']:%Y-%m-%d %H:%M} {entry['by']}: {entry['said']}")


def _document(row: Story, said: StoryEdits, now: datetime) -> dict[str, Any]:
    topics = said.topics or [topic.topic.name for topic in row.topics]
    roles = said.roles or [role.role.name for role in row.roles]
    return {
        "id": f"{row.article.key}/{row.key}",
        "title": said.title or row.title,
        "url": said.url or row.url or row.article.url,
        "topics": topics,
        "roles": roles,
        "source": {"title": row.title, "url": row.url or row.article.url},
        "may_be_chosen": said.open_at(now) and not row.retired_at and not row.article.withdrawn_at,
        "edits": list(said.words(now)),
    }


def _said(edit: Edit) -> dict[str, Any]:
    shown = ", ".join(edit.value) if isinstance(edit.value, list) else edit.value
    words = [edit.kind.value.replace("_", " "), *([shown] if shown else [])]
    words += [f"segment {edit.segment}"] if edit.segment else []
    words += [f"period {edit.period}"] if edit.period else []
    said = ": ".join(words[:2]) + "".join(f", {word}" for word in words[2:])
    if edit.ended_at is not None:
        said += f" (until {edit.ended_at:%Y-%m-%d %H:%M}, {edit.ended_by})"
    return {"at": edit.made_at, "by": edit.made_by, "kind": edit.kind.value, "value": edit.value,
            "period": edit.period, "segment": edit.segment, "ended_at": edit.ended_at,
            "ended_by": edit.ended_by, "said": said}  # fmt: skip


@app.command()
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
        EditKind.NOT_BEFORE: _moment(run, "--not-before", not_before),
        EditKind.NOT_AFTER: _moment(run, "--not-after", not_after, end=True),
    }
    if all(value is None for value in wanted.values()):
        raise typer.BadParameter("say what to change, such as --title", param_hint="story")
    with run.store() as engine, database.writing(engine) as session:
        row = edits.find(session, story)
        for kind, value in wanted.items():
            if value:
                edits.make(session, row, kind, value, by=who(), now=run.now)
            elif value is not None:
                edits.end(session, row, [kind], by=who(), now=run.now)
        _answer(run, session, row, as_json=as_json)


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


def _moment(run: Invocation, option: str, text: str | None, *, end: bool = False) -> str | None:
    """A date or moment as ISO 8601 in the newsletter's zone; a date is its first moment, or with
    ``end`` its last."""
    if not text:
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            option, None, f"{text!r} is no date; write it as 2026-12-01 or 2026-12-01T08:00"
        ) from None
    if end and len(text) <= 10:
        moment = datetime.combine(moment.date(), time.max)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(run.settings.timezone))
    return moment.isoformat()


def _answer(run: Invocation, session: Session, row: Story, *, as_json: bool, **more: Any) -> None:
    """What holds for the story now, and ``more`` for a machine."""
    said = edits.current(session, run.now).get(row.id, StoryEdits())
    document = _document(row, said, run.now) | more
    if as_json:
        emit(document)
        return
    say(f"{document['id']}: {'; '.join(document['edits']) or 'as its source says'}")


@app.command()
def hold(
    context: typer.Context,
    story: Identifier,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Until then; else until it is released.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Choose a story for nobody. Issues already planned keep it.

    Example: newsletter stories hold 645-brief/five-gens-of-tpus --until 2026-12-01
    """
    run = invocation(context)
    moment = _moment(run, "--until", until)
    with run.store() as engine, database.writing(engine) as session:
        row = edits.find(session, story)
        edits.make(session, row, EditKind.HOLD, moment, by=who(), now=run.now)
        _answer(run, session, row, as_json=as_json)


@app.command()
def release(context: typer.Context, story: Identifier, as_json: Json = False) -> None:
    """End every hold and pin of a story.

    Example: newsletter stories release 645-brief/five-gens-of-tpus
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        row = edits.find(session, story)
        edits.release(session, row, by=who(), now=run.now)
        _answer(run, session, row, as_json=as_json)


@app.command()
def pin(
    context: typer.Context,
    story: Identifier,
    segment: Annotated[str | None, typer.Option(help="For readers of this segment only.")] = None,
    period: Annotated[str | None, typer.Option(help="For this edition only.")] = None,
    as_json: Json = False,
) -> None:
    """Make a story a must-read: it leads or follows the lead of every issue it may be in. It says
    how many readers get it by that, and what they lose for it.

    Example: newsletter stories pin 645-brief/five-gens-of-tpus --period 2026-W48
    """
    run = invocation(context)
    if period is not None:
        schedule.check_period(period)
    with run.store() as engine, database.writing(engine) as session:
        row = edits.find(session, story)
        if segment is not None:
            segments.get(session, segment)
        edits.make(
            session, row, EditKind.PIN, by=who(), now=run.now, period=period, segment=segment
        )
        wanted = named_period(run, period)
        found = pin_cost.cost(
            session, run.settings, row.id, period=wanted, now=run.now, segment=segment
        )
        price = {"cost": None if found is None else found.document()}
        _answer(run, session, row, as_json=as_json, **price)
    if not as_json:
        say(
            found.sentence()
            if found
            else "it cannot be chosen now: it is held, or not of this time"
        )
