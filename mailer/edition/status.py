"""How an edition is getting on at this moment, from what the store says: any terminal may ask."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from mailer.edition import counts, editions
from mailer.pace import pauses, stopping, warmup
from recommender.models import DeliveryState, Edition, EditionState
from recommender.settings import Settings


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
        "stopped": stopping.in_force(session, edition),
    }


def progress(totals: dict[str, Any]) -> float:
    """The share of an edition's copies that are settled."""
    if not totals["readers"]:
        return 1.0
    left = totals["waiting"] + totals["in_hand"] + totals[DeliveryState.DEFERRED.value]
    return float(round(1 - left / totals["readers"], 4))
