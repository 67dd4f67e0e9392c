"""When a reader gets their next issue: the week, the hour, and the copy that waits for them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from mailer.edition import frequency, planning, schedule
from mailer.edition.edition_settings import EditionSettings
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Newsletter,
    Status,
    Subscriber,
    Suppression,
)
from recommender.settings import Settings
from recommender.subscribers import subscriptions

_WAITING = (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.DEFERRED)


def current_period(settings: Settings, now: datetime) -> str:
    """The week it is where the newsletter is."""
    return schedule.period_of(now.astimezone(settings.zone).date(), settings.schedule)


def why_not_mailed(session: Session, settings: Settings, reader: Subscriber) -> str:
    """Why the reader gets no issue of this newsletter at present; '' where they do."""
    newsletter = planning.newsletter_of(session, settings)
    if newsletter.retired_at is not None:
        return f"{newsletter.name} is published no more"
    if reader.status == Status.PAUSED and reader.paused_until is not None:
        return f"paused until {reader.paused_until:%Y-%m-%d}"
    if reader.status != Status.ACTIVE:
        return str(reader.status)
    if session.get(Suppression, reader.address_hash) is not None:
        return "the address is suppressed"
    theirs = Subscriber.id == reader.id
    if session.scalar(sa.select(Subscriber.id).where(theirs, subscriptions.left(newsletter.id))):
        return f"left {newsletter.name}"
    return ""


def next_period(session: Session, settings: Settings, reader: Subscriber, now: datetime) -> str:
    """The week of the reader's next issue (without a copy that waits for them): the first, from
    the current one on, whose edition they can still come into, and in which they do not rest."""
    period = current_period(settings, now)
    newsletter = planning.newsletter_of(session, settings)
    while not _can_get(session, settings, newsletter, reader, period, now):
        period = schedule.after(period, settings.schedule)
    next_one = schedule.after(period, settings.schedule)
    last = frequency.latest(session, newsletter.id, next_one, [reader.id])
    while reader.id in last and frequency.rests(reader.frequency, last[reader.id], period):
        period = schedule.after(period, settings.schedule)
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
    return EditionSettings.of(settings).out_at(period) > now


def next_due(
    session: Session, settings: Settings, reader: Subscriber, now: datetime
) -> datetime | None:
    """When the reader's next issue is due, if there is something for them; None when they get none
    as they stand."""
    if reader.status != Status.ACTIVE:
        return None
    planned = waiting(session, settings, reader, now)
    if planned is not None:
        return planned.delivery.due_at
    edition_settings = EditionSettings.of(settings)
    period = next_period(session, settings, reader, now)
    while (due := edition_settings.due_at(period, reader.timezone, reader.day, reader.hour)) <= now:
        period = schedule.after(period, settings.schedule)
    return due


def waiting(
    session: Session, settings: Settings, subscriber: Subscriber, now: datetime
) -> "PlannedDelivery | None":
    """The reader's next issue, where it is planned and not yet sent: the copy that is due first;
    none where an earlier edition, which is not planned yet, comes before it."""
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
        .order_by(Delivery.due_at, Delivery.id)
    )
    row = session.execute(query.limit(1)).first()
    if row is None:
        return None
    planned = PlannedDelivery(row[0], row[1])
    starts = schedule.first_day(planned.edition.period)
    if starts <= schedule.first_day(current_period(settings, now)):
        return planned
    sooner = next_period(session, settings, subscriber, now)
    return planned if starts <= schedule.first_day(sooner) else None


@dataclass(frozen=True)
class PlannedDelivery:
    """A delivery with its edition."""

    delivery: Delivery
    edition: Edition
