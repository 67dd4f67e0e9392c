"""Keeps the store from growing without bound: what is old is made small, then removed.

Three steps, each in the settings. A copy first loses what only its web version needs (picks with
their reasons, the reader as shown, the server's words), and keeps which stories its reader was
sent. When every story of an edition is too old to be chosen again, the edition goes with all its
copies. Clicks that were never believed go early. It works in batches by key, a transaction each,
and rests as long as each took, so a sender beside it has the store at least half of the time.
Who asked to subscribe and never confirmed goes as well; consent, suppressions and other readers are
never touched.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition.retention_limits import RetentionLimits
from mailer.ledger.editions import ENDED
from mailer.ledger.transitions import TRANSITIONS
from recommender import corrections
from recommender.models import (
    AddressChange,
    Delivery,
    Edition,
    EditionStory,
    Event,
    EventKind,
    InboundMessage,
    Pause,
    Status,
    Subscriber,
    TemplateVersion,
    WebhookEvent,
)
from recommender.storage import database, locks, secure_deletion

BATCH = 1_000
FOR_GOOD = tuple(state for state, later in TRANSITIONS.items() if not later)
"""States that a copy never leaves."""

OTHERS = 15.0
"""Seconds in which others come to an end who read the store while it is overwritten."""


@dataclass
class PruneCounts:
    """What was done: ``slimmed`` copies, removed ``deliveries`` with their ``editions``, removed
    ``clicks`` that never counted and ``events`` that did, readers who were ``pending``, and what
    providers reported (``webhooks``)."""

    slimmed: int = 0
    deliveries: int = 0
    editions: int = 0
    clicks: int = 0
    events: int = 0
    pending: int = 0
    webhooks: int = 0


def prune(
    engine: Engine,
    limits: RetentionLimits,
    *,
    stopped: Callable[[], bool] = lambda: False,
    rest: Callable[[float], object] = lambda _: None,
    advance: Callable[[int], None] = lambda _: None,
) -> PruneCounts:
    """Make small or remove what is older than ``limits``; nothing while another process does.

    ``rest`` is called after each batch with the seconds to leave the store to others, ``advance``
    with the rows done so far. A run that was stopped is gone on with by the next.
    """
    done = PruneCounts()
    with locks.hold(engine, "prune") as free:
        steps = (_slim, _forget, _drop_clicks, _drop_events, _drop_pending, _drop_webhooks)
        total = 0
        for step in steps if free else ():
            begun = time.monotonic()
            for number in step(engine, limits, done):
                total += number
                advance(total)
                if stopped():
                    return done
                rest(time.monotonic() - begun)
                begun = time.monotonic()
        if free:
            _tidy(engine, limits)
            secure_deletion.finish(engine, patience=OTHERS, large=not _at_work(engine))
    return done


def _at_work(engine: Engine) -> bool:
    """Whether an edition is being planned or sent."""
    query = sa.select(Edition.id).where(Edition.state.not_in(ENDED)).limit(1)
    with database.reading(engine) as session:
        return session.scalar(query) is not None


def _slim(engine: Engine, limits: RetentionLimits, done: PruneCounts) -> Iterator[int]:
    """Take from the copies of old editions what only their web version needs, and from the editions
    the stories that were candidates and sent to nobody."""
    for edition in _old(engine, limits.copies, Edition.slim_at.is_(None)):
        sent: set[int] = set()
        for ids in _copies(engine, edition):
            with database.writing(engine) as session:
                number = len(slim(session, ids))
                for stories in session.scalars(stories_of(ids)):
                    sent.update(stories)
            done.slimmed += number
            yield number
        with database.writing(engine) as session:
            frozen = sa.select(EditionStory.story_id).where(EditionStory.edition_id == edition)
            unsent = [story for story in session.scalars(frozen) if story not in sent]
            session.execute(
                sa.delete(EditionStory).where(
                    EditionStory.edition_id == edition, EditionStory.story_id.in_(unsent)
                )
            )
            session.execute(
                sa.update(Edition).where(Edition.id == edition).values(slim_at=limits.copies)
            )


def stories_of(ids: list[int]) -> sa.Select[list[int]]:
    return sa.select(Delivery.story_ids).where(Delivery.id.in_(ids))


def slim(session: Session, ids: list[int]) -> list[int]:
    """Make these copies small, but those in doubt, or due again since: they might yet be sent. That
    a copy asked its reader whether they want more (``sunset``) stays."""
    document = Delivery.reader.type
    asked = sa.case(
        (Delivery.reader["asked"].as_boolean(), sa.literal({"asked": True}, document)),
        else_=sa.literal({}, document),
    )
    query = (
        sa.update(Delivery)
        .where(
            Delivery.id.in_(ids),
            Delivery.state.in_(FOR_GOOD),
            Delivery.picks != sa.literal([], Delivery.picks.type),
        )
        .values(picks=[], reader=asked, reply=None)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return list(session.scalars(query))


def _forget(engine: Engine, limits: RetentionLimits, done: PruneCounts) -> Iterator[int]:
    """Remove editions of which no story can be chosen any more."""
    for edition in _old(engine, limits.history, sa.true()):
        for ids in _copies(engine, edition):
            with database.writing(engine) as session:
                session.execute(sa.delete(Delivery).where(Delivery.id.in_(ids)))
            done.deliveries += len(ids)
            yield len(ids)
        with database.writing(engine) as session:
            session.execute(sa.delete(Edition).where(Edition.id == edition))
        done.editions += 1


def _old(
    engine: Engine, before: datetime, condition: sa.ColumnElement[bool]
) -> sa.ScalarResult[int] | list[int]:
    """Editions that ended before that moment."""
    ended = sa.func.coalesce(Edition.finished_at, Edition.planned_at)
    query = sa.select(Edition.id).where(Edition.state.in_(ENDED), ended < before, condition)
    with database.reading(engine) as session:
        return list(session.scalars(query.order_by(Edition.id)))


def _copies(engine: Engine, edition: int) -> Iterator[list[int]]:
    """The copies of an edition, in the order of their readers."""
    after = 0
    while True:
        with database.reading(engine) as session:
            found = session.execute(copies_after(edition, after)).all()
        if not found:
            return
        yield [row.id for row in found]
        after = found[-1].subscriber_id


def copies_after(edition: int, after: int) -> sa.Select[int, int]:
    return (
        sa.select(Delivery.id, Delivery.subscriber_id)
        .where(Delivery.edition_id == edition, Delivery.subscriber_id > after)
        .order_by(Delivery.subscriber_id)
        .limit(BATCH)
    )


def _drop_clicks(engine: Engine, limits: RetentionLimits, done: PruneCounts) -> Iterator[int]:
    """Remove clicks that were not a person's; nothing is ever counted of them."""
    never = ~Event.verified & (Event.kind == EventKind.CLICK)
    for number in _drop(engine, never, limits.clicks):
        done.clicks += number
        yield number


