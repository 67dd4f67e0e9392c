"""The log of the product: standard error, a line a message, without personal data.

Whatever is logged in this process, by us or by a library, at any level, goes through one formatter
(``recommender.safety.scrubbing``); so does an error that ends a thread or the process.
"""

import logging
import sys
import threading
import types

from recommender.safety import scrubbing


class Formatter(logging.Formatter):
    """A message and, where there is one, the traceback, both scrubbed."""

    def format(self, record: logging.LogRecord) -> str:
        try:
            said = _message(record)
        except (TypeError, ValueError, KeyError):
            said = f"{record.name}: a message that cannot be put together"
        error = record.exc_info[1] if record.exc_info else None
        return f"{said}\n{scrubbing.trace(error)}".rstrip() if error else said


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
    found = str(words) % arguments if arguments else str(words)
    return scrubbing.text(found)


class Handler(logging.Handler):
    """Writes to what is standard error at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except (OSError, ValueError):  # closed: there is nobody to tell
            return


ROWS = ("sqlalchemy.engine", "sqlalchemy.pool", "sqlalchemy.orm")
"""Loggers that show rows of the store, values and all, when they are asked for detail."""


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
