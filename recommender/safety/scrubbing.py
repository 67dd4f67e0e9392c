"""Words for a log, without personal data: addresses and tokens are taken out of a text, and of an
error only that is said which cannot hold a value: its type, where it arose, the SQL without its
parameters. Never what variables held.
"""

import re
import traceback

from recommender.errors import NewsletterError

ADDRESS = "<address>"
TOKEN = "<token>"  # noqa: S105  (what stands for one)
_HOLDS = re.compile(
    r"(?P<login>://[^\s/@]++@)"
    r"|(?P<page>/(?:c|f|view|confirm|preferences|unsubscribe|address|undo)/)[^\s\"'<>?#]++"
    r"|(?P<quoted>\"[^\"\r\n]{1,320}\"@[^\s<>\"'(),;:\[\]]+)"
    # from where a word begins, so that a long one is looked at once
    r"|(?<![^\s<>\"'(),;:@\[\]])(?P<address>[^\s<>\"'(),;:@\[\]]++@[^\s<>\"'(),;:@]+)"
)
_SAFE = (NewsletterError, ImportError, MemoryError, RecursionError, NotImplementedError)
"""Errors of which the words are ours, or name code and never data."""


def text(given: str) -> str:
    """``given`` without addresses of mail, tokens of links and passwords of URLs, and with control
    characters written out."""
    cleaned = _HOLDS.sub(_instead, given) if "@" in given or "/" in given else given
    return "".join(_visible(one) for one in cleaned)


def _instead(found: re.Match[str]) -> str:
    if found["login"]:
        return "://***@"
    if found["page"]:
        return f"{found['page']}{TOKEN}"
    if found["address"] and found["address"].startswith("/"):  # a file named after a reader
        return found["address"].rpartition("@")[0].rpartition("/")[0] + f"/{ADDRESS}"
    return ADDRESS


def _visible(character: str) -> str:
    if character.isprintable() or character in "\t\n":
        return character
    return character.encode("unicode_escape").decode()


def line(error: BaseException) -> str:
    """``error`` in one line: the words of our own errors, of the system's and of the store's when
    it cannot be used; of any other its type and its place."""
    said = words(error).partition("\n")[0]
    if isinstance(error, NewsletterError | OSError) and said:
        return said
    name = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return f"{name} ({place})" if (place := _place(error)) else name


def trace(error: BaseException) -> str:
    """The traceback of ``error`` and, before it, those of what it arose from."""
    pieces = [_piece(error)]
    seen = {id(error)}
    while True:
        cause = error.__cause__
        earlier = cause or (None if error.__suppress_context__ else error.__context__)
        if earlier is None or id(earlier) in seen:
            return "".join(reversed(pieces))
        pieces.append("\nwhich led to:\n\n" if cause else "\nand while that was handled:\n\n")
        pieces.append(_piece(earlier))
        seen.add(id(earlier))
        error = earlier


def _piece(error: BaseException) -> str:
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__))
    known, statement = words(error), getattr(error, "statement", None)
    said = f"{type(error).__name__}: {known}" if known else type(error).__name__
    sql = f"\n[SQL: {text(statement)}]" if isinstance(statement, str) else ""
    return f"Traceback (most recent call last):\n{''.join(frames.format())}{said}{sql}\n"


def words(error: BaseException) -> str:
    """What ``error`` says, as far as it cannot be personal data."""
    original = getattr(error, "orig", None)
    if isinstance(original, BaseException):  # SQLAlchemy's, around the driver's own
        return words(original) or type(original).__name__
    if isinstance(error, _SAFE):
        return text(str(error))
    if isinstance(error, OSError):
        place = f"{text(str(error.filename))}: " if error.filename else ""
        return f"{place}{error.strerror or ''}"
    module = type(error).__module__.partition(".")[0]
    names = {kind.__name__ for kind in type(error).__mro__}
    if module == "sqlite3" or (module == "psycopg" and "OperationalError" in names):
        return text(str(error).strip().partition("\n")[0])
    diagnosis = getattr(error, "diag", None)
    if diagnosis is not None:  # PostgreSQL: its message, detail and context may quote a row
        known = (diagnosis.sqlstate, diagnosis.table_name, diagnosis.constraint_name)
        return " ".join(str(one) for one in known if one)
    return ""


def _place(error: BaseException) -> str:
    """``file:line`` where the error arose, in this project if it did at all."""
    frames = [
        (frame.f_code.co_filename, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
    ]
    ours = [one for one in frames if re.search(r"/(?:recommender|mailer|migrations)/", one[0])]
    for file, number in reversed(ours or frames):
        short = re.search(r"(?:recommender|mailer|migrations)/.*", file)
        return f"{short[0] if short else file}:{number}"
    return ""
