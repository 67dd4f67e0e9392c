"""What becomes of a copy after an attempt: sent, failed, in doubt, or tried again, and when."""

import random
from datetime import datetime, timedelta

from mailer.ledger.claims import Claim
from mailer.ledger.deliveries import Outcome
from mailer.relay import refusals, slowdown
from mailer.relay.transport import Verdict, VerdictKind
from recommender.models import DeliveryState

OTHERWISE = {
    VerdictKind.REFUSED: DeliveryState.FAILED,
    VerdictKind.DEFERRED: DeliveryState.DEFERRED,
    VerdictKind.UNANSWERED: DeliveryState.IN_DOUBT,
}
"""What becomes of a copy that is not accepted."""
FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=4)


def outcome_of(verdict: Verdict, claim: Claim, now: datetime, retry_for: timedelta) -> Outcome:
    """What a verdict means for the ledger."""
    if verdict.kind is VerdictKind.ACCEPTED:
        return Outcome(claim.delivery_id, DeliveryState.SENT, verdict.relay, verdict.reply)
    state = OTHERWISE[verdict.kind]
    deferred = state == DeliveryState.DEFERRED
    about = refusals.classify(verdict)
    wait = backoff(claim.attempts, claim.delivery_id)
    if verdict.retry_after is not None:
        wait = max(wait, timedelta(seconds=verdict.retry_after))
    return Outcome(
        claim.delivery_id,
        state,
        relay=verdict.relay,
        reply=verdict.reply,
        reason=verdict.enhanced or str(verdict.code or ""),
        retry_at=now + wait if deferred else None,
        expires_at=now + retry_for if deferred else None,
        dead=about == "mailbox",
        suspect=about if about in ("suspected", "unreached") else None,
        tried=slowdown.asked_by(verdict) != "relay",  # which is about our pace, not about the copy
    )


def backoff(attempts: int, seed: int) -> timedelta:
    """How long to wait after so many earlier attempts: tripling from 5 minutes up to 4 hours,
    each spread by up to a quarter so that deferred copies do not come back all at once."""
    wait: timedelta = min(FIRST_RETRY * 3 ** min(attempts, 10), LONGEST_RETRY)
    return wait * (1 + random.Random(f"{seed}-{attempts}").random() / 4)  # noqa: S311
