"""Editions by name: find, list, pause, resume, cancel, sum up. The caller commits."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from mailer.ledger import counts, deliveries, transitions
from recommender.errors import ConflictError, NotFoundError
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Newsletter,
    Shard,
    Subscriber,
)

BY_HAND = "paused by hand"
"""Why an edition is paused when an operator said so."""
LONGEST_ERROR = 1_000
"""Characters of an edition's last error that are kept."""
ENDED = (EditionState.FINISHED, EditionState.CANCELLED)


def find(session: Session, newsletter: str, period: str) -> Edition:
    """The edition of ``period``; NotFoundError when none has been planned."""
    edition = session.scalar(
        _editions().where(Newsletter.name == newsletter, Edition.period == period)
    )
    if edition is None:
        raise NotFoundError(
            f"{newsletter}-{period} has not been planned; run `newsletter editions plan`"
        )
    return edition


def listing(session: Session, most: int | None = None, *, after: int = 0) -> list[Edition]:
    """All editions, the one planned last first; or ``most`` of them ``after`` so many."""
    query = _editions().order_by(Edition.planned_at.desc(), Edition.id.desc())
    return list(session.scalars(query.offset(after).limit(most)))


def named(session: Session, name: str) -> Edition | None:
    """The edition of that name (``weekly-2026-W48``), if there is one."""
    whole = Newsletter.name.concat("-").concat(Edition.period)
    return session.scalar(_editions().where(whole == name))


def on_their_way(session: Session) -> list[int]:
    """The ids of the editions that have copies to send, or may get some."""
    open_states = Edition.state.not_in(ENDED)
    return list(session.scalars(sa.select(Edition.id).where(open_states).order_by(Edition.id)))


def _editions() -> sa.Select[Edition]:
    return (
        sa.select(Edition)
        .join(Newsletter, Newsletter.id == Edition.newsletter_id)
        .options(joinedload(Edition.newsletter))
    )


def state(session: Session, edition_id: int) -> EditionState:
    """The state as it is in the store now."""
    return session.scalars(sa.select(Edition.state).where(Edition.id == edition_id)).one()


def begin_sending(session: Session, edition_id: int, *, now: datetime) -> EditionState:
    """Note that sending has begun, if the edition may be sent; the state it is in afterwards.
    Others who begin at the same time wait for the end of this transaction. Until it is published
    for everybody, an edition that nobody is in stays planned: there is nothing to begin with."""
    session.execute(sa.select(Edition.id).where(Edition.id == edition_id).with_for_update())
    session.execute(
        sa.update(Edition)
        .where(
            Edition.id == edition_id,
            Edition.state == EditionState.PLANNED,
            Edition.published_at.is_not(None)
            | sa.exists().where(Delivery.edition_id == edition_id),
        )
        .values(state=EditionState.SENDING, started_at=sa.func.coalesce(Edition.started_at, now))
    )
    return state(session, edition_id)


def finish(session: Session, edition_id: int, *, now: datetime) -> bool:
    """Finish the edition if every copy is settled; whether it is finished.

    Of one that was cancelled, what has come back from its senders since is skipped. One that is
    being planned for more readers is not finished.
    """
    # Locked before it is looked at: whoever adds readers holds this row until they can be seen.
    session.execute(
        sa.select(Edition.id).where(Edition.id == edition_id).with_for_update(key_share=True)
    )
    if state(session, edition_id) == EditionState.CANCELLED:
        deliveries.cancel(session, edition_id, now=now)
    open_copies = sa.exists().where(
        Delivery.edition_id == edition_id, Delivery.state.in_(deliveries.UNSETTLED)
    )
    session.execute(
        sa.update(Edition)
        .where(
            Edition.id == edition_id,
            Edition.state == EditionState.SENDING,
            ~open_copies,
            ~_to_plan(edition_id),
        )
        .values(state=EditionState.FINISHED, finished_at=now)
    )
    return state(session, edition_id) == EditionState.FINISHED


def reopen(session: Session, edition_id: int) -> None:
    """Send again what was made due after the edition had finished: doubts to be resent, readers
    added to it."""
    session.execute(
        sa.update(Edition)
        .where(Edition.id == edition_id, Edition.state == EditionState.FINISHED)
        .values(state=EditionState.SENDING, finished_at=None)
    )


