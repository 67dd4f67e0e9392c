"""What came back, taken to heart: dead mailboxes are suppressed, who complains has left.

A notification counts only when it returns what we made for that copy and nobody else could: its
Message-ID (``message``), the token of its List-Unsubscribe (``links``; some relays set the
Message-ID anew), or the tag of its envelope sender (``return_path``). Otherwise anyone could have a
reader struck off. The same notification read twice changes nothing. A message that cannot be
digested is handed to ``set_aside`` and is in nobody's way. The caller commits.
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

from mailer.inbound import bounce_rules, notices
from mailer.inbound.bounce_rules import DEFAULT, Window
from mailer.inbound.notices import Named, Notice
from mailer.links import Links, TokenError
from mailer.mime import return_path
from mailer.mime.message import signature
from recommender.errors import NewsletterError
from recommender.models import (
    Delivery,
    Edition,
    Event,
    EventKind,
    Status,
    Subscriber,
)
from recommender.subscribers import consent

_OURS = re.compile(r"<[^<>@]*\.(\d{1,18})\.([0-9a-f]{20})@[^<>@]+>")


@dataclass(frozen=True)
class Rules:
    """What is ours (``secrets``), and when soft bounces make a hard one."""

    secrets: Sequence[bytes]
    window: Window = DEFAULT


@dataclass
class Report:
    """How many messages were read, and what they say, whoever they are about; ``matched`` is how
    many are about a copy of ours."""

    read: int = 0
    hard: int = 0
    soft: int = 0
    complaints: int = 0
    replies: int = 0
    matched: int = 0

    @property
    def recognised(self) -> int:
        return self.hard + self.soft + self.complaints

    @property
    def ignored(self) -> int:
        return self.read - self.recognised - self.replies

    def count(self, notice: Notice | None) -> None:
        self.read += 1
        if notice is not None:
            names = {"complaint": "complaints", "reply": "replies"}
            name = names.get(notice.kind, notice.kind)
            setattr(self, name, getattr(self, name) + 1)

    def document(self) -> dict[str, int]:
        names = ("read", "recognised", "hard", "soft", "complaints", "replies", "ignored")
        return {name: getattr(self, name) for name in (*names, "matched")}


def take(
    begin: Callable[[], AbstractContextManager[Session]],
    messages: Iterable[bytes],
    *,
    rules: Rules,
    now: datetime,
    set_aside: Callable[[bytes, str], None],
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Read notifications and act on them, each in a transaction of its own (``begin``).

    Only trouble with the store ends it; whatever else a message causes is its own fault.
    """
    report = Report()
    for data in messages:
        notice: Notice | None = None
        try:
            notice = notices.read(data)
            if notice is not None and notice.kind != "reply":
                with begin() as session:
                    report.matched += apply(session, notice, rules=rules, now=now)
        except (sa.exc.OperationalError, sa.exc.InterfaceError, NewsletterError):
            raise
        except Exception as error:  # noqa: BLE001  (one message stops nobody)
            notice = None
            set_aside(data, type(error).__name__)
        report.count(notice)
        progress(report.read)
    return report


def apply(session: Session, notice: Notice, *, rules: Rules, now: datetime) -> bool:
    """Keep the notice as an event and act on it; False when it is about no delivery of ours."""
    found = _delivery(session, notice.named, rules.secrets)
    if found is None:
        return False
    delivery, reader = found
    kind = EventKind.COMPLAINT if notice.kind == "complaint" else EventKind.BOUNCE
    data: dict[str, Any] = {"kind": notice.kind, "status": notice.status, "words": notice.words}
    if notice.about is not None:
        data["about"] = notice.about
    earlier = session.scalars(
        sa.select(Event.data).where(Event.delivery_id == delivery, Event.kind == kind)
    ).all()
    if data in earlier:
        return True
    session.add(Event(at=now, kind=kind, subscriber_id=reader.id, delivery_id=delivery, data=data))
    session.flush()
    leaves: tuple[str, Status] | None = None
    if notice.kind == "complaint":
        leaves = "complaint", Status.COMPLAINED
    elif notice.about is not None:
        about, window = notice.about, rules.window
        if bounce_rules.is_dead(session, about, reader.id, delivery, window=window, now=now):
            leaves = "bounce", Status.BOUNCED
    if leaves is not None:
        reason, status = leaves
        proof = {"delivery": delivery, "words": notice.words}
        consent.suppress(session, reader.email, reason=reason, now=now, status=status, proof=proof)
    session.flush()
    return True


def _delivery(
    session: Session, named: Named, secrets: Sequence[bytes]
) -> tuple[int, Subscriber] | None:
    """The delivery that is named by something that we made, and its reader."""
    known = (return_path.copy_of(tag, secrets) for tag in named.return_paths)
    copies = [number for number in known if number is not None]
    links = Links("", secrets)
    for token in named.unsubscribe:
        try:
            copies += links.read("unsubscribe", token)[:1]
        except TokenError:
            continue
    for number in copies:
        if (row := _row(session, number)) is not None:
            return row[0], row[2]
    for message_id in named.message_ids:
        parsed = _OURS.fullmatch(message_id)
        row = _row(session, int(parsed[1])) if parsed else None
        if parsed is None or row is None:
            continue
        key, edition, reader = row
        signatures = (signature(secret, edition.name, key) for secret in secrets)
        if any(hmac.compare_digest(parsed[2], known) for known in signatures):
            return key, reader
    return None


def _row(session: Session, number: int) -> tuple[int, Edition, Subscriber] | None:
    row = session.execute(
        sa.select(Delivery.id, Edition, Subscriber)
        .join(Edition, Edition.id == Delivery.edition_id)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.id == number)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def identify(
    session: Session, named: Named, secrets: Sequence[bytes]
) -> tuple[int, Subscriber] | None:
    """The delivery that is named by something that we made, and its reader."""
    return _delivery(session, named, secrets)


def apply_without_copy(
    session: Session, notice: Notice, reader: Subscriber, *, now: datetime
) -> None:
    """Act on a notice about a reader who was sent no copy yet, only mail they asked for. The caller
    vouches for it. What may pass changes nothing; there is no copy to count it for."""
    dead = notice.kind == "hard" and notice.about == "mailbox"
    if notice.kind != "complaint" and not dead:
        return
    complaint = notice.kind == "complaint"
    kind = EventKind.COMPLAINT if complaint else EventKind.BOUNCE
    data = {"kind": notice.kind, "status": notice.status, "words": notice.words}
    session.add(Event(at=now, kind=kind, subscriber_id=reader.id, data=data))
    consent.suppress(
        session,
        reader.email,
        reason="complaint" if complaint else "bounce",
        now=now,
        status=Status.COMPLAINED if complaint else Status.BOUNCED,
        proof={"words": notice.words},
    )
    session.flush()
