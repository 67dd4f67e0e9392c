"""Keeps the events of a webhook request and acts on them, each once.

An event and what follows from it are one transaction: a process that is killed has done both or
neither, and the provider, which got no answer, sends the event again. What an event does to a
reader is for ``bounce_processing`` to decide, as for mail that came back. An event names its copy
by what we made (``CopyIdentifiers``); since the provider is authenticated, its word on the
recipient counts as well, and means the latest copy that reader was sent.
"""

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.inbound import bounce_processing, copy_identification
from mailer.inbound.bounce_processing import Rules
from mailer.inbound.notification import CopyIdentifiers
from mailer.inbound.webhooks.event import ProviderEvent
from mailer.ledger import copies
from mailer.mime import return_path
from recommender.models import (
    Delivery,
    DeliveryState,
    Subscriber,
    WebhookEvent,
)
from recommender.storage.bulk import insert
from recommender.subscribers import self_service
from recommender.subscribers.addresses import address_hash, normalise

log = logging.getLogger("newsletter.webhooks")
AT_ONCE = 100
"""Events in a transaction; others wait for the store no longer than that."""
WITH_BODY = frozenset({"confirmation"})
"""Meanings of events that are about no reader and hold nobody's address."""


@dataclass
class IntakeCount:
    """How many events were new, and how many had been taken before."""

    new: int = 0
    repeated: int = 0


def take(
    begin: Callable[[], AbstractContextManager[Session]],
    provider: str,
    events: Sequence[ProviderEvent],
    *,
    rules: Rules,
    now: datetime,
) -> IntakeCount:
    """Keep what is new of ``events`` and act on it. Only trouble with the store ends it, and what
    was done until then stays done."""
    taken = IntakeCount()
    for some in _in_pieces(events):
        with begin() as session:
            new = sum(_take(session, provider, event, rules=rules, now=now) for event in some)
        taken.new += new
        taken.repeated += len(some) - new
    return taken


def _in_pieces(events: Sequence[ProviderEvent]) -> list[Sequence[ProviderEvent]]:
    return [events[start : start + AT_ONCE] for start in range(0, len(events), AT_ONCE)]


def _take(
    session: Session, provider: str, event: ProviderEvent, *, rules: Rules, now: datetime
) -> bool:
    new = insert(session, WebhookEvent).values(
        provider=provider,
        key=event.key,
        nonce=event.nonce,
        at=now,
        name=event.name[:64],
        meaning=event.meaning,
    )
    row_id = session.scalar(new.on_conflict_do_nothing().returning(WebhookEvent.id))
    if row_id is None:
        return False
    about = _about(session, event, rules)
    error = None
    try:
        with session.begin_nested():
            _act(session, event, about, rules=rules, now=now)
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        raise
    except Exception as trouble:  # noqa: BLE001  (one event stops no other)
        error = type(trouble).__name__
        log.error("a %s event of %s could not be acted on: %s", event.meaning, provider, error)  # noqa: TRY400
    keeps = about.reader is not None or event.meaning in WITH_BODY
    session.execute(
        sa.update(WebhookEvent)
        .where(WebhookEvent.id == row_id)
        .values(
            subscriber_id=None if about.reader is None else about.reader.id,
            delivery_id=about.delivery,
            body=json.dumps(event.document) if keeps else None,
            error=error,
        )
    )
    return True


@dataclass(frozen=True)
class _About:
    """Whom an event is about: the reader; the delivery, and the number under which it was named
    or sent."""

    reader: Subscriber | None = None
    delivery: int | None = None
    number: int | None = None


def _about(session: Session, event: ProviderEvent, rules: Rules) -> _About:
    match = copy_identification.identify(session, event.identifiers, rules.secrets)
    if match is not None:
        return _About(match.reader, match.delivery_id, match.number)
    try:
        key = address_hash(session, normalise(event.recipient))
    except ValueError:
        return _About()
    reader = session.scalar(sa.select(Subscriber).where(Subscriber.address_hash == key))
    if reader is None:
        former = copies.latest_to(session, key)
        if former is None:
            return _About()
        match = copy_identification.matched(session, former)
        return _About(match.reader, match.delivery_id, match.number)
    latest = sa.select(sa.func.max(Delivery.id)).where(
        Delivery.subscriber_id == reader.id,
        Delivery.address_hash.is_(None),
        Delivery.state.in_((DeliveryState.SENT, DeliveryState.IN_DOUBT)),
    )
    number = session.scalar(latest)
    return _About(reader, number, number)


def _act(
    session: Session,
    event: ProviderEvent,
    about: _About,
    *,
    rules: Rules,
    now: datetime,
) -> None:
    reader = about.reader
    if reader is None:
        return
    if event.meaning == "unsubscribe":
        proof = {"delivery": about.delivery, "event": event.name}
        self_service.leave(
            session,
            reader,
            newsletter=None,
            delivery=about.delivery,
            audiences=(),
            source="provider",
            now=now,
            proof=proof,
        )
    notification = event.notification()
    if notification is None:
        return
    if about.number is None:
        bounce_processing.apply_without_copy(session, notification, reader, now=now)
        return
    # The copy, as its own return path names it.
    (tag,) = return_path.tags(return_path.tagged("a@b", rules.secrets[0], about.number))
    notification = replace(notification, identifiers=CopyIdentifiers(return_path_tags=(tag,)))
    bounce_processing.apply(session, notification, rules=rules, now=now)