def pause(session: Session, edition: Edition, *, why: str | None = None) -> None:
    """Stop sending until ``resume``; a sender at work stops within a second or two."""
    _leave(edition, "paused", EditionState.PLANNED, EditionState.SENDING)
    edition.state, edition.why = EditionState.PAUSED, why
    session.flush()


def resume(session: Session, edition: Edition) -> None:
    """Let a paused edition be sent again."""
    _leave(edition, "resumed", EditionState.PAUSED)
    edition.state = EditionState.SENDING if edition.started_at else EditionState.PLANNED
    edition.why = None
    session.flush()


def cancel(session: Session, edition: Edition, *, now: datetime) -> int:
    """Send no more of it, for good; how many copies are thereby skipped."""
    session.refresh(edition, ["state"], with_for_update={"key_share": True})
    _leave(edition, "cancelled", EditionState.PLANNED, EditionState.SENDING, EditionState.PAUSED)
    # What is planned no more comes first: this waits for who is writing copies at this moment.
    session.execute(sa.update(Shard).where(Shard.edition_id == edition.id).values(done=True))
    skipped = deliveries.cancel(session, edition.id, now=now)
    edition.state, edition.finished_at = EditionState.CANCELLED, now
    session.flush()
    return skipped


def _to_plan(edition_id: int) -> sa.ColumnElement[bool]:
    return sa.exists().where(Shard.edition_id == edition_id, ~Shard.done)


def _leave(edition: Edition, verb: str, *allowed: EditionState) -> None:
    if edition.state not in allowed:
        raise ConflictError(f"{edition.name} is {edition.state} and cannot be {verb}")


def note_error(session: Session, edition_id: int, error: str | None, *, now: datetime) -> None:
    """Keep why sending the edition went wrong as a whole; None: it did not, this time. When it last
    did is kept."""
    wanted = sa.update(Edition).where(Edition.id == edition_id)
    if error is None:
        wanted = wanted.where(Edition.last_error.is_not(None)).values(last_error=None)
    else:
        wanted = wanted.values(last_error=error[:LONGEST_ERROR], last_error_at=now)
    session.execute(wanted)


def totals(session: Session, edition: Edition) -> dict[str, Any]:
    """The edition's ledger in numbers; ``waiting`` are copies not yet due or not yet tried."""
    count = counts.count(session, edition.id)
    return {
        "readers": sum(count.states.values()),
        "sent": count.of(DeliveryState.SENT),
        "failed": count.of(DeliveryState.FAILED),
        "deferred": count.of(DeliveryState.DEFERRED),
        "skipped": count.skipped,
        "in_doubt": count.of(DeliveryState.IN_DOUBT),
        "waiting": count.of(DeliveryState.PLANNED),
        "in_hand": count.of(*transitions.HELD),
    }


def document(session: Session, edition: Edition) -> dict[str, Any]:
    """An edition for a machine."""
    return {
        "edition": edition.name,
        "period": edition.period,
        "state": edition.state,
        "why": edition.why,
        "last_error": edition.last_error,
        "last_error_at": edition.last_error_at,
        "segment": edition.segment,
        "plannings": plannings(session, edition),
        "planned_at": edition.planned_at,
        "started_at": edition.started_at,
        "finished_at": edition.finished_at,
        "totals": totals(session, edition),
    }


def plannings(session: Session, edition: Edition) -> list[dict[str, Any]]:
    """For whom the edition was planned, one time after another, and how many that added."""
    at = sa.func.coalesce(Shard.planned_at, edition.planned_at)
    query = (
        sa.select(Shard.segment, at.label("at"), sa.func.sum(Shard.readers).label("readers"))
        .where(Shard.edition_id == edition.id)
        .group_by(Shard.segment, at)
        .order_by(sa.func.min(Shard.number))
    )
    return [dict(row) for row in session.execute(query).mappings()]


def troubles(session: Session, edition_id: int) -> list[dict[str, Any]]:
    """Every copy that failed, is deferred or in doubt, by name, with the reason and the words of
    the server."""
    states = (DeliveryState.FAILED, DeliveryState.DEFERRED, DeliveryState.IN_DOUBT)
    query = (
        sa.select(
            Delivery.number,
            Subscriber.email,
            Delivery.state,
            Delivery.reason,
            Delivery.reply,
            Delivery.attempts,
            Delivery.due_at,
        )
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.edition_id == edition_id, Delivery.state.in_(states))
        .order_by(Delivery.number)
    )
    return [dict(row._mapping) for row in session.execute(query)]
