"""The log of the product: standard error, without personal data.

Whatever is logged in this process, by us or by a library, at any level, goes through one formatter:
what is an event with fields (structlog) and what is a line (logging) become one kind of entry, each
text of it scrubbed (``recommender.safety.scrubbing``); so does an error that ends a thread or the
process. A command says a warning as a plain line; a service (``serve``, ``scheduler``, ``web``,
``worker``) logs with time and level, for a person on a terminal and as JSON elsewhere.
"""

import logging
import sys
import threading
import types
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

import structlog
from structlog.typing import EventDict

from recommender.safety import scrubbing

Form = Literal["plain", "human", "json"]
Level = Literal["debug", "info", "warning", "error"]
ROOT = "newsletter"
"""The name above those of all our loggers."""
ROWS = ("sqlalchemy.engine", "sqlalchemy.pool", "sqlalchemy.orm")
"""Loggers that show rows of the store, values and all, when they are asked for detail."""


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger of ours. An event is a word or two, what it is about stands in fields: ``get("web")
    .info("fetched", feed=url)``. No field is ever a reader's."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(f"{ROOT}.{name}"))


class Formatter(logging.Formatter):
    """An entry of the log as text, every part of it scrubbed."""

    def __init__(self, form: Form = "plain", *, colours: bool = False) -> None:
        super().__init__()
        self.form = form
        self._human = structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=30)
        self._json = structlog.processors.JSONRenderer(ensure_ascii=False)

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        if self.form == "plain":
            return _plain(fields)
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry: EventDict = {
            "timestamp": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": fields.pop("event"),
            **fields,
        }
        render = self._json if self.form == "json" else self._human
        return str(render(None, record.name, entry))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says: ``event``, fields, and ``exception`` where there was one."""
    given: Mapping[str, Any]
    if isinstance(record.msg, dict):
        given = record.msg
    else:
        try:
            given = {"event": _message(record)}
        except (TypeError, ValueError, KeyError):
            given = {"event": f"{record.name}: a message that cannot be put together"}
    fields = {name: _scrubbed(value) for name, value in given.items() if name != "exc_info"}
    if record.exc_info and record.exc_info[1] is not None:
        fields["exception"] = scrubbing.trace(record.exc_info[1]).rstrip()
    return fields


def _scrubbed(value: object) -> object:
    if isinstance(value, BaseException):
        return scrubbing.line(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return scrubbing.text(str(value))


def _plain(fields: Mapping[str, Any]) -> str:
    """For a person who ran a command."""
    named = {name: value for name, value in fields.items() if name not in ("event", "exception")}
    words = [str(fields["event"]), *(f"{name}={value}" for name, value in named.items())]
    return "\n".join([" ".join(words), *([fields["exception"]] if "exception" in fields else [])])


def _message(record: logging.LogRecord) -> str:
    """The message, each error in it as one scrubbed line."""
    arguments = record.args
    if isinstance(arguments, tuple):
        arguments = tuple(
            scrubbing.line(one) if isinstance(one, BaseException) else one for one in arguments
        )
    words = record.msg
    if isinstance(words, BaseException):
        words = scrubbing.line(words)
    return str(words) % arguments if arguments else str(words)


class Handler(logging.Handler):
    """Writes to what is standard error at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except (OSError, ValueError):  # closed: there is nobody to tell
            return


def install() -> None:
    """From now on everything is logged so. To be called when the process begins; twice is once."""
    root = logging.getLogger()
    if not any(isinstance(one, Handler) for one in root.handlers):
        handler = Handler(logging.WARNING)
        handler.setFormatter(Formatter())
        root.addHandler(handler)
    for name in ROWS:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _ended
    threading.excepthook = _thread_ended
    sys.unraisablehook = _unraisable


def configure(form: Literal["auto", "human", "json"], level: Level) -> None:
    """Log as a service does, from ``level`` on; ``auto`` is for a person where standard error is a
    terminal, and JSON elsewhere. Libraries are heard from their warnings on."""
    terminal = sys.stderr.isatty()
    chosen: Form = ("human" if terminal else "json") if form == "auto" else form
    use(chosen, level, colours=terminal)


def use(form: Form, level: Level, *, colours: bool = False) -> None:
    """The same with the form as it is."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Handler):
            handler.setFormatter(Formatter(form, colours=colours))
            handler.setLevel(min(logging.WARNING, logging.getLevelName(level.upper())))
    logging.getLogger(ROOT).setLevel(level.upper())


def in_use() -> tuple[Form, Level]:
    """How it is logged now, for a process that this one starts."""
    form: Form = next(
        (
            one.formatter.form
            for one in logging.getLogger().handlers
            if isinstance(one, Handler) and isinstance(one.formatter, Formatter)
        ),
        "plain",
    )
    name = logging.getLevelName(logging.getLogger(ROOT).getEffectiveLevel()).lower()
    return form, cast("Level", name if name in ("debug", "info", "error") else "warning")


def _ended(
    kind: type[BaseException], error: BaseException, _trace: types.TracebackType | None
) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.stderr.write(scrubbing.trace(error))


def _thread_ended(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread is not None else "?"
    if arguments.exc_value is not None and arguments.exc_type is not SystemExit:
        sys.stderr.write(f"thread {name} ended:\n{scrubbing.trace(arguments.exc_value)}")


def _unraisable(arguments: "sys.UnraisableHookArgs") -> None:
    if arguments.exc_value is not None:
        sys.stderr.write(scrubbing.trace(arguments.exc_value))


structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=False,
)  # of the process, from the first import on
