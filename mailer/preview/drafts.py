"""An issue with a note and a subject that are not saved yet, for a reader who is not known."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from mailer.delivery import messages
from mailer.delivery.messages import CopyRequest
from mailer.edition import edition_edits, edition_ranker, planning, sponsors, templates
from mailer.edition.edition_settings import EditionSettings
from mailer.issue import content
from mailer.issue.composition import ReaderView
from mailer.rendering.templates import Rendered
from recommender.errors import NewsletterError
from recommender.ranking.values import ListRequest, Pick, Reader
from recommender.settings import Settings

STRANGER = "0"
"""The id of a reader who is not in the store."""


def issue(
    session: Session,
    settings: Settings,
    period: str,
    *,
    subject: str,
    notes: Mapping[str | None, str],
    segment: str | None,
    now: datetime,
) -> Rendered:
    """The copy of somebody in ``segment`` (None: in none) with this subject and these notes instead
    of what is saved; an empty one takes that away. Raises NewsletterError without any story."""
    newsletter = planning.newsletter_of(session, settings)
    edition_settings = EditionSettings.of(settings)
    theirs = () if segment is None else (segment,)
    ranker, stories = edition_ranker.ranker_for(session, edition_settings, now, period=period)
    asked = ListRequest(now=now, top=edition_settings.picks, seed=f"{newsletter.name}-{period}")
    [ranking] = ranker.rank([Reader(STRANGER, segments=theirs)], asked)
    newest = enumerate(ranker.candidates[: edition_settings.picks], 1)
    picks = ranking.picks or [Pick(story.id, at, 1.0, ()) for at, story in newest]
    if not picks:
        raise NewsletterError("there is no story to be chosen; import some first")
    edits = edition_edits.current(session, newsletter.name, period)
    kept = {**edits.notes, **notes}
    wanted = {name: text for name, text in kept.items() if text}
    slots = sponsors.slots(session, newsletter.id, edition_settings, period, now)
    factory = messages.make_factory(
        settings,
        newsletter=newsletter.name,
        period=period,
        template=templates.installed(settings),
        stories=content.contents(stories.documents),
        edits=replace(edits, subject=subject, notes=wanted),
        test=True,
    )
    reader = ReaderView(segments=theirs, sponsor=slots.of(theirs))
    return factory.page(CopyRequest(delivery_id=0, recipient="", picks=picks, reader=reader))
