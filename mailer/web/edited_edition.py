"""Which newsletter and edition the editors' pages are about, and what they say of it.

They open on the next edition that can still be changed, of the first newsletter.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from mailer.edition import edition_edits, schedule
from mailer.issue.content import StoryContent
from mailer.ledger import counts
from mailer.preview import upcoming
from mailer.web import archive, dates
from mailer.web.site import Site
from recommender import newsletters
from recommender.errors import NewsletterError, NotFoundError
from recommender.models import DeliveryState, Edition, EditionState
from recommender.storage import database

PERIODS = 6
"""Editions to come that may be chosen on the page."""


@dataclass(frozen=True)
class EditedEdition:
    """An edition, planned or not. ``state`` says in a sentence how far it is; ``open``: it can
    still be changed."""

    newsletter: str
    period: str
    day: str
    open: bool
    state: str

    @property
    def name(self) -> str:
        return f"{self.newsletter}-{self.period}"


def publishing(site: Site, newsletter: str) -> Site:
    """The site as that of the ``newsletter`` of that name; of the first where there is none."""
    if newsletter in ("", site.settings.newsletter):
        return site
    with database.reading(site.engine) as session:
        try:
            found = newsletters.get(session, newsletter)
        except NotFoundError:
            return site
        return site.publishing(newsletters.of(site.settings, found))


def titles(session: Session, site: Site) -> Mapping[str, str]:
    """The title of each newsletter that is published, by name; ``site`` is of any of them."""
    found = {}
    for row in newsletters.listing(session):
        own = row.name == site.settings.newsletter
        title = site.settings.title if own else newsletters.of(site.settings, row).title
        found[row.name] = title
    return found


def wanted_period(session: Session, site: Site, given: str) -> str:
    """The period that was ``given``, if it is one of the newsletter; or the next one whose edition
    can be changed."""
    try:
        return schedule.check_period(given, site.settings.schedule)
    except NewsletterError:
        return _next_open(session, site)


def _next_open(session: Session, site: Site) -> str:
    settings = site.settings
    period = upcoming.current_period(settings, site.clock())
    while not _open(edition_edits.planned(session, settings.newsletter, period)):
        period = schedule.after(period, settings.schedule)
    return period


def _open(edition: Edition | None) -> bool:
    return edition is None or edition_edits.may_change(edition)


def of(session: Session, site: Site, period: str) -> EditedEdition:
    """The edition of ``period``, and how far it is."""
    settings = site.settings
    edition = edition_edits.planned(session, settings.newsletter, period)
    state = _unplanned(site, period) if edition is None else _state(session, edition)
    return EditedEdition(settings.newsletter, period, _day(site, period), _open(edition), state)


def sent(session: Session, site: Site, period: str) -> list[StoryContent]:
    """What most readers got in an edition whose copies are out; nothing of one that is not."""
    edition = edition_edits.planned(session, site.settings.newsletter, period)
    return [] if edition is None or _open(edition) else archive.most_sent(session, edition)


def choices(session: Session, site: Site, wanted: str) -> Mapping[str, str]:
    """What each period that may be chosen is called, the latest edition first: the one before the
    next that can be changed, that, those after it, and ``wanted``."""
    settings = site.settings
    first = _next_open(session, site)
    current = upcoming.current_period(settings, site.clock())
    periods = {first, current, wanted}
    following = first
    for _ in range(PERIODS - 1):
        following = schedule.after(following, settings.schedule)
        periods.add(following)
    return {
        period: f"{_day(site, period)}{' (next)' if period == first else ''}"
        for period in sorted(periods)
    }


def complaint(error: Exception) -> str:
    """What went wrong, without the advice that is for the command line."""
    words = str(error).partition("; `")[0]
    if isinstance(error, NotFoundError):
        words = f"{words}: it may have been removed meanwhile; choose again below"
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _unplanned(site: Site, period: str) -> str:
    out = schedule.occurrence(site.settings.schedule, period, site.settings.zone)
    moment = dates.moment(site.settings, out)
    if out > site.clock():
        return f"Not planned yet; it goes out on {moment}."
    return f"Not planned; its hour was {moment}."


def _state(session: Session, edition: Edition) -> str:
    counted = counts.count(session, edition.id)
    copies, sent = sum(counted.states.values()), counted.of(DeliveryState.SENT)
    match edition.state:
        case EditionState.PLANNING:
            return "It is being planned now; what its copies say can be changed when it is planned."
        case EditionState.CANCELLED:
            return f"Cancelled; {sent:,} of {copies:,} copies were sent."
        case EditionState.FINISHED:
            return f"Sent to {sent:,} of {copies:,} readers; what its copies say stays as it is."
        case _ if edition.started_at is not None:
            return (
                f"On its way: {sent:,} of {copies:,} copies are sent; what they say stays as it is."
            )
        case _:
            return f"Planned for {copies:,} readers, and not sent yet."


def _day(site: Site, period: str) -> str:
    return dates.day(schedule.publishing_day(site.settings, period))
