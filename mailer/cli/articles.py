"""``newsletter articles``: bring in what editors publish, and look at it."""

from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from sqlalchemy.orm import Session, selectinload

from mailer.cli import imports
from mailer.cli.common import Json, emit, invocation, progress, say, table
from recommender.articles import edits, import_files, intake
from recommender.datasets import store_export
from recommender.errors import NotFoundError
from recommender.models import Article, Story
from recommender.safety import private_files
from recommender.storage import database

app = typer.Typer(no_args_is_help=True)


SHOWN = 3
"""Findings of one rule that an audit shows."""


@app.command("import")
def import_(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders to walk.")],
    as_json: Json = False,
) -> None:
    """Import briefs (.txt .md), .jsonl, .json, feeds (.xml .rss .atom), .zip; an upsert on the id.

    Drafts are left out and named; what is dated in the future is taken, and chosen from then on.

    Example: newsletter articles import briefs/ archive.jsonl
    """
    run = invocation(context)
    with run.store() as engine, progress("importing articles") as advance:
        report = intake.import_articles(
            lambda: database.writing(engine),
            import_files.drafts(paths, run.now),
            now=run.now,
            progress=advance,
        )
    imports.answer(report, as_json=as_json)


@app.command("list")
def list_(
    context: typer.Context,
    search: Annotated[str | None, typer.Option(help="Only titles with these words.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """List articles, the latest first.

    Example: newsletter articles list --search TPU
    """
    with invocation(context).store() as engine, database.reading(engine) as session:
        query = sa.select(Article).options(selectinload(Article.stories))
        if search:
            words = sa.func.lower(Article.title).contains(search.lower(), autoescape=True)
            query = query.where(words)
        when = sa.func.coalesce(Article.published_at, Article.imported_at)
        rows = session.scalars(query.order_by(when.desc(), Article.id.desc()).limit(limit)).all()
    if as_json:
        emit({"articles": [_brief(article) for article in rows]})
        return
    table(
        ["date", "article", "#stories", "title"],
        [
            [
                (article.published_at or article.imported_at).date(),
                article.key,
                sum(story.retired_at is None for story in article.stories),
                article.title + (" (withdrawn)" if article.withdrawn_at else ""),
            ]
            for article in rows
        ],
        empty="no articles yet; `newsletter articles import PATH` brings some in",
    )


def _brief(article: Article) -> dict[str, Any]:
    return {
        "id": article.key,
        "title": article.title,
        "published_at": article.published_at,
        "withdrawn": article.withdrawn_at is not None,
        "stories": [story.key for story in article.stories if story.retired_at is None],
    }


@app.command()
def show(
    context: typer.Context,
    article: Annotated[str, typer.Argument(help="The article's id.")],
    as_json: Json = False,
) -> None:
    """Show an article and its stories, with the topics and roles of each.

    Example: newsletter articles show 645-brief
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        found = find(session, article)
        said = edits.current(session, run.now)
        stories = [
            _story(story)
            | {"edits": list(said[story.id].words(run.now)) if story.id in said else []}
            for story in found.stories
            if story.retired_at is None
        ]
    if as_json:
        emit(_brief(found) | {"url": found.url, "source": found.source, "stories": stories})
        return
    say(found.title)
    say(f"{found.key} · {found.source or 'no source'} · {found.url or 'no address'}")
    for number, story in enumerate(stories, 1):
        say()
        say(f"{number}. {story['title']}  [{story['id']}]")
        if story["summary"]:
            say(f"   {story['summary']}")
        for kind in ("topics", "roles"):
            if story[kind]:
                weights = [f"{name} {weight:g}" for name, weight in story[kind].items()]
                say(f"   {kind}: {', '.join(weights)}")
        for words in story["edits"]:
            say(f"   edited: {words}")


def _story(story: Story) -> dict[str, Any]:
    return {
        "id": story.key,
        "title": story.title,
        "summary": story.summary,
        "takeaway": story.takeaway,
        "insights": story.insights,
        "principles": story.principles,
        "practice": story.practice,
        "topics": {row.topic.name: row.weight for row in story.topics},
        "roles": {row.role.name: row.weight for row in story.roles},
        "url": story.url,
    }


def find(session: Session, key: str) -> Article:
    """The article with this id; NotFoundError otherwise."""
    found = session.scalar(sa.select(Article).where(Article.key == key))
    if found is None:
        raise NotFoundError(f"no article {key!r}; `newsletter articles list` shows those there are")
    return found


@app.command()
def related(
    context: typer.Context,
    article: Annotated[str, typer.Argument(help="The article's id.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 10,
    as_json: Json = False,
) -> None:
    """List the stories of other articles that are nearest to this one.

    Example: newsletter articles related 645-brief
    """
    from recommender.articles import (
        related as nearest,  # loads the ranker, which the others do without
    )

    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        find(session, article)
        horizon = run.settings.horizon_days
        near = nearest.to_article(session, article, now=run.now, horizon_days=horizon, most=limit)
    if as_json:
        emit({"article": article, "related": [asdict(story) for story in near]})
        return
    table(
        ["#score", "article", "story"],
        [[f"{story.score:.2f}", story.article, story.title] for story in near],
        empty="nothing else that can be chosen now is like it",
    )


@app.command()
def audit(context: typer.Context, as_json: Json = False) -> None:
    """Look through the stories that can be chosen now for what keeps them from readers: no text, no
    link, no labels, no date, a title twice, topics nobody can choose, topics readers wait for.

    Example: newsletter articles audit
    """
    from recommender.articles import audit as auditing  # loads the ranker, as `related` does

    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        answer = auditing.run(session, now=run.now, horizon_days=run.settings.horizon_days)
    errors = [one for one in answer.findings if one.severity == "error"]
    if as_json:
        emit(asdict(answer))
    else:
        for _, group in groupby(answer.findings, key=lambda one: one.rule):
            same = list(group)
            for one in same[:SHOWN]:
                say(f"{one.severity}: {one.story + ': ' if one.story else ''}{one.what}")
            if len(same) > SHOWN:
                say(f"{same[0].severity}: and {len(same) - SHOWN} more like it; --json lists all")
        warnings = len(answer.findings) - len(errors)
        say(f"stories: {answer.stories}, errors: {len(errors)}, warnings: {warnings}")
    if errors:
        raise typer.Exit(1)


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A .jsonl file.")],
) -> None:
    """Export articles with their stories in the form that `import`, `rank` and `evaluate` take.

    Example: newsletter articles export articles.jsonl
    """
    run = invocation(context)
    with (
        run.store() as engine,
        database.reading(engine) as session,
        private_files.located(file),
        private_files.open_file(file, "w") as target,
    ):
        number = store_export.write(target, store_export.articles(session, run.now))
    say(f"{number} articles written to {file}")


@app.command()
def withdraw(
    context: typer.Context,
    article: Annotated[str, typer.Argument(help="The article's id.")],
    undo: Annotated[bool, typer.Option(help="Make it available again.")] = False,
) -> None:
    """Take an article out of every later choice. Issues already planned keep it.

    Example: newsletter articles withdraw 645-brief
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        find(session, article).withdrawn_at = None if undo else run.now
    say(f"{article}: {'available again' if undo else 'withdrawn'}")
