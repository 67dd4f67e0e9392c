"""Looks ahead and back for one reader: the next picks and why, the next issue, a copy once sent.

It plans nothing and records nothing. What has been planned is shown as it was frozen; otherwise the
ranker is asked as planning would ask it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.delivery import messages
from mailer.delivery.messages import CopyRequest, MessageFactory
from mailer.edition import (
    edition_edits,
    edition_ranker,
    experiments,
    feedback,
    pinned_segments,
    planning,
    snapshot,
    sponsors,
    templates,
)
from mailer.edition.edition_edits import EditionEdits
from mailer.edition.edition_ranker import EditionRanker
from mailer.edition.edition_settings import EditionSettings
from mailer.edition.sponsors import Slots
from mailer.issue import content
from mailer.issue.composition import ReaderView
from mailer.mime.message import Message
from mailer.preview import test_copies, upcoming
from mailer.relay.outbox.folder import file_name
from recommender import segments
from recommender.articles import placements
from recommender.articles.catalogue import Catalogue
from recommender.errors import NewsletterError, NotFoundError
from recommender.models import Delivery, Edition, Subscriber
from recommender.ranking.values import Pick, RunnerUp
from recommender.settings import Settings
from recommender.storage import database, json_columns
from recommender.subscribers import audience, records
from recommender.subscribers.audience import Member

RUNNERS_UP = 5


@dataclass(frozen=True)
class RenderedCopy:
    """A copy to look at."""

    reader: str
    name: str
    roles: tuple[str, ...]
    subject: str
    html: str
    text: str
    file: str
    message: Message


def next_picks(
    session: Session, settings: Settings, email: str, *, now: datetime, story: str | None = None
) -> dict[str, Any]:
    """What this reader gets next, with the runners-up and why they are not in it.

    ``story`` (its id, or ``article/story``) is explained, too. Raises NotFoundError for an unknown
    reader or story.
    """
    subscriber = records.find(session, email)
    waiting = upcoming.waiting(session, settings, subscriber, now)
    period = (
        waiting.edition.period
        if waiting
        else upcoming.next_period(session, settings, subscriber, now)
    )
    planned = waiting.edition.id if waiting else None
    opened, stories = _opened(session, settings, period, now, waiting)
    member = audience.member(session, subscriber, without_edition=planned)
    [member] = pinned_segments.members(session, opened.ranker, [member], opened.request.now)
    ranker, reader = opened.of(member)
    [ranking] = ranker.rank([reader], opened.request, runners_up=RUNNERS_UP)
    picks: Sequence[Pick] = ranking.picks
    if opened.draw is not None:
        picks = snapshot.picks(json_columns.dump(opened.choose([member])[0].picks))
    if waiting:
        picks = CopyRequest.of_delivery(waiting.delivery, subscriber.email).picks
    answers = feedback.answers(session, subscriber.id)
    answer: dict[str, Any] = {
        "subscriber": subscriber.email,
        "edition": opened.request.seed,
        "planned": waiting is not None,
        "not_mailed": upcoming.why_not_mailed(session, settings, subscriber),
        "picks": [_pick(pick, stories, answers) for pick in picks],
        "runners_up": [_runner_up(other, stories, answers) for other in ranking.runners_up],
        "learned_from": answers,
    }
    if story is not None:
        asked = _find(stories, story)
        [explained] = ranker.explain(reader, [asked], opened.request)
        answer["story"] = _runner_up(explained, stories, answers)
    return answer


def _opened(
    session: Session,
    settings: Settings,
    period: str,
    now: datetime,
    waiting: upcoming.PlannedDelivery | None = None,
) -> tuple[EditionRanker, Catalogue]:
    """What chooses for the edition of ``period``: as it is planned, if a copy of it waits, or as it
    would be now."""
    if waiting is not None:
        edition = waiting.edition
        frozen = EditionSettings(**edition.settings)
        return edition_ranker.opened(session, edition, frozen, edition_id=edition.id)
    newsletter = planning.newsletter_of(session, settings)
    edition = Edition(
        newsletter_id=newsletter.id, newsletter=newsletter, period=period, planned_at=now
    )
    edition_settings = experiments.frozen(session, settings, newsletter.id, period)
    return edition_ranker.opened(session, edition, edition_settings)


def _pick(pick: Pick, stories: Catalogue, answers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "position": pick.position,
        **_named(pick.story, stories),
        "score": pick.score,
        "reasons": [feedback.reason(one, answers) for one in pick.reasons],
    } | _told(pick, stories)


def _told(pick: Pick, stories: Catalogue) -> dict[str, Any]:
    """Where in its digest the topic stands that a pick is for, if it has no card of its own."""
    elsewhere = stories.documents.get(pick.story, {}).get("elsewhere", ())
    topics = [reason.detail for reason in pick.reasons[:1] if reason.kind == "topic"]
    found = [one for topic in topics if (one := placements.told(elsewhere, topic))]
    return {"elsewhere": [one.document() for one in found]} if found else {}


def _runner_up(
    other: RunnerUp, stories: Catalogue, answers: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        **_named(other.story, stories),
        "score": other.score,
        "why": other.why,
        "reasons": [feedback.reason(one, answers) for one in other.reasons],
    }


def _named(story: str, stories: Catalogue) -> dict[str, Any]:
    document = stories.documents.get(story, {})
    return {key: document.get(key, "") for key in ("article", "story", "title")}


def _find(stories: Catalogue, name: str) -> str:
    """The ranker's id of the story called ``name``."""
    for key, document in stories.documents.items():
        article, story = document["article"], document["story"]
        if name in (story, f"{article}/{story}", f"{article}#{story}"):
            return key
    raise NotFoundError(
        f"no story {name!r} can be chosen now; `newsletter articles list` shows what there is"
    )


