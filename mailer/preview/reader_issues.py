"""Looks ahead and back for one reader: the next picks and why, the next issue, a copy once sent.

It plans nothing and records nothing. What has been planned is shown as it was frozen; otherwise the
ranker is asked as planning would ask it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, joinedload

from mailer.delivery import messages
from mailer.delivery.messages import MessageFactory, RenderedCopy
from mailer.edition import edition_ranker, feedback, frequency, planning, schedule, snapshot
from mailer.edition.terms import Terms
from mailer.issue.composition import ReaderView, StoryContent
from mailer.relay import registry
from mailer.relay.outbox.folder import file_name
from mailer.relay.transport import NoLimits, VerdictKind
from mailer.rendering import templates
from recommender import resources
from recommender.articles.catalogue import Catalogue
from recommender.errors import NewsletterError, NotFoundError, TransportError
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Newsletter,
    Status,
    Subscriber,
)
from recommender.ranking.values import ListRequest, Pick, RunnerUp
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import addresses, audience, records

RUNNERS_UP = 5
_WAITING = (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.DEFERRED)


def current_period(settings: Settings, now: datetime) -> str:
    """The week it is where the newsletter is."""
    return schedule.period_of(now.astimezone(settings.zone).date())


def next_period(session: Session, settings: Settings, reader: Subscriber, now: datetime) -> str:
    """The week of the reader's next issue (without a copy that waits for them): the first, from
    the current one on, whose edition they can still come into, and in which they do not rest."""
    period = current_period(settings, now)
    newsletter = planning.newsletter_of(session, settings)
    while not _can_get(session, settings, newsletter, reader, period, now):
        period = schedule.after(period)
    last = frequency.latest(session, newsletter.id, schedule.after(period), [reader.id])
    while reader.id in last and frequency.rests(reader.frequency, last[reader.id], period):
        period = schedule.after(period)
    return period


def _can_get(
    session: Session,
    settings: Settings,
    newsletter: Newsletter,
    reader: Subscriber,
    period: str,
    now: datetime,
) -> bool:
    """Whether the reader may still get the edition of ``period``: they are not in it, and it is
    not planned, or only by hand and its hour is still to come."""
    row = session.execute(
        sa.select(Edition, Delivery.id)
        .outerjoin(
            Delivery,
            (Delivery.edition_id == Edition.id) & (Delivery.subscriber_id == reader.id),
        )
        .where(Edition.newsletter_id == newsletter.id, Edition.period == period)
    ).first()
    if row is None:
        return True
    edition: Edition = row[0]
    copy: int | None = row[1]  # of an outer join
    if copy is not None:
        return False
    if edition.state == EditionState.PLANNING:
        return True
    if planning.published(session, newsletter.name, period):
        return False
    return Terms.of(settings, newsletter).out_at(period) > now


def next_due(
    session: Session, settings: Settings, reader: Subscriber, now: datetime
) -> datetime | None:
    """When the reader's next issue is due, if there is something for them; None when they get none
    as they stand."""
    if reader.status != Status.ACTIVE:
        return None
    waiting = _waiting(session, settings, reader)
    if waiting is not None:
        return waiting.delivery.due_at
    terms = Terms.of(settings, planning.newsletter_of(session, settings))
    period = next_period(session, settings, reader, now)
    while (due := terms.due_at(period, reader.timezone, reader.day, reader.hour)) <= now:
        period = schedule.after(period)
    return due


def next_picks(
    session: Session, settings: Settings, email: str, *, now: datetime, story: str | None = None
) -> dict[str, Any]:
    """What this reader gets next, with the runners-up and why they are not in it.

    ``story`` (its id, or ``article/story``) is explained, too. Raises NotFoundError for an unknown
    reader or story.
    """
    subscriber = records.find(session, email)
    terms = Terms.of(settings, planning.newsletter_of(session, settings))
    waiting = _waiting(session, settings, subscriber)
    period = waiting.edition.period if waiting else next_period(session, settings, subscriber, now)
    name = f"{settings.newsletter}-{period}"
    since = waiting.edition.planned_at if waiting else now
    planned = waiting.edition.id if waiting else None
    ranker, stories = edition_ranker.ranker_for(session, terms, since, edition_id=planned)
    reader = audience.member(session, subscriber, without_edition=planned)
    [ranking] = ranker.rank(
        [reader.reader], ListRequest(now=since, top=terms.picks, seed=name), runners_up=RUNNERS_UP
    )
    picks = [snapshot.pick_of(p) for p in waiting.delivery.picks] if waiting else ranking.picks
    answers = feedback.answers(session, subscriber.id)
    answer = {
        "subscriber": subscriber.email,
        "edition": name,
        "planned": waiting is not None,
        "picks": [_pick(pick, stories, answers) for pick in picks],
        "runners_up": [_runner_up(other, stories, answers) for other in ranking.runners_up],
        "learned_from": answers,
    }
    if story is not None:
        found = _find(stories, story)
        [explained] = ranker.explain(
            reader.reader, [found], ListRequest(now=since, top=terms.picks, seed=name)
        )
        answer["story"] = _runner_up(explained, stories, answers)
    return answer


def _waiting(session: Session, settings: Settings, subscriber: Subscriber) -> "_Planned | None":
    """The reader's copy that is planned and not yet sent, if there is one."""
    query = (
        sa.select(Delivery, Edition)
        .join(Edition, Edition.id == Delivery.edition_id)
        .join(Newsletter, Newsletter.id == Edition.newsletter_id)
        .options(joinedload(Edition.newsletter))
        .where(
            Newsletter.name == settings.newsletter,
            Delivery.subscriber_id == subscriber.id,
            Delivery.state.in_(_WAITING),
        )
        .order_by(Delivery.id.desc())
    )
    row = session.execute(query.limit(1)).first()
    return None if row is None else _Planned(row[0], row[1])


