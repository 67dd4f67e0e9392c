"""How an edition is getting on at this moment, from what the store says: any terminal may ask."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition import planning, shards
from mailer.ledger import counts, editions
from mailer.throttling import circuit_breaker, pauses, warmup
from recommender.models import DeliveryState, Edition, EditionState, Subscriber, Suppression
from recommender.settings import Settings
from recommender.subscribers import audience


def status(
    session: Session, settings: Settings, edition: Edition, *, now: datetime
) -> dict[str, Any]:
    """An edition for a machine, with how fast it goes, when it may be done and what holds it back.

    ``rate`` is in messages per second over the last minute; ``eta`` is null while nothing is being
    sent; ``relays`` are shares of the last minute, or of everything when it is quiet.
    """
    document = editions.document(session, edition)
    rate = counts.sent_per_second(session, edition.id, now=now)
    totals = document["totals"]
    left = totals["waiting"] + totals["in_hand"] + totals["deferred"]
    sending = edition.state == EditionState.SENDING and rate > 0
    taken = counts.relays(session, edition.id, since=now - counts.MINUTE if rate else None)
    whole = sum(number for _, number in taken)
    step = warmup.step(session, settings, now)
    return document | {
        "progress": progress(totals),
        "rate": round(rate, 2),
        "eta": now + timedelta(seconds=left / rate) if sending and left else None,
        "next_due": counts.next_due(session, edition.id),
        "relays": {relay: round(number / whole, 3) for relay, number in taken},
        "paused_domains": [
            {"domain": pause.domain, "until": pause.until, "why": pause.why}
            for pause in pauses.paused(session, now)
        ],
        "warm_up": None if step is None else step.sentence(),
        "stopped": circuit_breaker.in_force(session, edition),
    }


def missing(session: Session, edition: Edition, *, now: datetime) -> dict[str, Any]:
    """Who is not in the edition: ``not_in_it_yet``, how many readers of its whole audience, and
    ``not_mailable``, how many others for which reason."""
    everybody = planning.default_segment(session, edition.newsletter)
    mailable, outside = audience.mailable(), ~shards.contains(edition.id)
    suppressed = sa.exists().where(Suppression.address_hash == Subscriber.address_hash)
    status = sa.cast(Subscriber.status, sa.String)
    reason = sa.case((suppressed, "suppressed"), else_=status)
    query = sa.select(reason, sa.func.count()).where(~mailable, outside).group_by(reason)
    others = {row[0]: row[1] for row in session.execute(query.order_by(reason))}
    theirs = shards.audience_of(session, edition.newsletter_id, everybody, now)
    yet = session.scalar(sa.select(sa.func.count(Subscriber.id)).where(theirs, outside)) or 0
    if everybody is not None:
        all_ = sa.select(sa.func.count(Subscriber.id)).where(mailable, outside)
        if elsewhere := (session.scalar(all_) or 0) - yet:
            others[f"not in segment {everybody}"] = elsewhere
    return {
        "not_in_it_yet": yet,
        "not_mailable": others,
        "takes_readers": planning.takes_readers(edition),
    }


def progress(totals: dict[str, Any]) -> float:
    """The share of an edition's copies that are settled."""
    if not totals["readers"]:
        return 1.0
    left = totals["waiting"] + totals["in_hand"] + totals[DeliveryState.DEFERRED.value]
    return float(round(1 - left / totals["readers"], 4))
