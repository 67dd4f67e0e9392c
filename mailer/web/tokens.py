"""What a link stands for: a delivery, or a reader. One place, since every page asks for it."""

from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.ledger import copies
from mailer.links import Holder, Scope, TokenError
from mailer.web.site import Site
from recommender.models import ConsentEvent, Delivery, Subscriber
from recommender.storage import database
from recommender.subscribers import records

NUMBERS: dict[Scope, int] = {
    "view": 1,
    "unsubscribe": 1,
    "preferences": 1,
    "keep": 1,
    "feedback": 3,
}
"""How many numbers a token holds; the first is the delivery."""


def delivery(
    session: Session, site: Site, scope: Scope, token: str
) -> tuple[Delivery, tuple[int, ...]] | None:
    """The delivery of a token, and all the token's numbers; None when there is none (any more)."""
    try:
        numbers = site.links.read(scope, token)
    except TokenError:
        return None
    copy = copies.find(session, numbers[0]) if len(numbers) == NUMBERS[scope] else None
    if copy is None or (
        database.writes(session) and records.lock(session, copy.delivery.subscriber_id) is None
    ):
        return None
    return copy.delivery, numbers


def owner(
    session: Session, site: Site, scope: Scope, token: str
) -> tuple[Subscriber, Holder] | None:
    """The reader whose personal link this is; None when it is no such link, has expired or was
    revoked, or the reader is gone."""
    try:
        holder = site.links.holder(scope, token, site.clock())
    except TokenError:
        return None
    reader = records.lock(session, holder.subscriber_id)
    return None if reader is None or reader.link_key != holder.key else (reader, holder)


def confirmed_with(session: Session, site: Site, token: str) -> Subscriber | None:
    """The reader who confirmed with this very link; None when nobody did, or it has expired."""
    try:
        holder = site.links.holder("confirm", token, site.clock())
    except TokenError:
        return None
    proofs = sa.select(ConsentEvent.proof).where(
        ConsentEvent.subscriber_id == holder.subscriber_id, ConsentEvent.source == "confirm"
    )
    if all(proof.get("token") != fingerprint(token) for proof in session.scalars(proofs)):
        return None
    return session.get(Subscriber, holder.subscriber_id)


def fingerprint(token: str) -> str:
    """What is kept of a link that was used: enough to know it again, worth nothing by itself."""
    return sha256(token.encode()).hexdigest()[:32]
