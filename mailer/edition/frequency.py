"""How often: which readers of an edition have had their issue already and rest this time.

What counts is what a reader was really sent: after a week with nothing for them, they get the next
one. Reads the ledger, writes nothing.
"""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition import schedule
from recommender.models import Delivery, Edition, Frequency
from recommender.storage import bulk
from recommender.subscribers.audience import NOT_RECEIVED, Member

SKIPPED = "frequency"
"""Why a copy is skipped, as the ledger says it."""
FORTNIGHT = 2
"""Weeks."""
LOOKS_BACK_DAYS = 45
"""How far back an issue counts: a month, and the days until its edition was closed."""


def resting(
    session: Session, newsletter_id: int, period: str, members: Sequence[Member]
) -> frozenset[int]:
    """The ids of ``members`` who get nothing in ``period``."""
    seldom = {
        member.id: member.frequency for member in members if member.frequency != Frequency.WEEKLY
    }
    if not seldom:
        return frozenset()
    return frozenset(
        reader
        for reader, before in latest(session, newsletter_id, period, seldom).items()
        if rests(seldom[reader], before, period)
    )


def latest(
    session: Session, newsletter_id: int, period: str, readers: Collection[int]
) -> dict[int, str]:
    """The latest period before ``period`` of which each reader was sent an issue, or is being. Of a
    first issue it is the ISO week of the welcome, which counts until the week of ``period``."""
    welcome = Edition.period.startswith(schedule.WELCOME)
    week = sa.func.substr(Edition.period, len(schedule.WELCOME) + 1)
    found = session.execute(
        sa.select(
            Delivery.subscriber_id,
            sa.func.max(sa.case((~welcome, Edition.period))),
            sa.func.max(sa.case((welcome, week))),
        )
        .join(Edition, Edition.id == Delivery.edition_id)
        .where(
            Edition.newsletter_id == newsletter_id,
            sa.or_(  # weeks are written so that they sort by time
                sa.and_(~welcome, Edition.period < period),
                sa.and_(welcome, week <= schedule.last_week_of(period)),
            ),
            bulk.among(session, Delivery.subscriber_id, list(readers)),
            Delivery.state.not_in(NOT_RECEIVED),
        )
        .group_by(Delivery.subscriber_id)
    )
    return {
        reader: max((one for one in (issue, welcomed) if one), key=schedule.first_day)
        for reader, issue, welcomed in found
    }


def rests(frequency: Frequency, before: str, period: str) -> bool:
    """Whether a reader who last got the issue of ``before`` gets none in ``period``."""
    if frequency == Frequency.FORTNIGHTLY:
        return schedule.weeks_between(before, period) < FORTNIGHT
    if frequency == Frequency.MONTHLY:
        return schedule.month_of(before) == schedule.month_of(period)
    return False
