"""The command line, ``newsletter``: one module per noun, imported only when it is asked for.

``main`` is the one place where an error becomes a line on standard error and an exit status:
0 done, 1 failed or partly failed, 2 wrong usage.
"""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer import gc_tuning, process_group
from mailer.cli.common import Invocation
from recommender.errors import NewsletterError
from recommender.safety import logs, private_files, scrubbing
from recommender.safety.escaping import for_terminal

_HELP = "NoArgsIsHelpError"
"""What typer raises for a group alone, with its help; it keeps the class to itself."""


@dataclass(frozen=True)
class Entry:
    """A command and where it lives: ``module:app`` is a group, ``module:function`` one command."""

    target: str
    help: str


COMMANDS = {
    "init": Entry("setup:init", "Create or migrate the store; write a commented newsletter.toml."),
    "demo": Entry("demo:demo", "The whole job on the sample content; says where to look."),
    "articles": Entry("articles:app", "Import, list, show, relate and withdraw articles."),
    "stories": Entry("stories:app", "Edit, hold, release and pin single stories."),
    "feeds": Entry("feeds:app", "Watch RSS, Atom and JSON feeds."),
    "subscribers": Entry("subscribers:app", "Import, show, change and export readers."),
    "topics": Entry("topics:app", "The controlled vocabulary of topics."),
    "roles": Entry("roles:app", "The controlled vocabulary of roles."),
    "segments": Entry("segments:app", "Named sets of readers: static lists and rules."),
    "sponsors": Entry("sponsors:app", "The labelled sponsor's place in the issues."),
    "templates": Entry("templates:app", "Your own look: eject, check and preview templates."),
    "picks": Entry("picks:picks", "What a reader gets next, and why."),
    "preview": Entry("picks:preview", "A reader's next issue as HTML, text or message."),
    "editions": Entry("editions:app", "Plan, send, pause and report editions."),
    "newsletters": Entry("newsletters:app", "The newsletters of the store: several publications."),
    "send-test": Entry("editions:send_test", "Send one reader's issue to an address of yours."),
    "rank": Entry("rank:command", "Rank files of stories for files of readers; no store."),
    "evaluate": Entry("evaluate:command", "Measure the ranking against what readers kept."),
    "experiments": Entry("experiments:app", "Compare settings and subjects on your own readers."),
    "store": Entry("store:app", "Copy, check, back up and prune the store."),
    "bounces": Entry("bounces:app", "Read bounces and complaints from mail that came back."),
    "users": Entry("users:app", "Who may use the operators' pages, and as what."),
    "alerts": Entry("alerts:app", "What is wrong with the service, and who is told."),
    "doctor": Entry("doctor:doctor", "Check configuration, store, relay and a message."),
    "scheduler": Entry("service:scheduler", "Run the schedule: plan and send every edition."),
    "web": Entry("service:web", "Serve the pages of readers."),
    "serve": Entry("service:serve", "Run the service: scheduler and pages."),
    "worker": Entry("service:worker", "Help with planning and sending, on any machine."),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    process_group.forking = hasattr(os, "fork")
    try:
        status = run(given)
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)


def run(arguments: Sequence[str]) -> int:
    """Run the command line; the exit status."""
    os.umask(private_files.OTHERS)  # whatever a library makes is for nobody else to read either
    app = build(_wanted(arguments))
    gc_tuning.relax_gc()
    logs.install()
    try:
        outcome = app(list(arguments), standalone_mode=False, prog_name="newsletter")
    except BrokenPipeError:
        raise
    except NewsletterError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("interrupted", 1)
    except typer.Abort:
        return _fail("aborted", 1)
    except typer.Exit as stop:
        return stop.exit_code
    except Exception as error:  # noqa: BLE001  (the last line of defence: no traceback)
        return _unexpected(error)
    return outcome if isinstance(outcome, int) else 0


def _unexpected(error: Exception) -> int:
    usage = getattr(error, "format_message", None)
    if usage is not None and type(error).__name__ == _HELP:
        sys.stdout.write(f"{usage()}\n")
        return 0
    if usage is not None:  # wrong usage, as the argument parser found it
        context = getattr(error, "ctx", None)
        where = f" (see `{context.command_path} --help`)" if context is not None else ""
        text = usage().rstrip(".").replace(": Value error, ", ": ")  # the validator's own words
        return _fail(f"{text}{where}", 2)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return _fail(f"{place}{error.strerror or error}", 1)
    if _is_database_error(error):
        cause = scrubbing.words(error)
        again = "; something else is writing to it: try again" if "locked" in cause else ""
        return _fail(f"the store refused: {cause}{again}", 1)
    return _fail(f"this should not have happened: {scrubbing.line(error)}", 1)


def _is_database_error(error: Exception) -> bool:
    module = sys.modules.get("sqlalchemy.exc")
    return module is not None and isinstance(error, module.DBAPIError)


def _fail(message: str, status: int) -> int:
    sys.stdout.flush()
    line = " ".join(message.split("\n")) if message.strip() else ""
    sys.stderr.write(f"error: {for_terminal(line)}\n")
    return status


def _wanted(arguments: Sequence[str]) -> str | None:
    """The command named in ``arguments``, if any."""
    skip = False
    for argument in arguments:
        if skip or argument.startswith("-"):
            skip = argument in ("--config", "--newsletter")
            continue
        return argument
    return None


def build(wanted: str | None = None) -> typer.Typer:
    """The application, with the command ``wanted`` in full and the others by name only."""
    app = typer.Typer(
        help="Chooses, composes and delivers a personal newsletter for every reader.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_root)
    for name, entry in COMMANDS.items():
        if name == wanted:
            found = _load(entry)
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=name, help=entry.help)
            else:
                app.command(name)(found)
        else:
            app.command(name, help=entry.help)(_unloaded)
    return app


def _load(entry: Entry) -> typer.Typer | Callable[..., Any]:
    module, name = entry.target.split(":")
    found: typer.Typer | Callable[..., Any] = getattr(
        importlib.import_module(f"mailer.cli.{module}"), name
    )
    return found


def _unloaded() -> None:
    """Never called: the command that runs is always loaded."""


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"newsletter {version('newsletter-recommender')}\n")
        raise typer.Exit


def _root(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings file; default: newsletter.toml here, if there is one."),
    ] = None,
    newsletter: Annotated[
        str | None,
        typer.Option(help="Which newsletter is meant; default: the one newsletter.toml describes."),
    ] = None,
    _show_version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    context.obj = Invocation(config, newsletter)
