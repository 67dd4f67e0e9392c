"""Clicks and verdicts of readers, as events: raw ones are kept, clean ones derived.

Mail scanners follow every link of a message, most within seconds of its delivery. So a click
counts (``Event.verified``) only when it looks like a person's; the rules are ``is_person``. What
arrived stays on record, so that other rules can be applied later. A counted answer changes the
next choice for its reader, nothing else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.composition import TRAP
from recommender.models import Delivery, DeliveryState, Event, EventKind, Subscriber

TOO_SOON = timedelta(seconds=30)
"""After its delivery a link is followed this soon by machines only: the mail must be seen, opened
and read first."""
BURST = timedelta(seconds=10)
MOST_IN_BURST = 2
"""Different stories of one copy opened within ``BURST``; a person opening tabs manages two."""
SWEEP = timedelta(minutes=2)
LEAST_SWEPT = 4
"""A copy of so many stories or more, all of them opened within ``SWEEP``, was worked through by a
machine that takes its time."""
TRAPPED = timedelta(minutes=10)
"""Around a visit of the ``TRAP``, a link that no reader sees, no click on its copy counts."""
MOST_REPEATS = 20
"""Raw clicks on one story of one copy that are kept; more of them say nothing new."""
_MACHINE = re.compile(
    r"bot|crawl|spider|scan|preview|proxy|python|curl|wget|http.?client|java/|go-http|okhttp|"
    r"headless|safelinks|barracuda|mimecast|proofpoint|symantec|urldefense|monitor|validator",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Click:
    """One visit of a story's link, or of the ``TRAP``."""

    at: datetime
    story_id: int
    method: str
    agent: str


def is_person(
    click: Click, others: Sequence[Click], delivered_at: datetime | None, stories: int
) -> bool:
    """Whether a click is counted, given all other clicks of the same copy, which has so many
    ``stories``.

    Not: HEAD requests; programs that say so or say nothing; within TOO_SOON of the delivery; part
    of a burst over several stories, or of a sweep over all of them; a story that was fetched by
    HEAD within the same burst; the trap, and what is near a visit of it.
    """
    if any(one.story_id == TRAP and _near(one, click, TRAPPED) for one in (click, *others)):
        return False
    if click.method != "GET" or not click.agent or _MACHINE.search(click.agent):
        return False
    if delivered_at is None or click.at - delivered_at < TOO_SOON:
        return False
    swept = {one.story_id for one in (click, *others) if _near(one, click, SWEEP)}
    if len(swept) >= max(stories, LEAST_SWEPT):
        return False
    near = [other for other in others if _near(other, click, BURST)]
    opened = {click.story_id} | {other.story_id for other in near}
    return len(opened) <= MOST_IN_BURST and all(other.method == "GET" for other in near)


def _near(one: Click, other: Click, within: timedelta) -> bool:
    return abs(one.at - other.at) <= within


def record_click(session: Session, delivery_id: int, click: Click) -> None:
    """Keep a click, and judge anew all clicks of its copy: a burst shows only with its second
    half. The caller commits."""
    # Locked, so that two processes do not each judge half of a burst.
    delivery = session.get(Delivery, delivery_id, with_for_update={"key_share": True})
    if delivery is None or click.story_id not in (TRAP, *delivery.story_ids):
        return
    mine = (Event.delivery_id == delivery_id) & (Event.kind == EventKind.CLICK)
    known = list(session.scalars(sa.select(Event).where(mine).order_by(Event.id)))
    if sum(_visited(event) == click.story_id for event in known) >= MOST_REPEATS:
        return
    event = Event(
        at=click.at,
        kind=EventKind.CLICK,
        subscriber_id=delivery.subscriber_id,
        delivery_id=delivery_id,
        story_id=None if click.story_id == TRAP else click.story_id,
        verified=False,
        data={"method": click.method, "agent": click.agent[:200]},
    )
    if click.story_id == TRAP:
        event.data["trap"] = True
    session.add(event)
    known.append(event)
    # A copy in doubt that is clicked has arrived.
    arrived = delivery.state in (DeliveryState.SENT, DeliveryState.IN_DOUBT)
    delivered = delivery.settled_at if arrived else None
    for one, verified in zip(known, judge(known, delivered, len(delivery.story_ids)), strict=True):
        one.verified = verified
    if any(event.verified for event in known):
        _active(session, delivery.subscriber_id, click.at)


def judge(events: Sequence[Event], delivered_at: datetime | None, stories: int) -> list[bool]:
    """For the click events of one copy of so many stories, whether each counts; at most one does
    per story."""
    clicks = [
        Click(event.at, _visited(event), event.data.get("method", ""), event.data.get("agent", ""))
        for event in events
    ]
    counted: set[int] = set()
    verdicts = []
    for place, click in enumerate(clicks):
        others = [*clicks[:place], *clicks[place + 1 :]]
        counts = click.story_id not in counted and is_person(click, others, delivered_at, stories)
        if counts:
            counted.add(click.story_id)
        verdicts.append(counts)
    return verdicts


def _visited(event: Event) -> int:
    """The story a click was on: TRAP for the trap, −1 for one that is no longer held."""
    if event.data.get("trap"):
        return TRAP
    return -1 if event.story_id is None else event.story_id


def record_verdict(
    session: Session,
    delivery: Delivery,
    story_id: int,
    kind: Literal["more", "less"],
    now: datetime,
) -> bool:
    """Keep "more" or "less like this", in place of what was said before of the same story of the
    same copy; False when it was said already. The caller commits."""
    said = session.scalars(
        sa.select(Event).where(
            Event.delivery_id == delivery.id,
            Event.story_id == story_id,
            Event.kind.in_((EventKind.MORE, EventKind.LESS)),
        )
    ).all()
    if [event.kind for event in said] == [EventKind(kind)]:
        return False
    for event in said:
        session.delete(event)
    session.add(
        Event(
            at=now,
            kind=EventKind(kind),
            subscriber_id=delivery.subscriber_id,
            delivery_id=delivery.id,
            story_id=story_id,
        )
    )
    _active(session, delivery.subscriber_id, now)
    return True


def _active(session: Session, subscriber_id: int, now: datetime) -> None:
    session.execute(
        sa.update(Subscriber).where(Subscriber.id == subscriber_id).values(last_active_at=now)
    )
