"""Acts on what came back: suppresses dead mailboxes and readers who complained.

A notification counts only when it returns what we made for that copy and nobody else could: its
Message-ID (``message``), the token of its List-Unsubscribe (``links``; some relays set the
Message-ID anew), or the tag of its envelope sender (``return_path``). Otherwise anyone could have a
reader suppressed. The same notification read twice changes nothing. A message that cannot be parsed
is handed to ``set_aside`` and stops no other.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.inbound import dead_mailbox_policy, formats, inbound_log, reply_processing
from mailer.inbound.copy_identification import identify
from mailer.inbound.dead_mailbox_policy import DEFAULT, SoftBounceLimit
from mailer.inbound.notification import Notification
from mailer.inbound.reply_processing import ReplyRules
from recommender.errors import NewsletterError
from recommender.models import (
    Event,
    EventKind,
    Status,
    Subscriber,
)
from recommender.subscribers import consent

OF_SENDER = ("relay", "message")
"""Classes of failures that are about us, not about a reader; they suppress nobody."""
MOST_SHOWN = 20


@dataclass(frozen=True)
class Rules:
    """The keys that sign what is ours (``secrets``), when soft bounces make a dead mailbox, and
    what is done with replies; without rules for them they are only counted."""

    secrets: Sequence[bytes]
    soft_bounces: SoftBounceLimit = DEFAULT
    replies: ReplyRules | None = None


@dataclass
class Report:
    """Messages read, and of each kind, whatever copy they are about; ``matched`` counts those about
    a copy of ours."""

    read: int = 0
    hard: int = 0
    soft: int = 0
    complaints: int = 0
    replies: int = 0
    matched: int = 0
    asked: dict[str, int] = field(default_factory=dict)
    """Replies by what they were taken for."""
    of_sender: list[str] = field(default_factory=list)
    """What servers said that is about us, our relay or our message: for the operator to see."""

    @property
    def recognised(self) -> int:
        return self.hard + self.soft + self.complaints

    @property
    def ignored(self) -> int:
        return self.read - self.recognised - self.replies

    def count(self, notification: Notification | None) -> None:
        self.read += 1
        if notification is not None:
            if notification.about in OF_SENDER and len(self.of_sender) < MOST_SHOWN:
                shown = f"{notification.status or ''} {notification.words}".strip()
                self.of_sender += [] if shown in self.of_sender else [shown]
            names = {"complaint": "complaints", "reply": "replies"}
            name = names.get(notification.kind, notification.kind)
            setattr(self, name, getattr(self, name) + 1)

    def took(self, taken: str | None) -> None:
        """Count what was done because of a reply."""
        if taken is not None:
            self.asked[taken] = self.asked.get(taken, 0) + 1

    def add(self, other: "Report") -> None:
        """Take in the counts of another."""
        for name in ("read", "hard", "soft", "complaints", "replies", "matched"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for taken, number in other.asked.items():
            self.asked[taken] = self.asked.get(taken, 0) + number
        self.of_sender = list(dict.fromkeys(self.of_sender + other.of_sender))[:MOST_SHOWN]

    def line(self) -> str:
        """The counts in words."""
        return (
            f"{self.read} read: {self.hard} hard, {self.soft} soft, {self.complaints} complaints, "
            f"{self.replies} replies, {self.ignored} ignored; {self.matched} matched"
        )

    def document(self) -> dict[str, int]:
        names = ("read", "recognised", "hard", "soft", "complaints", "replies", "ignored")
        return {name: getattr(self, name) for name in (*names, "matched")}


def process(
    begin: Callable[[], AbstractContextManager[Session]],
    messages: Iterable[bytes],
    *,
    rules: Rules,
    now: datetime,
    set_aside: Callable[[bytes, str], None],
    progress: Callable[[int], None] = lambda _: None,
    way: str = "file",
) -> Report:
    """Parse messages and act on them, each in a transaction of its own (``begin``), in which it is
    noted as taken: the next of ``messages`` is asked for when that is done.

    Only an error of the store ends it; any other error sets that message aside.
    """
    report = Report()
    for data in messages:
        take(begin, data, report, rules=rules, now=now, set_aside=set_aside, way=way)
        progress(report.read)
    return report


def take(
    begin: Callable[[], AbstractContextManager[Session]],
    data: bytes,
    report: Report,
    *,
    rules: Rules,
    now: datetime,
    set_aside: Callable[[bytes, str], None],
    way: str,
) -> None:
    """Parse one message and act on it; ``way`` is how it came. It is counted in ``report``."""
    notification: Notification | None = None
    try:
        notification = formats.parse(data)
        if notification is not None and notification.kind != "reply":
            with begin() as session:
                report.matched += _once(session, data, notification, rules, way, now)
        elif rules.replies is not None:
            taken = reply_processing.take(
                begin, data, secrets=rules.secrets, rules=rules.replies, way=way, now=now
            )
            if taken is not None and notification is None:
                notification = Notification("reply", None, taken)
            report.took(taken)
    except (sa.exc.OperationalError, sa.exc.InterfaceError, NewsletterError):
        raise
    except Exception as error:  # noqa: BLE001  (one message stops nobody)
        notification = None
        set_aside(data, type(error).__name__)
    report.count(notification)


def _once(
    session: Session,
    data: bytes,
    notification: Notification,
    rules: Rules,
    way: str,
    now: datetime,
) -> bool:
    """Act on a message unless that was done; whether it is about a copy of ours."""
    about = notification.about
    row = inbound_log.begin(session, data, way=way, kind=notification.kind, about=about, now=now)
    match = identify(session, notification.identifiers, rules.secrets)
    if match is None:
        return False
    if row is not None:
        apply(session, notification, rules=rules, now=now)
        inbound_log.about(session, row, reader=match.reader.id, delivery=match.delivery_id)
    return True


def apply(session: Session, notification: Notification, *, rules: Rules, now: datetime) -> bool:
    """Record the notification as an event and act on it; False when it names no delivery of ours.
    The caller commits."""
    match = identify(session, notification.identifiers, rules.secrets)
    if match is None:
        return False
    delivery, reader, former = match.delivery_id, match.reader, match.former
    kind = EventKind.COMPLAINT if notification.kind == "complaint" else EventKind.BOUNCE
    data: dict[str, Any] = {
        "kind": notification.kind,
        "status": notification.status,
        "words": notification.words,
    }
    if notification.about is not None:
        data["about"] = notification.about
    if former is not None:
        data["former_address"] = True
    earlier = session.scalars(
        sa.select(Event.data).where(Event.delivery_id == delivery, Event.kind == kind)
    ).all()
    if data in earlier:
        return True
    session.add(Event(at=now, kind=kind, subscriber_id=reader.id, delivery_id=delivery, data=data))
    session.flush()
    if former is not None and (notification.kind == "complaint" or notification.about == "mailbox"):
        gone = "complaint" if notification.kind == "complaint" else "bounce"
        consent.suppress_former(session, former, reason=gone, now=now)
    leaves: tuple[str, Status] | None = None
    if notification.kind == "complaint":
        leaves = "complaint", Status.COMPLAINED
    elif notification.about is not None and former is None:
        about, limit = notification.about, rules.soft_bounces
        if dead_mailbox_policy.is_dead(session, about, reader.id, delivery, limit=limit, now=now):
            leaves = "bounce", Status.BOUNCED
    if leaves is not None:
        reason, status = leaves
        proof = {"delivery": delivery, "words": notification.words}
        consent.suppress(session, reader.email, reason=reason, now=now, status=status, proof=proof)
    session.flush()
    return True


def apply_without_copy(
    session: Session, notification: Notification, reader: Subscriber, *, now: datetime
) -> None:
    """Act on a notification about a reader who was sent no copy yet, only mail they asked for. The
    caller vouches for it. What may pass changes nothing; there is no copy to count it for."""
    dead = notification.kind == "hard" and notification.about == "mailbox"
    if notification.kind != "complaint" and not dead:
        return
    complaint = notification.kind == "complaint"
    kind = EventKind.COMPLAINT if complaint else EventKind.BOUNCE
    data = {"kind": notification.kind, "status": notification.status, "words": notification.words}
    session.add(Event(at=now, kind=kind, subscriber_id=reader.id, data=data))
    consent.suppress(
        session,
        reader.email,
        reason="complaint" if complaint else "bounce",
        now=now,
        status=Status.COMPLAINED if complaint else Status.BOUNCED,
        proof={"words": notification.words},
    )
    session.flush()