def _drop_events(engine: Engine, limits: RetentionLimits, done: PruneCounts) -> Iterator[int]:
    """Remove answers of which the stories are too old to be chosen."""
    for verified in (sa.true(), sa.false()):
        for number in _drop(engine, Event.verified == verified, limits.history):
            done.events += number
            yield number


def _drop(engine: Engine, which: sa.ColumnElement[bool], before: datetime) -> Iterator[int]:
    while True:
        with database.writing(engine) as session:
            ids = session.scalars(events_before(which, before)).all()
            session.execute(sa.delete(Event).where(Event.id.in_(ids)))
        if not ids:
            return
        yield len(ids)


def events_before(which: sa.ColumnElement[bool], before: datetime) -> sa.Select[int]:
    return sa.select(Event.id).where(which, Event.at < before).order_by(Event.at).limit(BATCH)


def _drop_pending(engine: Engine, limits: RetentionLimits, done: PruneCounts) -> Iterator[int]:
    """Remove who asked to subscribe, or was imported as having asked, and never confirmed."""
    after = 0
    while True:
        with database.writing(engine) as session:
            ids = list(session.scalars(never_confirmed(after, limits.pending)))
            corrections.forget(session, ids)
            session.execute(
                sa.delete(Subscriber).where(
                    Subscriber.id.in_(ids), Subscriber.status == Status.PENDING
                )
            )
        if not ids:
            return
        after = ids[-1]
        done.pending += len(ids)
        yield len(ids)


def never_confirmed(after: int, before: datetime) -> sa.Select[int]:
    """Pending readers of whom nothing was heard since ``before``; who was sent something once
    stays, as the ledger does."""
    answered = sa.exists().where(Event.subscriber_id == Subscriber.id)
    sent = sa.exists().where(Delivery.subscriber_id == Subscriber.id)
    return (
        sa.select(Subscriber.id)
        .where(
            Subscriber.status == Status.PENDING,
            Subscriber.id > after,
            Subscriber.updated_at < before,
            ~answered,
            ~sent,
        )
        .order_by(Subscriber.id)
        .limit(BATCH)
    )


def _drop_webhooks(engine: Engine, limits: RetentionLimits, done: PruneCounts) -> Iterator[int]:
    """Remove what providers reported long ago; what followed from it stays."""
    for table in (WebhookEvent, InboundMessage):
        old = sa.select(table.id).where(table.at < limits.webhooks)
        if table is InboundMessage:  # what is still to be mailed waits
            old = old.where(InboundMessage.answer.is_(None))
        while True:
            with database.writing(engine) as session:
                ids = session.scalars(old.order_by(table.at).limit(BATCH)).all()
                session.execute(sa.delete(table).where(table.id.in_(ids)))
            if not ids:
                break
            done.webhooks += len(ids)
            yield len(ids)


def _tidy(engine: Engine, limits: RetentionLimits) -> None:
    """Remove what nothing refers to any more: templates, pauses long over, addresses that were
    asked for and not confirmed."""
    used = sa.exists().where(Edition.template_hash == TemplateVersion.hash)
    with database.writing(engine) as session:
        session.execute(sa.delete(TemplateVersion).where(~used, TemplateVersion.at < limits.copies))
        session.execute(sa.delete(Pause).where(Pause.until < limits.pauses))
        session.execute(sa.delete(AddressChange).where(AddressChange.at < limits.addresses))