def next_issue(
    session: Session,
    settings: Settings,
    email: str,
    *,
    now: datetime,
    recipient: str | None = None,
) -> RenderedCopy:
    """The reader's next issue as it would be sent now; with ``recipient`` a test copy for them,
    which belongs to no delivery.

    Raises NewsletterError when there is no story for the reader.
    """
    subscriber = records.find(session, email)
    waiting = upcoming.waiting(session, settings, subscriber, now)
    if waiting is not None:
        factory = messages.factory(session, settings, waiting.edition, test=bool(recipient))
        request = CopyRequest.of_delivery(waiting.delivery, recipient or subscriber.email)
        if recipient:
            request = replace(request, delivery_id=0)
        return _shown(factory, request, waiting.delivery.number, subscriber.name, now)
    period = upcoming.next_period(session, settings, subscriber, now)
    opened, stories = _opened(session, settings, period, now)
    member = audience.member(session, subscriber)
    [member] = pinned_segments.members(session, opened.ranker, [member], now)
    picks = snapshot.picks(json_columns.dump(opened.choose([member])[0].picks))
    if not picks:
        raise NewsletterError(
            f"no story is relevant enough, or new, to {email}: no issue is sent; "
            f"`newsletter picks {email} --explain` says why not"
        )
    slots = sponsors.slots(session, opened.edition.newsletter_id, opened.settings, period, now)
    edits = edition_edits.current(session, settings.newsletter, period)
    factory = messages.make_factory(
        settings,
        newsletter=settings.newsletter,
        period=period,
        template=templates.installed(settings),
        stories=content.contents(stories.documents),
        edits=edits,
        test=bool(recipient),
    )
    request = CopyRequest(
        delivery_id=0,
        recipient=recipient or subscriber.email,
        picks=picks,
        reader=_view(session, edits, slots, member, now),
    )
    return _shown(factory, request, 0, subscriber.name, now)


def _view(
    session: Session, edits: EditionEdits, slots: Slots, member: Member, now: datetime
) -> ReaderView:
    """What a copy that is planned now would show of the reader."""
    named = {*edits.segments, *slots.segments}
    theirs = segments.memberships(session, named, Subscriber.id == member.id, now)
    belonging = theirs.get(member.id, ())
    shown = snapshot.reader_document(member, belonging, slots.of(belonging))
    return snapshot.reader(json_columns.dump(shown))


def _shown(
    factory: MessageFactory, request: CopyRequest, number: int, name: str, now: datetime
) -> RenderedCopy:
    page = factory.page(request)
    return RenderedCopy(
        reader=request.recipient,
        name=name,
        roles=request.reader.roles,
        subject=page.subject,
        html=page.html,
        text=page.text,
        file=file_name(number, request.recipient),
        message=factory.message(request, now),
    )


def issues(session: Session, settings: Settings, edition_id: int) -> list[RenderedCopy]:
    """Every copy of a (small) edition that was planned with picks, in order."""
    edition = session.get_one(Edition, edition_id)
    factory = messages.factory(session, settings, edition)
    rows = session.execute(
        sa.select(Delivery, Subscriber.email, Subscriber.name)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.edition_id == edition_id)
        .order_by(Delivery.number)
    )
    return [
        _shown(
            factory,
            CopyRequest.of_delivery(delivery, email),
            delivery.number,
            name,
            delivery.settled_at or edition.planned_at,
        )
        for delivery, email, name in rows
        if delivery.picks
    ]


def send_test(
    engine: Engine, settings: Settings, *, reader: str, address: str, now: datetime
) -> str:
    """Send the reader's next issue to ``address``; what the relay said.

    The ledger is not touched. Raises NewsletterError for what is no address, TransportError when it
    was not accepted.
    """
    address = test_copies.recipient(address)
    with database.reading(engine) as session:
        shown = next_issue(session, settings, reader, now=now, recipient=address)
    return test_copies.send(settings, shown.message, address)
