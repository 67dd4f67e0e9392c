"""What operators are told, and that each thing is told once: kept in the store, so that a process
that is started again repeats nothing.

``look`` compares what is wrong now with what was, and writes an alert for each channel when a
trouble began and when it is over. A trouble that passes by itself within its ``PATIENCE`` is told
to nobody, and one that was over before it could be told is told in one piece. ``due`` are the
alerts to be sent, ``sent`` and ``failed`` note what became of them. Without a channel troubles are
noted all the same, for ``/metrics``, and told once there is one. The caller commits.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.monitoring.troubles import Kind, Trouble
from recommender.models import Alert, Channel, OngoingTrouble, Turn
from recommender.settings import Settings

MOMENT = timedelta(minutes=5)
PATIENCE = {
    Kind.RELAY: MOMENT,
    Kind.UNSENT: MOMENT,
    Kind.SCHEDULER: MOMENT,
    Kind.SENDER: MOMENT,
    Kind.WORKER: MOMENT,
    Kind.MAILBOX: MOMENT,
    Kind.JOB: MOMENT,
    Kind.STORE: MOMENT,
    Kind.CLOCK: MOMENT,
}
"""For how long a trouble must last to be told, and be away to be over; others are told at once."""
FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=1)
"""The pauses after attempts that failed."""
KEPT = timedelta(days=90)
"""For how long alerts are kept, sent or not."""
LONGEST_ERROR = 500


@dataclass
class Changes:
    """Troubles that are new, and kind and subject of those that are over."""

    began: list[Trouble] = field(default_factory=list)
    over: list[tuple[str, str]] = field(default_factory=list)


def channels(settings: Settings) -> tuple[Channel, ...]:
    """The ways by which operators want to be told."""
    wanted = {Channel.MAIL: settings.alert_to, Channel.URL: settings.alert_url}
    return tuple(channel for channel, place in wanted.items() if place is not None)


def look(
    session: Session,
    found: Sequence[Trouble],
    by: Sequence[Channel],
    now: datetime,
    *,
    unknown: Collection[Kind] = (),
) -> Changes:
    """Take notice of what is wrong now; what of that is new, and what is over. Of the kinds that
    are ``unknown`` it was not looked: what was wrong with them counts as it did."""
    changes = Changes()
    known = {(one.kind, one.subject): one for one in session.scalars(sa.select(OngoingTrouble))}
    for trouble in dict.fromkeys(found):
        one = known.get((trouble.kind.value, trouble.subject[:2000]))
        if one is None:
            one = _begun(trouble, now)
            session.add(one)
            known[one.kind, one.subject] = one
            changes.began.append(trouble)
        one.seen_at = now
        if by and one.told_at is None and _lasts(one, now - one.began_at):
            one.told_at = now
            _tell(session, one, by, Turn.BEGAN, now)
    for one in known.values():
        if one.kind in {kind.value for kind in unknown}:
            continue
        if one.seen_at < now and _lasts(one, now - one.seen_at):
            if one.told_at is not None:
                _over(session, one, by, now)
            session.delete(one)
            changes.over.append((one.kind, one.subject))
    session.execute(sa.delete(Alert).where(Alert.made_at < now - KEPT))
    session.flush()
    return changes


def _begun(trouble: Trouble, now: datetime) -> OngoingTrouble:
    return OngoingTrouble(
        kind=trouble.kind.value,
        subject=trouble.subject[:2000],
        sentence=trouble.sentence,
        what_to_do=trouble.what_to_do,
        began_at=now,
        seen_at=now,
    )


def _lasts(one: OngoingTrouble, length: timedelta) -> bool:
    known = {kind.value: patience for kind, patience in PATIENCE.items()}
    return length >= known.get(one.kind, timedelta(0))


def _tell(
    session: Session, one: OngoingTrouble, by: Sequence[Channel], turn: Turn, now: datetime
) -> None:
    session.add_all(
        Alert(
            channel=channel,
            turn=turn,
            kind=one.kind,
            subject=one.subject,
            sentence=one.sentence,
            what_to_do=one.what_to_do,
            began_at=one.began_at,
            made_at=now,
            due_at=now,
        )
        for channel in by
    )


def _over(session: Session, one: OngoingTrouble, by: Sequence[Channel], now: datetime) -> None:
    """Tell that it is over, and no longer that it began where that could not be told yet."""
    waiting = (Alert.sent_at.is_(None), Alert.turn == Turn.BEGAN)
    same = (Alert.kind == one.kind, Alert.subject == one.subject)
    session.execute(sa.delete(Alert).where(*waiting, *same))
    _tell(session, one, by, Turn.OVER, now)


def ongoing(session: Session) -> list[OngoingTrouble]:
    """What was wrong when it was last looked, the oldest trouble first."""
    query = sa.select(OngoingTrouble).order_by(OngoingTrouble.began_at, OngoingTrouble.id)
    return list(session.scalars(query))


def waiting(session: Session) -> list[Alert]:
    """The alerts that could not be sent yet."""
    query = sa.select(Alert).where(Alert.sent_at.is_(None))
    return list(session.scalars(query.order_by(Alert.made_at, Alert.id)))


def due(session: Session, channel: Channel, now: datetime) -> list[list[Alert]]:
    """The alerts to be sent over a channel now, those of one moment together, the oldest first. A
    clock that was set back keeps none waiting."""
    groups: dict[datetime, list[Alert]] = {}
    for alert in waiting(session):
        if alert.channel == channel:
            groups.setdefault(alert.made_at, []).append(alert)
    return [
        group
        for group in groups.values()
        if not now < max(alert.due_at for alert in group) <= now + LONGEST
    ]


def sent(session: Session, alerts: Sequence[Alert], now: datetime) -> None:
    """They were taken."""
    wanted = Alert.id.in_([alert.id for alert in alerts])
    session.execute(sa.update(Alert).where(wanted).values(sent_at=now, error=None))


def failed(session: Session, alerts: Sequence[Alert], why: str, now: datetime) -> None:
    """They were not taken, and are tried again after a pause, each time a longer one."""
    tries = max(alert.attempts for alert in alerts) + 1
    pause = min(FIRST * 2 ** min(tries - 1, 10), LONGEST)
    wanted = Alert.id.in_([alert.id for alert in alerts])
    session.execute(
        sa.update(Alert)
        .where(wanted)
        .values(attempts=tries, due_at=now + pause, error=why[:LONGEST_ERROR])
    )
