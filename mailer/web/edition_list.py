"""The list of editions on the operators' first page: what each is called, and its figures.

Those of small editions are counted, once for all who ask; of large ones those that the service
keeps are shown (``edition_statistics``).
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from mailer.ledger import editions
from mailer.reports import edition_statistics
from mailer.reports.edition_statistics import Figures
from mailer.web import edition_titles
from mailer.web.edition_titles import EditionTitle
from mailer.web.response_cache import ResponseCache
from mailer.web.site import Site
from recommender.models import Edition, EditionState

LISTED = 12
"""Editions on a page."""
ON_THE_WAY = (EditionState.PLANNING, EditionState.SENDING)
"""States in which a page of an edition brings itself up to date."""


@dataclass(frozen=True)
class EditionRow:
    """An edition in the list; ``figures`` is None where they were never counted. ``live``: they
    change while one looks."""

    title: EditionTitle
    figures: Figures | None
    live: bool


@dataclass(frozen=True)
class EditionPages:
    """A page of the list; ``newer`` and ``older`` are the numbers of those beside it."""

    rows: list[EditionRow]
    newer: int | None
    older: int | None


def page(
    session: Session, site: Site, kept: ResponseCache[EditionRow], number: int
) -> EditionPages:
    """Page ``number``, from 1, the edition that was planned last first."""
    found = editions.listing(session, LISTED + 1, after=LISTED * (number - 1))
    return EditionPages(
        [_row(session, site, kept, one) for one in found[:LISTED]],
        number - 1 if number > 1 else None,
        number + 1 if len(found) > LISTED else None,
    )


def _row(
    session: Session, site: Site, kept: ResponseCache[EditionRow], edition: Edition
) -> EditionRow:
    def make() -> EditionRow:
        [title] = edition_titles.of(session, site, [edition])
        found = edition_statistics.figures(session, edition.id)
        return EditionRow(title, found, edition.state in ON_THE_WAY)

    return kept.get((edition.id, edition.state, edition.finished_at), make)
