"""What every command shares: its settings and store, and the ways to answer a person or a machine.

A command writes its answer to standard output (``say``, ``table``) or, with ``--json``, one object
as the last thing there (``emit``). Errors are raised, and shown by ``main`` in one line.
"""

import contextlib
import getpass
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import Engine

from mailer.edition import schedule
from mailer.edition.worker_jobs import Enqueue, enqueue_nothing
from recommender import settings as settings_module
from recommender.corrections import Author
from recommender.errors import NewsletterError
from recommender.safety.escaping import for_terminal
from recommender.settings import Settings

WIDE = 1_000
"""Columns of what no terminal shows; it takes as many as it needs."""
WIDEST = 40
"""Characters up to which a column of a table that no terminal shows is padded."""


@dataclass
class Invocation:
    """One run of the command line: the file given with ``--config``, the newsletter given with
    ``--newsletter``, and what comes from them."""

    config: Path | None = None
    newsletter: str | None = None

    @cached_property
    def base(self) -> Settings:
        """What the file and the environment say: of the first newsletter."""
        return settings_module.load(self.config)

    @cached_property
    def settings(self) -> Settings:
        """The settings of the newsletter that is meant."""
        if self.newsletter is None or self.newsletter == self.base.newsletter:
            return self.base
        from recommender import newsletters
        from recommender.storage import database

        with self._opened(self.base) as engine, database.reading(engine) as session:
            return newsletters.of(self.base, newsletters.get(session, self.newsletter))

    @property
    def file(self) -> Path:
        """Where the settings are, if there is such a file."""
        return self.config or Path(settings_module.FILE)

    @cached_property
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  (an edge: time is made here)

    def store(self, *, make: bool = False) -> AbstractContextManager[Engine]:
        """The store, open for the block; StoreError when there is none, unless it may be made."""
        return self._opened(self.settings, make=make)

    @contextmanager
    def _opened(self, settings: Settings, *, make: bool = False) -> Iterator[Engine]:
        from recommender.storage.damage import explained
        from recommender.storage.sharing import using
        from recommender.store_opening import open_store

        engine = open_store(
            settings.store_url, newsletter=settings.newsletter, now=self.now, make=make
        )
        try:
            with using(engine), explained(engine):
                yield engine
        finally:
            engine.dispose()


def helpers(engine: Engine) -> Enqueue:
    """Who is asked to help with planning and sending: workers, where the store can have any."""
    from recommender.storage import database

    if not database.many_machines(engine):
        return enqueue_nothing
    from mailer.service import workers

    return workers.enqueue


def who() -> str:
    """Who runs this command, to the operating system."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "command line"


def invocation(context: typer.Context) -> Invocation:
    """The run this command belongs to."""
    found = context.find_object(Invocation)
    if found is None:
        found = context.obj = Invocation()
    return found


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


Period = Annotated[
    str | None,
    typer.Option(help="Such as 2026-W48, or 2026-11-27 or 2026-11; default: the current one."),
]


def warn_if_coming(run: Invocation, period: str) -> None:
    """Say that what is chosen now for a period to come is not what it would have in its time."""
    if period > named_period(run, None):
        name = f"{run.settings.newsletter}-{period}"
        warn(
            f"note: {name} has not begun: its stories are chosen from those there are now, and "
            "what editions before it will take of them is not known"
        )


def named_period(run: Invocation, given: str | None) -> str:
    """The period that is meant: the one given, or the current one."""
    if given is not None:
        return schedule.check_period(given, run.settings.schedule)
    return schedule.period_of(run.now.astimezone(run.settings.zone).date(), run.settings.schedule)


Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who says so; else the user of this computer."),
]


def author(run: Invocation, by: str | None) -> Author:
    """Who makes the corrections of this command, and when."""
    name = " ".join((who() if by is None else by).split())
    if not name:
        raise typer.BadParameter("name somebody", param_hint="--by")
    return Author(name, run.now)


def make_sure(question: str, *, yes: bool, why: str) -> None:
    """Go on only when somebody says yes: with ``yes``, or on a terminal when asked. Elsewhere
    NewsletterError says ``why`` they must."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise NewsletterError(f"{why}; add --yes to confirm")
    typer.confirm(question, abort=True, err=True)


def confirm(question: str, *, yes: bool) -> None:
    """Ask on a terminal, unless ``yes``; a script is not asked."""
    make_sure(question, yes=yes or not sys.stdin.isatty(), why="")


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 reader``, ``1,200 readers``; ``many`` where an s is not enough."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def say(text: str = "") -> None:
    """A line for a person. Nothing in it is taken as markup, or commands the terminal."""
    console().print(for_terminal(text), markup=False, highlight=False, soft_wrap=True)


def emit(document: object) -> None:
    """The answer for a machine: one JSON object, dates in ISO 8601."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, default=_plain) + "\n")
    sys.stdout.flush()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def console() -> Console:
    """Standard output. Where no terminal shows it, no line is broken: it is searched and copied."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else WIDE)


def warn(text: str) -> None:
    """A line on standard error that is not an error."""
    Console(stderr=True).print(for_terminal(text), markup=False, highlight=False, soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Rows under their headings; ``empty`` when there are none. Where no terminal shows them, a
    column is padded to its longest cell, but to ``WIDEST`` at most."""
    lines = [["" if cell is None else for_terminal(str(cell)) for cell in row] for row in rows]
    if not lines:
        say(empty)
    elif sys.stdout.isatty():
        _drawn(columns, lines)
    else:
        sys.stdout.write("".join(f"{line}\n" for line in _aligned(columns, lines)))


def _drawn(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        right = name.startswith("#")
        shown.add_column(name.lstrip("#"), justify="right" if right else "left", overflow="fold")
    for line in lines:
        shown.add_row(*map(Text, line))
    console().print(shown)


def _aligned(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    every = [[name.lstrip("#") for name in columns], *lines]
    widths = [min(max(map(len, column)), WIDEST) for column in zip(*every, strict=True)]
    for line in every:
        cells = (
            cell.rjust(width) if name.startswith("#") else cell.ljust(width)
            for name, cell, width in zip(columns, line, widths, strict=True)
        )
        yield "  ".join(cells).rstrip()


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, at once. For work that is undone, or goes on later."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def stop_on_signal() -> threading.Event:
    """Set by SIGTERM and SIGINT: finish what is on the wire, record it, and go. A second one ends
    the process on the spot."""
    stop = threading.Event()

    def heard(number: int, _: object) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        stop.set()
        with contextlib.suppress(OSError):  # not print(): a signal may come in the middle of one
            os.write(2, b"stopping; once more to stop at once\n" if os.isatty(2) else b"")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, heard)
    return stop


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, on a terminal only; yields a function told how many are done."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=screen, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)
