"""``newsletter rank``: ranks files of stories for files of readers, without a store.

Readers are read, ranked and written block by block, so their number does not matter for memory.
Blocks may be shared among processes; what is written is the same however many there are.
"""

import itertools
import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from mailer import gc_tuning
from mailer.cli.common import Json, emit, invocation, progress, say, warn
from recommender.articles import import_files
from recommender.articles.values import ParsedArticle
from recommender.datasets import files
from recommender.datasets.export import Export
from recommender.datasets.files import Catalogue
from recommender.errors import InputError, LeftOut, NewsletterError, Rejected
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import ListRequest
from recommender.safety import private_files
from recommender.vocabulary import starter

BLOCK = 2_000
"""Readers ranked at a time."""

Articles = Annotated[Path, typer.Option(help="Articles: .jsonl, .json, a feed, or a folder.")]
Subscribers = Annotated[Path, typer.Option(help="Readers: subscribers.jsonl.")]
Since = Annotated[
    str | None,
    typer.Option(help="Only articles from this date on are up for choice (ISO 8601)."),
]
Now = Annotated[
    str | None,
    typer.Option(help="When freshness counts from (ISO 8601); default: the newest article."),
]


@dataclass(frozen=True)
class RankTask:
    """What a block needs to become lines of picks."""

    export: Export
    ranker: Ranker
    catalogue: Catalogue
    path: Path
    now: datetime
    top: int
    seed: str
    as_issue: bool

    def run(
        self, first: int, block: list[bytes]
    ) -> tuple[bytes, int, list[tuple[int | None, str]]]:
        """Lines of picks, how many readers, and what was wrong with which line."""
        readers, wrong = files.readers(block, first, self.path, self.catalogue.of_article)
        ranked = self.ranker.ranked(
            readers, ListRequest(now=self.now, top=self.top, seed=self.seed, as_issue=self.as_issue)
        )
        return self.export.lines(ranked), len(readers), [(e.line, e.why) for e in wrong]


def command(
    context: typer.Context,
    *,
    articles: Articles,
    subscribers: Subscribers,
    out: Annotated[Path, typer.Option(help="Where picks are written (JSON lines); - for here.")],
    top: Annotated[int, typer.Option(min=1, help="At most so many picks for each reader.")] = 10,
    as_issue: Annotated[
        bool, typer.Option("--as-issue", help="Apply the rules of a list, not relevance alone.")
    ] = False,
    now: Now = None,
    since: Since = None,
    seed: Annotated[str, typer.Option(help="Seed of the exploration pick.")] = "0",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one for each processor.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Rank the stories of a file for every reader of another; no store is needed.

    Example: newsletter rank --articles a.jsonl --subscribers s.jsonl --top 10 --out picks.jsonl
    """
    started = time.monotonic()
    run = invocation(context)
    catalogue, rejected = read_articles(articles, run.now)
    ranker = Ranker(
        files.published(catalogue.stories, read_moment(since)),
        archive=catalogue.stories,
        vocabulary=starter.read(),
        **files.crowd(subscribers, catalogue.of_article),
    )
    moment = read_moment(now) or catalogue.newest or run.now
    task = RankTask(Export(ranker), ranker, catalogue, subscribers, moment, top, seed, as_issue)
    readers = 0
    with _target(out) as target, progress("ranking") as advance:
        for data, count, wrong in _blocks(task, jobs or len(os.sched_getaffinity(0))):
            target.write(data)
            readers += count
            rejected += [Rejected(str(subscribers), line, why) for line, why in wrong]
            advance(readers)
    seconds = round(time.monotonic() - started, 3)
    if as_json:
        emit(_summary(task, readers, seconds, rejected))
    elif out != Path("-"):
        say(f"{readers:,} readers × {len(catalogue.stories):,} stories in {seconds} s")
    for problem in rejected[:20]:
        warn(f"error: {InputError(problem.file, problem.line, problem.why)}")
    if rejected:
        raise typer.Exit(1)


def _summary(
    task: RankTask, readers: int, seconds: float, rejected: list[Rejected]
) -> dict[str, Any]:
    return {
        "readers": readers,
        "articles": len(task.catalogue.of_article),
        "stories": len(task.catalogue.stories),
        "top": task.top,
        "seconds": seconds,
        "rejected": [{"file": r.file, "line": r.line, "why": r.why} for r in rejected],
    }


def read_articles(path: Path, now: datetime) -> tuple[Catalogue, list[Rejected]]:
    """The stories of a file or folder, and what could not be read.

    Raises NewsletterError when nothing can be read at all.
    """
    articles = list(import_files.drafts([path], now))
    rejected = [
        item for item in articles if isinstance(item, Rejected) and not isinstance(item, LeftOut)
    ]
    drafts = [item.draft for item in articles if isinstance(item, ParsedArticle)]
    if not drafts and rejected:
        raise InputError(rejected[0].file, rejected[0].line, rejected[0].why)
    if not drafts:
        raise NewsletterError(f"{path}: there are no articles in it")
    return files.catalogue(drafts), rejected


def read_moment(text: str | None) -> datetime | None:
    """A moment given on the command line; UTC unless it says otherwise."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date such as 2026-11-24") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@contextmanager
def _target(path: Path) -> Iterator[IO[bytes]]:
    """The file to write, put in place when it is complete; ``-`` is standard output. What is there
    and no file, such as a pipe or /dev/null, is written to as it is: putting a file in place would
    remove it."""
    if path == Path("-"):
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = path.resolve()
    if path.exists() and not path.is_file():
        with private_files.located(path), private_files.open_file(path, "wb") as file:
            yield file
        return
    partial = path.with_name(f"{path.name}.partial")
    try:
        with private_files.located(path), private_files.open_file(partial, "wb") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


Done = tuple[bytes, int, list[tuple[int | None, str]]]
_task: RankTask | None = None
"""The task of this process's workers: set before they are forked, so that they share its memory."""


def _work(first: int, block: list[bytes]) -> Done:
    if _task is None:
        raise RuntimeError("a worker was started without its task")
    return _task.run(first, block)


def _blocks(task: RankTask, processes: int) -> Iterator[Done]:
    """Every block of the readers' file, done, in its order; few are in memory at a time."""
    global _task
    blocks = files.lines(task.path, BLOCK)
    for block in itertools.islice(blocks, 1):
        yield task.run(*block)  # what it learns of topics, the workers inherit
        gc_tuning.relax_gc()
    second = list(itertools.islice(blocks, 1))
    blocks = itertools.chain(second, blocks)
    if processes == 1 or not second or "fork" not in multiprocessing.get_all_start_methods():
        yield from (task.run(*block) for block in blocks)
        return
    _task = task
    try:
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            yield from _in_order(
                lambda first, block: pool.apply_async(_work, (first, block)).get,
                blocks,
                most=2 * processes,
            )
            # Workers end by themselves; one that is ended by a signal may wait for a lock for ever.
            pool.close()
            pool.join()
    finally:
        _task = None


def _in_order(
    start: Callable[[int, list[bytes]], Callable[[], Done]],
    blocks: Iterator[tuple[int, list[bytes]]],
    most: int,
) -> Iterator[Done]:
    waiting: deque[Callable[[], Done]] = deque()
    for block in blocks:
        waiting.append(start(*block))
        if len(waiting) >= most:
            yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()
