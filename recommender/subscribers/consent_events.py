"""What an import writes into the consent log: a row for each change of status, at the time that the
list gives for it, with file and line and what the list knows as proof."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import ConsentEvent, Status
from recommender.storage import bulk
from recommender.subscribers.fields import SubscriberDraft

LEFT = frozenset({Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED})
"""States that only the reader's own act may leave."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from: the file, the name for the log, and when it is read."""

    file: str
    source: str
    now: datetime


def of_new(subscriber: int, row: SubscriberDraft, origin: Origin) -> Iterator[dict[str, Any]]:
    """How a new reader came by their status. Who has consented and left has two events."""
    status = row.status or Status.ACTIVE
    given = row.consent.at or row.consent.confirmed_at
    if status in LEFT and given is not None:
        yield _event(subscriber, row, None, Status.ACTIVE, given, origin)
        yield _event(subscriber, row, Status.ACTIVE, status, row.consent.left_at, origin)
    else:
        at = row.consent.left_at if status in LEFT else given
        yield _event(subscriber, row, None, status, at, origin)


def of_change(
    subscriber: int, row: SubscriberDraft, before: Status, after: Status, origin: Origin
) -> dict[str, Any]:
    """How a known reader changed their status."""
    consent = row.consent
    at = consent.left_at if after in LEFT else consent.confirmed_at or consent.at
    return _event(subscriber, row, before, after, at, origin)


def of_known(
    session: Session, rows: Mapping[int, tuple[SubscriberDraft, Status]], origin: Origin
) -> dict[int, dict[str, Any]]:
    """The consent that lists from elsewhere know of readers (by row id, with their status) of whose
    consent at that time the log says nothing yet."""
    given = {
        subscriber: at
        for subscriber, (row, _) in rows.items()
        if row.consent.elsewhere
        and row.status not in LEFT
        and (at := row.consent.at or row.consent.confirmed_at) is not None
        and at <= origin.now
    }
    if not given:
        return {}
    logged = sa.select(ConsentEvent.subscriber_id, ConsentEvent.at).where(
        bulk.among(session, ConsentEvent.subscriber_id, list(given))
    )
    known = {(subscriber, at) for subscriber, at in session.execute(logged)}
    events = {}
    for subscriber, at in given.items():
        if (subscriber, at) not in known:
            row, status = rows[subscriber]
            events[subscriber] = _event(subscriber, row, status, status, at, origin)
    return events


def is_held(before: Status, after: Status, *, elsewhere: bool) -> bool:
    """Whether an import may not make that change: who has left did so themselves. Lists from
    elsewhere know of no pause, and make nobody confirm again what they confirmed here."""
    if before == after:
        return False
    if elsewhere and before == Status.PAUSED:
        return after not in LEFT
    return before in LEFT or (elsewhere and before == Status.ACTIVE and after == Status.PENDING)


def _event(
    subscriber: int,
    row: SubscriberDraft,
    before: Status | None,
    after: Status,
    at: datetime | None,
    origin: Origin,
) -> dict[str, Any]:
    proof: dict[str, Any] = {"file": origin.file, "line": row.line}
    consent, noted = row.consent, origin.now if at is None or at > origin.now else at
    known = {
        "service": consent.service,
        "consent_at": None if consent.at == noted else consent.at,
        "address": consent.address,
        "confirmed_at": consent.confirmed_at,
        "confirmed_address": consent.confirmed_address,
        "left_at": consent.left_at if after in LEFT else None,
        "imported_at": None if at is None else origin.now,
    }
    for name, value in known.items():
        if value is not None:
            proof[name] = value.isoformat() if isinstance(value, datetime) else value
    return {
        "subscriber_id": subscriber,
        "at": noted,
        "before": before,
        "after": after,
        "source": origin.source,
        "proof": proof,
    }
