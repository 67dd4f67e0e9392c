"""What editions are called on the operators' pages, and how far they are, in words.

An edition is known by its newsletter, its day and its subject. Where editors gave it none, each
copy has its first story's title for a subject; then the title of the story that most readers got
stands for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from mailer.edition import edition_edits, schedule
from mailer.edition.schedule import WELCOME
from mailer.reports import most_sent
from mailer.web import dates
from mailer.web.site import Site
from recommender import newsletters
from recommender.errors import NewsletterError
from recommender.models import Edition, EditionState, EditionStory
from recommender.settings import Settings

STATES = {
    EditionState.PLANNING: "being planned",
    EditionState.PLANNED: "planned",
    EditionState.SENDING: "on its way",
    EditionState.PAUSED: "paused",
    EditionState.CANCELLED: "cancelled",
    EditionState.FINISHED: "sent",
}
"""The state of an edition in a word or two."""
FIRST_ISSUES, FIRST_STORY = "First issues of new readers", "Each reader’s first story"
"""What stands for an edition without a subject that its copies have in common."""


class SubjectSource(StrEnum):
    """Whose words stand for an edition: its editors' subject, the story that most readers got, or
    none that copies have in common."""

    EDITORS = "editors"
    STORY = "story"
    NONE = "none"


@dataclass(frozen=True)
class EditionTitle:
    """An edition in words. ``name`` is its id (``weekly-2026-W48``); ``source`` says whose words
    the subject is."""

    name: str
    newsletter: str
    day: str
    subject: str
    source: SubjectSource
    state: str


def of(session: Session, site: Site, editions: Sequence[Edition]) -> list[EditionTitle]:
    """The titles of these editions, in their order."""
    given = edition_edits.subjects(session, editions)
    return [_title(session, site, one, given.get(one.id)) for one in editions]


def _title(session: Session, site: Site, edition: Edition, given: str | None) -> EditionTitle:
    settings = newsletters.of(site.settings, edition.newsletter)
    source, subject = SubjectSource.EDITORS, given or ""
    if not subject and not _welcome(edition):
        source, subject = SubjectSource.STORY, _lead(session, edition)
    if not subject:
        source, subject = SubjectSource.NONE, FIRST_ISSUES if _welcome(edition) else FIRST_STORY
    return EditionTitle(
        edition.name, settings.title, _day(settings, edition), subject, source,
        STATES[edition.state],
    )  # fmt: skip


def _lead(session: Session, edition: Edition) -> str:
    """The title of the story that most readers got; '' before any copy was sent."""
    for story in most_sent.of_edition(session, edition)[:1]:
        found = session.get(EditionStory, (edition.id, story))
        if found is not None:
            return str(found.content["title"])
    return ""


def _welcome(edition: Edition) -> bool:
    return edition.period.startswith(WELCOME)


def _day(settings: Settings, edition: Edition) -> str:
    if _welcome(edition):
        return f"week of {dates.day(schedule.first_day(edition.period))}"
    try:
        return dates.day(schedule.publishing_day(settings, edition.period))
    except NewsletterError:
        return edition.period


def state(settings: Settings, edition: Edition) -> str:
    """How far an edition is, in a sentence, with when it was planned, begun and ended."""
    begun, ended = edition.started_at, edition.finished_at
    planned = f"Planned on {dates.moment(settings, edition.planned_at)}"
    match edition.state:
        case EditionState.PLANNING:
            return f"Being planned since {dates.moment(settings, edition.planned_at)}."
        case EditionState.PLANNED:
            return f"{planned}, and not sent yet."
        case EditionState.SENDING if begun is not None:
            return f"On its way since {dates.moment(settings, begun)}."
        case EditionState.PAUSED:
            why = f": {edition.why}" if edition.why else ""
            return f"Paused{why}. {planned}."
        case EditionState.CANCELLED if ended is not None:
            return f"Cancelled on {dates.moment(settings, ended)}."
        case EditionState.FINISHED if begun is not None and ended is not None:
            return f"Sent {dates.span(settings, begun, ended)}. {planned}."
        case _:
            return f"{STATES[edition.state].capitalize()}. {planned}."
