"""One thing the doctor found: how bad it is, what it is about, what was found, what to do."""

from dataclasses import dataclass
from typing import Literal

from mailer.monitoring.troubles import Trouble
from recommender.errors import NewsletterError

State = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """``what`` names the part; ``found`` says how it is with it. ``what_to_do`` is empty only
    where all is well."""

    state: State
    what: str
    found: str
    what_to_do: str = ""

    @property
    def words(self) -> str:
        """What was found and what to do, on one line."""
        return f"{self.found}; {self.what_to_do}" if self.what_to_do else self.found


def ok(what: str, found: str) -> Finding:
    """All is well."""
    return Finding("ok", what, found)


def warning(what: str, found: str, what_to_do: str) -> Finding:
    """It works, but not as mail to real people should; with ``--strict`` it stops."""
    return Finding("warning", what, found, what_to_do)


def error(what: str, found: str, what_to_do: str) -> Finding:
    """It does not work."""
    return Finding("error", what, found, what_to_do)


def refused(what: str, why: NewsletterError, what_to_do: str) -> Finding:
    """What one of our errors says; ``what_to_do`` where it does not say so itself."""
    found, _, remedy = str(why).partition("; ")
    if not remedy:
        found, _, remedy = str(why).partition(": run ")
        remedy = f"run {remedy}" if remedy else what_to_do
    return Finding("error", what, found, remedy)


def of_trouble(trouble: Trouble, state: State = "warning") -> Finding:
    """A trouble of the running service, in its own words."""
    return Finding(state, trouble.kind, f"{trouble.subject} {trouble.sentence}", trouble.what_to_do)
