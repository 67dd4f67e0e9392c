"""What came back, taken to heart: dead mailboxes are suppressed, who complains has left.

A notification counts only when it returns a Message-ID that we made for that delivery, which nobody
else could (``message``): otherwise anyone could have a reader struck off. The same notification
read twice changes nothing. The caller commits.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.mime.message import signature
from mailer.returns import notices
from mailer.returns.notices import Notice
from recommender.models import Delivery, Edition, Event, EventKind, Status, Subscriber
from recommender.subscribers import consent

_LEAVES = {"hard": ("bounce", Status.BOUNCED), "complaint": ("complaint", Status.COMPLAINED)}
_OURS = re.compile(r"<[^<>@]*\.(\d{1,18})\.([0-9a-f]{20})@[^<>@]+>")


@dataclass
class Report:
    """How many messages were read, and what they were; ``recognised`` is all that counted."""

    read: int = 0
    hard: int = 0
    soft: int = 0
    complaints: int = 0
    ignored: int = 0

    @property
    def recognised(self) -> int:
        return self.hard + self.soft + self.complaints

    def document(self) -> dict[str, int]:
        names = ("read", "recognised", "hard", "soft", "complaints", "ignored")
        return {name: getattr(self, name) for name in names}


def take(
    begin: Callable[[], AbstractContextManager[Session]],
    messages: Iterable[bytes],
    *,
    secrets: Sequence[bytes],
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Read notifications and act on them, each in a transaction of its own (``begin``)."""
    report = Report()
    for data in messages:
        report.read += 1
        notice = notices.read(data)
        kept = False
        if notice is not None:
            with begin() as session:
                kept = heed(session, notice, secrets=secrets, now=now)
        if notice is None or not kept:
            report.ignored += 1
        elif notice.kind == "complaint":
            report.complaints += 1
        elif notice.kind == "hard":
            report.hard += 1
        else:
            report.soft += 1
        progress(report.read)
    return report


def heed(session: Session, notice: Notice, *, secrets: Sequence[bytes], now: datetime) -> bool:
    """Keep the notice as an event and act on it; False when it is about no delivery of ours."""
    found = _delivery(session, notice.message_id, secrets)
    if found is None:
        return False
    delivery, reader = found
    kind = EventKind.COMPLAINT if notice.kind == "complaint" else EventKind.BOUNCE
    data: dict[str, Any] = {"kind": notice.kind, "status": notice.status, "words": notice.words}
    earlier = session.scalars(
        sa.select(Event.data).where(Event.delivery_id == delivery, Event.kind == kind)
    ).all()
    if data in earlier:
        return True
    session.add(Event(at=now, kind=kind, subscriber_id=reader.id, delivery_id=delivery, data=data))
    if notice.kind in _LEAVES:
        reason, status = _LEAVES[notice.kind]
        proof = {"message_id": notice.message_id, "words": notice.words}
        consent.suppress(session, reader.email, reason=reason, now=now, status=status, proof=proof)
    session.flush()
    return True


def _delivery(
    session: Session, message_id: str, secrets: Sequence[bytes]
) -> tuple[int, Subscriber] | None:
    """The delivery whose Message-ID this is, if it is one that we made, and its reader."""
    parsed = _OURS.fullmatch(message_id)
    if parsed is None:
        return None
    row = session.execute(
        sa.select(Delivery.id, Edition, Subscriber)
        .join(Edition, Edition.id == Delivery.edition_id)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.id == int(parsed[1]))
    ).one_or_none()
    if row is None:
        return None
    key, edition, reader = row
    signatures = (signature(secret, edition.name, key) for secret in secrets)
    genuine = any(hmac.compare_digest(parsed[2], known) for known in signatures)
    return (key, reader) if genuine else None
