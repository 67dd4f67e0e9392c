"""Acts on what readers reply: they leave, steer what they get, or are forwarded to a person.

Whose reply it is, is shown by what only the holder of an issue has: its Message-ID in In-Reply-To,
or the token of its links. Then it may do anything that its sender may, if it comes from the
reader's address. An address alone, which anybody can write, is enough to leave, and the reader is
told so; it changes nothing else. What is to be mailed because of it is noted in the same
transaction (``InboundMessage.answer``) and mailed later; answers go to the reader's own address
only. Mail of machines gets no answer.
"""

import json
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.inbound import (
    copy_identification,
    inbound_log,
    mailboxes,
    notices,
    reply_grammar,
    reply_text,
    steering,
)
from mailer.inbound.mime_parts import Part, parse_message
from mailer.inbound.notification import CopyIdentifiers
from mailer.inbound.reply_grammar import Request
from recommender import segments
from recommender.models import Delivery, Edition, InboundMessage, Status, Subscriber
from recommender.subscribers import self_service
from recommender.subscribers.addresses import address_hash, normalise

Taken = Literal["leave", "steering", "unclear", "letter"]
ANSWER_AGAIN = timedelta(hours=24)
"""Who writes what is not understood is told so once in this time."""
WITHOUT_COPY = ("lmtp", "pop3")
"""Ways by which no mailbox keeps what came."""
MOST_TOKENS = 10
_MESSAGE_ID = re.compile(r"<[^<>\s@]{3,400}@[^<>\s@]{1,255}>")
_TOKEN = re.compile(r"/unsubscribe/([A-Za-z0-9_-]{20,120})\b")
_MAILTO = re.compile(r"(?i)^\s*unsubscribe[ +]([A-Za-z0-9_-]{20,120})\s*$")
_BULK = ("bulk", "junk", "list", "auto_reply")


@dataclass(frozen=True)
class ReplyRules:
    """Where letters are kept (``folder``), whether they are also forwarded, and our own addresses,
    from which nothing is taken for a reply."""

    folder: Path
    forward: bool = False
    own: frozenset[str] = frozenset()


def take(
    begin: Callable[[], AbstractContextManager[Session]],
    data: bytes,
    *,
    secrets: Sequence[bytes],
    rules: ReplyRules,
    way: str,
    now: datetime,
) -> Taken | None:
    """Act on one message that is no bounce and no complaint; what it was taken for, None for the
    mail of a machine."""
    parts = parse_message(data)
    top = parts[0]
    sender = parseaddr(notices.decoded(top.value("from")))[1]
    if _of_machine(top) or not sender or sender.lower() in rules.own:
        if way in WITHOUT_COPY and notices.from_system(top):  # no form of a bounce that is known
            mailboxes.save(rules.folder, data)
        return None
    with begin() as session:
        reader, genuine, delivery = _reader(session, parts, sender, secrets)
        request = _request(session, parts, reader, delivery)
        if request.kind == "steering" and not genuine:
            request = Request("unclear")  # anybody may have written it
        row = inbound_log.begin(session, data, way=way, kind=request.kind, about=None, now=now)
        if row is None:
            return request.kind
        if reader is not None:
            inbound_log.about(session, row, reader=reader.id, delivery=delivery)
            reader.last_active_at = now  # whatever a person writes is a sign of life
        answer = _act(session, request, reader, delivery, row, genuine=genuine, now=now)
        if request.kind in ("letter", "unclear") and way != "file":
            kept = mailboxes.save(rules.folder, data)
            forward = {"what": "forward", "file": str(kept)}
            answer = [*answer, forward] if rules.forward else answer
        inbound_log.to_answer(session, row, json.dumps(answer) if answer else None)
    return request.kind


def _of_machine(top: Part) -> bool:
    """Whether a machine sent it: it gets no answer and changes nothing (RFC 3834)."""
    automatic = top.value("auto-submitted").lower() not in ("", "no")
    if automatic or top.value("precedence").lower() in _BULK or top.values("list-id"):
        return True
    return notices.from_system(top) or notices.from_nobody(top) or notices.answers_for_somebody(top)


def _reader(
    session: Session, parts: Sequence[Part], sender: str, secrets: Sequence[bytes]
) -> tuple[Subscriber | None, bool, int | None]:
    """The reader, whether the message shows that it is theirs, and the copy that is answered."""
    top = parts[0]
    text = "\n".join(part.text for part in parts if part.kind.startswith("text/"))[:200_000]
    subject = _MAILTO.match(notices.subject(top))
    tokens = [subject[1]] if subject else []
    ids = [found for value in top.values("in-reply-to", "references")
           for found in _MESSAGE_ID.findall(value[-4_000:])]  # fmt: skip
    identifiers = CopyIdentifiers(
        message_ids=tuple(ids[-MOST_TOKENS:]),
        unsubscribe_tokens=(*tokens, *_TOKEN.findall(text)[:MOST_TOKENS]),
    )
    match = copy_identification.identify(session, identifiers, secrets)
    try:
        key = address_hash(session, normalise(sender))
    except ValueError:
        key = ""
    known = session.scalar(sa.select(Subscriber).where(Subscriber.address_hash == key))
    if match is None:
        return known, False, None
    mine = known is not None and known.id == match.reader.id
    return match.reader, mine, match.delivery_id


def _request(
    session: Session, parts: Sequence[Part], reader: Subscriber | None, delivery: int | None
) -> Request:
    if _MAILTO.match(notices.subject(parts[0])) and delivery is not None:
        return Request("leave")
    if reader is None:
        return Request("letter")
    known = steering.words(session, reader)
    return reply_grammar.read(reply_text.subject(parts), reply_text.own(parts), known)


def _act(
    session: Session,
    request: Request,
    reader: Subscriber | None,
    delivery: int | None,
    row: int,
    *,
    genuine: bool,
    now: datetime,
) -> list[dict[str, Any]]:
    """Do what is asked; what is to be mailed because of it."""
    if reader is None or request.kind == "letter":
        return []
    if request.kind == "leave":
        proof = {"delivery": delivery, "by": "reply", "genuine": genuine or delivery is not None}
        left = self_service.leave(
            session,
            reader,
            newsletter=None if delivery is None else _newsletter(session, delivery),
            delivery=delivery,
            audiences=segments.audiences(session, reader.id, now),
            source="reply",
            now=now,
            proof=proof,
        )
        return [] if delivery is not None or not left else [{"what": "left"}]
    if reader.status not in (Status.ACTIVE, Status.PAUSED):
        return []
    if request.kind == "unclear":
        return [] if _told_lately(session, reader, row, now) else [{"what": "unclear"}]
    before = steering.apply(session, reader, request.changes, now=now)
    inbound_log.may_undo(session, row, json.dumps(before))
    changes = [[change.what, change.value] for change in request.changes]
    return [{"what": "steered", "changes": changes, "unknown": list(request.unknown)}]


def _newsletter(session: Session, delivery: int) -> str:
    """The newsletter of a copy: who answers it leaves that one."""
    return session.get_one(Edition, session.get_one(Delivery, delivery).edition_id).newsletter.name


def _told_lately(session: Session, reader: Subscriber, row: int, now: datetime) -> bool:
    earlier = sa.select(InboundMessage.id).where(
        InboundMessage.subscriber_id == reader.id,
        InboundMessage.kind.in_(("unclear", "steering")),
        InboundMessage.at > now - ANSWER_AGAIN,
        InboundMessage.id != row,
        InboundMessage.undo.is_(None),
    )
    return session.scalar(earlier.limit(1)) is not None
