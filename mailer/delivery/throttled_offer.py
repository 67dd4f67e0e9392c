"""Offer one message under the throttle, and tell the throttle what came of it.

Between relays, which know their servers' answers, and the throttle, which knows how many messages
may go, this is the one place that knows both. It neither claims copies nor records outcomes.
"""

from collections.abc import Callable
from datetime import datetime

from mailer.ledger.deliveries import Outcome
from mailer.mime.message import Message
from mailer.relay import slowdown
from mailer.relay.transport import Transport, Verdict, VerdictKind
from mailer.throttling.throttle import ENDING, Permits, Postponed, Throttle
from recommender.models import DeliveryState

SHORTEST_WAIT = 0.005
"""Seconds."""


def offer(
    throttle: Throttle,
    transport: Transport,
    message: Message,
    *,
    number: int,
    wait: Callable[[float], bool],
) -> Verdict | Postponed | None:
    """``transport.offer`` as soon as it may be called; ``Postponed`` when it may not for a while.

    ``wait`` is called with seconds, and returns at once, with True, when the run is to end.
    """
    while True:
        if (postponed := throttle.barred(message.recipient)) is not None:
            return postponed
        verdict = transport.offer(message, number=number)
        if verdict is None or verdict.kind is not VerdictKind.HELD:
            return verdict
        now = throttle.now()
        until = verdict.until or now
        postponed = throttle.postpone(until, verdict.limit, verdict.reply or "")
        if postponed is not None:
            return postponed
        if wait(max(SHORTEST_WAIT, (until - now).total_seconds())):
            return ENDING


def report(throttle: Throttle, permits: Permits, verdict: Verdict, recipient: str) -> None:
    """Tell the throttle the verdict on a message that was offered."""
    permits.used()
    if verdict.kind is VerdictKind.ACCEPTED:
        throttle.accepted(recipient)
    elif slowdown.asked_by(verdict) == "domain":
        throttle.slowed_down(recipient, verdict.reply or "")


def postponed_outcome(postponed: Postponed, delivery_id: int, until: datetime) -> Outcome:
    """A copy postponed ``until`` then as the ledger takes it back: deferred, and not counted as an
    attempt."""
    return Outcome(
        delivery_id,
        DeliveryState.DEFERRED,
        reply=postponed.why,
        reason=postponed.reason,
        retry_at=until,
        tried=False,
    )
