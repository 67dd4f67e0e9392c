"""An issue with a note and a subject that are not saved yet, for a reader who is not known: to be
looked at, or sent to somebody as a test copy."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from mailer.delivery import messages
from mailer.delivery.messages import CopyRequest, MessageFactory
from mailer.edition import edition_edits, edition_ranker, planning, sponsors, templates
from mailer.edition.edition_settings import EditionSettings
from mailer.issue import content
from mailer.issue.composition import ReaderView
from mailer.issue.sponsors import SponsorContent
from mailer.mime.message import Message
from mailer.rendering.templates import Rendered
from recommender.articles import catalogue
from recommender.errors import NewsletterError
from recommender.models import Story
from recommender.ranking.values import ListRequest, Pick, Reader
from recommender.settings import Settings

STRANGER = "0"
"""The id of a reader who is not in the store."""
DRAFT = 0
"""The number of a sponsor who is not in the store."""


@dataclass(frozen=True)
class Draft:
    """An issue that belongs to no delivery."""

    factory: MessageFactory
    request: CopyRequest

    @property
    def page(self) -> Rendered:
        """As it looks."""
        return self.factory.page(self.request)

    def message(self, address: str, now: datetime) -> Message:
        """As it is sent to that address."""
        return self.factory.message(replace(self.request, recipient=address), now)


def issue(
    session: Session,
    settings: Settings,
    period: str,
    *,
    subject: str,
    notes: Mapping[str | None, str],
    segment: str | None,
    now: datetime,
    lead: tuple[int, Mapping[str, Any]] | None = None,
    sponsor: SponsorContent | None = None,
) -> Draft:
    """The copy of somebody in ``segment`` (None: in none), with this subject and these notes
    instead of what is saved; an empty one takes that away. ``lead``: a story (id) to lead it, and
    what is to be said of it instead; ``sponsor``: who is in it instead. Raises NewsletterError
    without any story."""
    newsletter = planning.newsletter_of(session, settings)
    edition_settings = EditionSettings.of(settings)
    theirs = () if segment is None else (segment,)
    ranker, stories = edition_ranker.ranker_for(
        session, edition_settings, now, newsletter=newsletter.name, period=period
    )
    asked = ListRequest(now=now, top=edition_settings.picks, seed=f"{newsletter.name}-{period}")
    [ranking] = ranker.rank([Reader(STRANGER, segments=theirs)], asked)
    newest = [story.id for story in ranker.candidates[: edition_settings.picks]]
    picks = ranking.picks or [Pick(one, at, 1.0, ()) for at, one in enumerate(newest, 1)]
    documents = dict(stories.documents)
    if lead is not None:
        key = str(lead[0])
        documents[key] = {**_document(session, lead[0], documents.get(key)), **lead[1]}
        others = [pick.story for pick in picks if pick.story != key][: edition_settings.picks - 1]
        picks = [Pick(one, at, 1.0, ()) for at, one in enumerate((key, *others), 1)]
    if not picks:
        raise NewsletterError("there is no story to be chosen; import some first")
    edits = edition_edits.current(session, newsletter.name, period)
    wanted = {name: text for name, text in {**edits.notes, **notes}.items() if text}
    slots = sponsors.slots(session, newsletter.id, edition_settings, period, now)
    shown = slots.of(theirs) if sponsor is None else DRAFT
    if sponsor is not None:
        edits = replace(edits, sponsors={**edits.sponsors, DRAFT: sponsor})
    factory = messages.make_factory(
        settings, newsletter=newsletter.name, period=period,
        template=templates.installed(settings),
        stories=content.contents(documents),
        edits=replace(edits, subject=subject, notes=wanted),
        test=True,
    )  # fmt: skip
    view = ReaderView(segments=theirs, sponsor=shown)
    return Draft(factory, CopyRequest(delivery_id=0, recipient="", picks=picks, reader=view))


def _document(session: Session, story: int, known: dict[str, Any] | None) -> dict[str, Any]:
    """What copies show of a story, one that cannot be chosen now too."""
    if known is not None:
        return known
    row = session.get_one(Story, story)
    return catalogue.document(row, row.article, [topic.topic.name for topic in row.topics])
