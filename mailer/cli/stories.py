"""``newsletter stories``: what editors say of single stories. It survives every import."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from mailer.cli import story_edits
from mailer.cli.common import Json, emit, invocation, say, table
from mailer.cli.story_edits import Identifier
from recommender.articles import edit_history, edits
from recommender.articles.story_edits import StoryEdits
from recommender.models import Article, Edit, Story
from recommender.storage import database

app = typer.Typer(no_args_is_help=True)


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
        empty=_none(search, edited=edited),
    )


def _none(search: str | None, *, edited: bool) -> str:
    """What to say instead of an empty list."""
    wanted = " with these words in the title" if search else ""
    if edited:
        return f"no story{wanted} has an edit; `newsletter stories edit ID` makes one"
    if search:
        return f"no story{wanted}; without --search all are listed"
    return "no stories; `newsletter articles import PATH` brings some in"


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
        document = story_edits.document(row, said, run.now) | {
            "history": [_said(edit) for edit in edits.history(session, row.id)]
        }
        changes = edit_history.of(session, row, run.settings.zone)
        document["changes"] = [
            {"at": entry.at, "by": entry.by, **asdict(change)}
            for entry in changes
            for change in entry.changes
        ]
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
    for entry in reversed(changes):
        for change in entry.changes:
            say(f"{entry.at:%Y-%m-%d %H:%M} {entry.by}: {change.sentence()}")


def _said(edit: Edit) -> dict[str, Any]:
    return {"at": edit.made_at, "by": edit.made_by, "kind": edit.kind.value, "value": edit.value,
            "period": edit.period, "segment": edit.segment, "newsletter": edit.newsletter,
            "ended_at": edit.ended_at, "ended_by": edit.ended_by}  # fmt: skip


for command in (story_edits.edit, story_edits.hold, story_edits.release, story_edits.pin):
    app.command()(command)