@dataclass(frozen=True)
class _Planned:
    """A delivery with its edition."""

    delivery: Delivery
    edition: Edition


def _pick(pick: Pick, stories: Catalogue, answers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "position": pick.position,
        **_named(pick.story, stories),
        "score": pick.score,
        "reasons": [feedback.reason(one, answers) for one in pick.reasons],
    }


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
    """The reader's next issue as it would be sent now, to them or to ``recipient``.

    Raises NewsletterError when nothing passes the relevance floor.
    """
    subscriber = records.find(session, email)
    waiting = _waiting(session, settings, subscriber)
    if waiting is not None:
        factory = messages.factory(session, settings, waiting.edition)
        copy = _copy(waiting.delivery, recipient or subscriber.email)
        return _shown(factory, copy, subscriber.name, now)
    terms = Terms.of(settings, planning.newsletter_of(session, settings))
    period = next_period(session, settings, subscriber, now)
    ranker, stories = edition_ranker.ranker_for(session, terms, now)
    member = audience.member(session, subscriber)
    [ranking] = ranker.rank(
        [member.reader],
        ListRequest(now=now, top=terms.picks, seed=f"{settings.newsletter}-{period}"),
    )
    if not ranking.picks:
        raise NewsletterError(f"no story passes the relevance floor for {email}: no issue is sent")
    factory = messages.make_factory(
        settings,
        newsletter=settings.newsletter,
        period=period,
        template=templates.compile_template(resources.folder("templates") / "email"),
        stories=_contents(stories),
    )
    copy = _Copy(
        delivery_id=0,
        number=0,
        email=recipient or subscriber.email,
        picks=ranking.picks,
        reader=snapshot.reader_of(snapshot.reader_document(member)),
    )
    return _shown(factory, copy, subscriber.name, now)


def _contents(stories: Catalogue) -> dict[str, StoryContent]:
    return {key: StoryContent.from_document(doc) for key, doc in stories.documents.items()}


@dataclass(frozen=True)
class _Copy:
    """What a copy is made from, planned or not."""

    delivery_id: int
    number: int
    email: str
    picks: Sequence[Pick]
    reader: ReaderView


def _copy(delivery: Delivery, email: str) -> _Copy:
    picks = [snapshot.pick_of(document) for document in delivery.picks]
    reader = snapshot.reader_of(delivery.reader)
    return _Copy(delivery.id, delivery.number, email, picks, reader)


def _shown(factory: MessageFactory, copy: _Copy, name: str, now: datetime) -> RenderedCopy:
    issue = factory.compose(copy.delivery_id, copy.picks, copy.reader)
    rendered = factory.renderer.render(issue)
    return RenderedCopy(
        reader=copy.email,
        name=name,
        roles=copy.reader.roles,
        subject=issue.subject,
        html=rendered.html,
        text=rendered.text,
        file=file_name(copy.number, copy.email),
        message=factory.wrap(copy.delivery_id, copy.email, issue, rendered, now),
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
        _shown(factory, _copy(delivery, email), name, delivery.settled_at or edition.planned_at)
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
    try:
        address = addresses.normalise(address)
    except ValueError as error:
        raise NewsletterError(f"{address!r} is no address: {error}") from error
    with database.reading(engine) as session:
        shown = next_issue(session, settings, reader, now=now, recipient=address)
    transport = registry.opener(settings, settings.outbox / "test")(NoLimits())
    try:
        verdict = transport.offer(shown.message, number=0) or transport.commit()
    finally:
        transport.close()
    if verdict.kind != VerdictKind.ACCEPTED:
        raise TransportError(f"{address}: {verdict.kind}: {verdict.reply or 'no answer'}")
    return f"accepted by {verdict.relay}: {verdict.reply}"
