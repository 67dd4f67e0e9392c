"""Clicks and verdicts of readers, as events: raw ones are kept, clean ones derived.

Mail scanners follow every link of a message, most within seconds of its delivery. So a click
counts (``Event.verified``) only when it looks like a person's; the rules are ``is_person``. What
arrived stays on record, so that other rules can be applied later. A counted answer changes the
next choice for its reader, nothing else.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.issue import sponsors
from mailer.issue.composition import TRAP
from mailer.ledger.copies import standing_for
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
    """One visit of a story's link, of the ``TRAP``, or of a sponsor's (``sponsors.FIRST``)."""

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


def record_clicks(session: Session, clicks: Sequence[tuple[int, Click]]) -> None:
    """Keep clicks on copies (each with its delivery's id), and judge anew all clicks of these
    copies: a burst shows only with its second half.

    What is kept already is not kept twice, so a batch may be recorded again. The caller commits.
    """
    merged = standing_for(session, {delivery for delivery, _ in clicks})
    clicks = [(merged.get(delivery, delivery), click) for delivery, click in clicks]
    copies = _copies(session, {delivery for delivery, _ in clicks})
    known = _known(session, list(copies))
    fresh: set[int] = set()
    for delivery, click in sorted(clicks, key=lambda one: (one[0], one[1].at)):
        if delivery in copies and _says_something(click, copies[delivery], known[delivery]):
            known[delivery].append(_Known(None, click, False))
            fresh.add(delivery)
    for delivery in sorted(fresh):
        _keep(session, copies[delivery], known[delivery])


def _keep(session: Session, copy: "_Copy", events: "Sequence[_Known]") -> None:
    # A copy in doubt that is clicked has arrived.
    arrived = copy.state in (DeliveryState.SENT, DeliveryState.IN_DOUBT)
    delivered = copy.settled_at if arrived else None
    verdicts = judge([event.click for event in events], delivered, len(copy.story_ids))
    judged = list(zip(events, verdicts, strict=True))
    for verdict in (True, False):
        changed = [one.id for one, now in judged if one.id and one.verified != now == verdict]
        if changed:
            session.execute(
                sa.update(Event).where(Event.id.in_(changed)).values(verified=verdict),
                execution_options={"synchronize_session": False},
            )
    new = [(one.click, verdict) for one, verdict in judged if one.id is None]
    session.execute(sa.insert(Event), [_row(copy, click, verified=v) for click, v in new])
    if any(verdict for _, verdict in new):
        _active(session, copy.subscriber_id, max(click.at for click, _ in new))


@dataclass(frozen=True, slots=True)
class _Known:
    """A click of a copy; ``id`` is None before it is kept."""

    id: int | None
    click: Click
    verified: bool


class _Copy(NamedTuple):
    id: int
    subscriber_id: int
    story_ids: list[int]
    state: DeliveryState
    settled_at: datetime | None
    sponsor: int | None


def _copies(session: Session, ids: Collection[int]) -> dict[int, _Copy]:
    """The copies clicked on, locked in order, so that two processes neither judge half of a burst
    each nor wait for each other."""
    query = (
        sa.select(
            Delivery.id,
            Delivery.subscriber_id,
            Delivery.story_ids,
            Delivery.state,
            Delivery.settled_at,
            Delivery.reader["sponsor"].as_integer(),
        )
        .where(Delivery.id.in_(ids))
        .order_by(Delivery.id)
        .with_for_update(key_share=True)
    )
    return {row.id: _Copy(*row) for row in session.execute(query)}


def _known(session: Session, ids: Collection[int]) -> dict[int, list[_Known]]:
    query = (
        sa.select(Event.delivery_id, Event.id, Event.at, Event.story_id, Event.data, Event.verified)
        .where(Event.delivery_id.in_(ids), Event.kind == EventKind.CLICK)
        .order_by(Event.id)
    )
    found: dict[int, list[_Known]] = {delivery: [] for delivery in ids}
    for delivery, number, at, story, data, verified in session.execute(query):
        visited = TRAP if data.get("trap") else -1 if story is None else story
        if "sponsor" in data:
            visited = sponsors.FIRST + data["sponsor"]
        click = Click(at, visited, data.get("method", ""), data.get("agent", ""))
        found[delivery].append(_Known(number, click, verified))
    return found


def _says_something(click: Click, copy: _Copy, known: Sequence[_Known]) -> bool:
    """Whether a click is of this copy, new, and not one too many of its kind."""
    same = [one.click for one in known if one.click.story_id == click.story_id]
    ours = click.story_id in (TRAP, *copy.story_ids) or _sponsored(click) == copy.sponsor
    return ours and click not in same and len(same) < MOST_REPEATS


def _sponsored(click: Click) -> int:
    """The number of the sponsor whose link was followed; −1 when it was none's."""
    return max(-1, click.story_id - sponsors.FIRST)


def _row(copy: _Copy, click: Click, *, verified: bool) -> dict[str, object]:
    other: dict[str, object] = {"trap": True} if click.story_id == TRAP else {}
    if (sponsor := _sponsored(click)) >= 0:
        other = {"sponsor": sponsor}
    return {
        "at": click.at,
        "kind": EventKind.CLICK,
        "subscriber_id": copy.subscriber_id,
        "delivery_id": copy.id,
        "story_id": None if other else click.story_id,
        "verified": verified,
        "data": {"method": click.method, "agent": click.agent} | other,
    }


def judge(clicks: Sequence[Click], delivered_at: datetime | None, stories: int) -> list[bool]:
    """For the clicks on one copy of so many stories, in order, whether each counts; at most one
    does per story."""
    counted: set[int] = set()
    verdicts = []
    for place, click in enumerate(clicks):
        others = [*clicks[:place], *clicks[place + 1 :]]
        counts = click.story_id not in counted and is_person(click, others, delivered_at, stories)
        if counts:
            counted.add(click.story_id)
        verdicts.append(counts)
    return verdicts


def record_feedback(
    session: Session,
    delivery: Delivery,
    story_id: int,
    kind: Literal["more", "less"],
    now: datetime,
) -> bool:
    """Keep "more" or "less like this", in place of what was said before of the same story of the
    same copy; False when it was said already. The caller commits."""
    said = _said(session, delivery, story_id)
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


def withdraw_feedback(session: Session, delivery: Delivery, story_id: int, now: datetime) -> bool:
    """Take back what was said of a story of a copy; whether there was anything. The caller
    commits."""
    said = _said(session, delivery, story_id)
    for event in said:
        session.delete(event)
    _active(session, delivery.subscriber_id, now)
    return bool(said)


def _said(session: Session, delivery: Delivery, story_id: int) -> Sequence[Event]:
    return session.scalars(
        sa.select(Event).where(
            Event.delivery_id == delivery.id,
            Event.story_id == story_id,
            Event.kind.in_((EventKind.MORE, EventKind.LESS)),
        )
    ).all()


def _active(session: Session, subscriber_id: int, now: datetime) -> None:
    session.execute(
        sa.update(Subscriber).where(Subscriber.id == subscriber_id).values(last_active_at=now)
    )
