"""Until when records are kept, as moments: before them they are made small or removed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from mailer.edition import frequency
from recommender import newsletters
from recommender.settings import Settings

PAUSE_KEPT = timedelta(days=30)
"""How long it is remembered that a domain asked for less, after its pause has ended."""

CHANGE_KEPT = timedelta(days=3)
"""An address a reader asked for and did not confirm; the link to confirm it is good for less."""


@dataclass(frozen=True)
class RetentionLimits:
    """Before which moments what is not kept any more."""

    copies: datetime
    history: datetime
    clicks: datetime
    pauses: datetime
    addresses: datetime
    pending: datetime
    webhooks: datetime

    @classmethod
    def of_store(cls, session: Session, settings: Settings, now: datetime) -> "RetentionLimits":
        """Those of a store whose first newsletter has ``settings``: its newsletters share what is
        kept, so the one that chooses from the longest time decides."""
        every = [settings, *newsletters.all_of(session, settings)]
        horizon = max(theirs.horizon_days for theirs in every)
        return cls.of(settings.replace(horizon_days=horizon), now)

    @classmethod
    def of(cls, settings: Settings, now: datetime) -> "RetentionLimits":
        """Those of one newsletter."""
        # A story that may still be chosen must be known to whom it was sent; and so must the
        # latest issue of those who want one a month.
        history = max(settings.keep_history_days, settings.horizon_days, frequency.LOOKS_BACK_DAYS)
        return cls(
            copies=now - timedelta(days=min(settings.keep_copies_days, history)),
            history=now - timedelta(days=history),
            clicks=now - timedelta(days=settings.keep_raw_clicks_days),
            pauses=now - PAUSE_KEPT,
            addresses=now - CHANGE_KEPT,
            pending=now - timedelta(days=settings.keep_pending_days),
            webhooks=now - timedelta(days=settings.keep_webhooks_days),
        )
