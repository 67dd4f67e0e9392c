"""Finds the copy that a message from outside names by something that only this installation can
have made: a Message-ID, the token of a List-Unsubscribe, the tag of an envelope sender."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from mailer.inbound.notification import CopyIdentifiers
from mailer.ledger import copies
from mailer.links import Links, TokenError
from mailer.mime import return_path
from mailer.mime.message import signature
from recommender.models import Edition, Subscriber

_OURS = re.compile(r"<[^<>@]*\.(\d{1,18})\.([0-9a-f]{20})@[^<>@]+>")


@dataclass(frozen=True)
class Match:
    """The copy that was named (by its ``number``), the delivery that stands for it, its reader, and
    the hash of the address it went to where that is not the reader's present one (``former``)."""

    number: int
    delivery_id: int
    reader: Subscriber
    former: str | None


def identify(
    session: Session, identifiers: CopyIdentifiers, secrets: Sequence[bytes]
) -> Match | None:
    """The copy that is named by something that we made."""
    tagged = (return_path.copy_of(tag, secrets) for tag in identifiers.return_path_tags)
    numbers = [number for number in tagged if number is not None]
    links = Links("", secrets)
    for token in identifiers.unsubscribe_tokens:
        try:
            numbers += links.read("unsubscribe", token)[:1]
        except TokenError:
            continue
    for number in numbers:
        if (copy := copies.find(session, number)) is not None:
            return matched(session, copy)
    for message_id in identifiers.message_ids:
        parsed = _OURS.fullmatch(message_id)
        copy = copies.find(session, int(parsed[1])) if parsed else None
        if parsed is None or copy is None:
            continue
        edition = session.get_one(Edition, copy.delivery.edition_id)
        signatures = (signature(secret, edition.name, copy.number) for secret in secrets)
        if any(hmac.compare_digest(parsed[2], ours) for ours in signatures):
            return matched(session, copy)
    return None


def matched(session: Session, copy: copies.Copy) -> Match:
    """``copy`` with its reader."""
    reader = session.get_one(Subscriber, copy.delivery.subscriber_id)
    return Match(copy.number, copy.delivery.id, reader, copy.former)
