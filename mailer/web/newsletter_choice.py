"""Which of several newsletters a reader wants, as the page of choices shows and changes it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session, object_session
from starlette.datastructures import FormData

from mailer.edition import schedule
from mailer.issue import wording
from mailer.web.site import Site
from recommender import newsletters, segments
from recommender.models import Subscriber
from recommender.settings import Settings, schedules
from recommender.settings.schedules import Cadence
from recommender.subscribers import subscriptions


class Choice(NamedTuple):
    """A newsletter of the store, when it comes in words, and whether the reader has not left it."""

    name: str
    title: str
    comes: str
    subscribed: bool


def choices(site: Site, reader: Subscriber) -> list[Choice]:
    """The reader's newsletters, where they are several; ``reader`` is of an open session."""
    session = object_session(reader)
    if session is None:
        raise ValueError("the reader is not of an open session")
    within = segments.audiences(session, reader.id, site.clock())
    wanted = subscriptions.of(session, reader, within)
    rows = [row for row in newsletters.listing(session) if row.name in wanted]
    if len(rows) < 2:
        return []
    choices = []
    for row in rows:
        own = newsletters.of(site.settings, row)
        often = wording.cadence(own.schedule, site.language)
        comes = f"{often}, {schedule.hour_of(own.schedule):%H:%M}"
        choices.append(Choice(row.name, own.title, comes, wanted[row.name]))
    return choices


def got(site: Site, reader: Subscriber) -> list[Settings]:
    """The settings of each newsletter that the reader gets, the first's where there is none;
    ``reader`` is of an open session."""
    session = object_session(reader)
    if session is None:
        raise ValueError("the reader is not of an open session")
    within = segments.audiences(session, reader.id, site.clock())
    wanted = subscriptions.of(session, reader, within)
    found = [
        newsletters.of(site.settings, row)
        for row in newsletters.listing(session)
        if wanted.get(row.name)
    ]
    return found or [site.settings]


def all_weekly(own: Sequence[Settings]) -> bool:
    """Whether each of these newsletters comes once a week."""
    return all(schedules.parse(one.schedule).cadence == Cadence.WEEKLY for one in own)


def any_ticked(site: Site, reader: Subscriber, form: FormData) -> bool:
    """Whether one of the reader's newsletters is ticked; ``reader`` is of an open session."""
    return any(one.name in _ticked(form) for one in choices(site, reader))


def _ticked(form: FormData) -> list[str]:
    return [str(name)[:100] for name in form.getlist("newsletter")]


def change(
    site: Site, session: Session, reader: Subscriber, form: FormData, proof: dict[str, Any]
) -> None:
    """Keep what was ticked. ValueError when that is none."""
    subscriptions.choose(
        session, reader, _ticked(form),
        audiences=segments.audiences(session, reader.id, site.clock()),
        now=site.clock(), proof=proof,
    )  # fmt: skip
