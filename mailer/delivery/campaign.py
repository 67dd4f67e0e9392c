"""Joins the parts: plan an edition, send an edition, make one copy. What commands, scheduler and
web call; the parts themselves do not know each other."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.delivery import samples, senders
from mailer.delivery.senders import Order
from mailer.edition import planning, queue
from mailer.edition.queue import Enqueue, enqueue_nothing
from mailer.ledger import counts, deliveries, editions
from mailer.relay import registry
from mailer.rendering import templates
from mailer.throttling import circuit_breaker
from recommender import resources
from recommender.errors import NewsletterError, NotFoundError, TransportError
from recommender.models import DeliveryState, Edition, EditionState
from recommender.safety import scrubbing
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import self_service

POLL_SECONDS = 0.3
OTHERS_SECONDS = 120.0
"""For how long other senders are waited for while nothing changes."""


@dataclass(frozen=True)
class Summary:
    """What one run did. The sum holds: due = sent + failed + deferred + skipped + in_doubt.

    ``due`` is what was not settled when the run began. ``deferred`` is all that is left for a
    later run; ``in_doubt`` is every copy of the edition whose fate is unknown. ``held`` says which
    limit ended the run, ``trouble`` what went wrong.
    """

    edition: str
    state: EditionState
    due: int
    sent: int
    failed: int
    deferred: int
    skipped: dict[str, int] = field(default_factory=dict)
    in_doubt: int = 0
    seconds: float = 0.0
    trouble: str | None = None
    held: str | None = None

    @property
    def handled(self) -> int:
        return self.sent + self.failed + sum(self.skipped.values())

    def sentence(self) -> str:
        """The same, for a person."""
        parts = [
            f"{self.due} due: {self.sent} sent, {self.failed} failed, {self.deferred} deferred"
        ]
        parts += [f"{number} skipped ({reason})" for reason, number in self.skipped.items()]
        parts.append(f"{self.in_doubt} in doubt")
        return ", ".join(parts) + (f"; held back: {self.held}" if self.held else "")


def plan(
    engine: Engine,
    settings: Settings,
    *,
    period: str,
    now: datetime,
    segment: str | None = None,
    publishing: bool = False,
    progress: Callable[[int], None] = lambda _: None,
    stop: threading.Event | None = None,
    processes: int = 1,
    enqueue: Enqueue = enqueue_nothing,
) -> int:
    """Plan the edition of ``period`` for those of ``segment`` (none: everybody) who are not in it
    yet, a new one with the current template; its id. ``publishing`` is as for ``planning.plan``;
    ``stop`` leaves the rest for another time; ``enqueue`` lets workers help."""
    template = templates.compile_template(resources.folder("templates") / "email")
    with database.writing(engine) as session:
        self_service.resume_paused(session, now=now)
    return planning.plan(
        engine,
        settings,
        template,
        period=period,
        now=now,
        segment=segment,
        publishing=publishing,
        progress=progress,
        stopped=lambda: stop is not None and stop.is_set(),
        processes=processes,
        enqueue=enqueue,
    )


def send(
    engine: Engine,
    settings: Settings,
    *,
    edition_id: int,
    clock: Callable[[], datetime],
    stop: threading.Event,
    at_local_time: bool,
    segment: str | None = None,
    since: datetime | None = None,
    before: counts.Count | None = None,
    to_the_end: bool = True,
    inspect: bool = False,
    processes: int = 1,
    progress: Callable[[int], None] = lambda _: None,
    enqueue: Enqueue = enqueue_nothing,
) -> Summary:
    """Deliver all that is due of an edition and sum up what this run, and its helpers, did.

    With ``segment`` only to its readers, as of ``since``. ``before`` is what was settled before the
    planning of this same run (``settled``), which then counts as its own. ``enqueue`` lets
    workers help; ``to_the_end`` waits for what other senders have in hand. A relay that cannot be
    used is the summary's ``trouble``; what could not be sent counts as deferred. With more than one
    of ``processes`` the clock must be the real one. With ``inspect`` a sample of the copies is
    checked first; if one breaks a rule that must hold, that is the trouble and nothing is sent.
    """
    started = time.monotonic()
    order = Order(settings, edition_id, at_local_time, registry.connections(settings))
    order = replace(order, segment=segment, since=since)

    engine = database.stoppable(engine, stop.is_set)

    def begin() -> Beginning:
        return _begin(engine, order, clock(), enqueue, before)

    def go_on(due: int) -> str | None:
        return senders.deliver(
            engine,
            order,
            processes=processes,
            due=due,
            clock=clock,
            stop=stop,
            progress=progress,
        )

    def end() -> Summary:
        _finish(engine, edition_id, clock(), trouble)
        return _sum_up(engine, order, settled_before, clock())

    if inspect and (found := _fault(engine, order, clock())) is not None:
        with database.reading(engine) as session:
            settled = counts.count(session, edition_id)
        summary = _sum_up(engine, order, before or settled, clock())
        return replace(summary, seconds=round(time.monotonic() - started, 3), trouble=found)
    settled_before, state, due = database.when_available(engine, begin, stop.is_set)
    trouble: str | None = None
    held: str | None = None
    if state == EditionState.SENDING:
        try:
            held = go_on(due)
            while to_the_end and held is None and _left_by_others(engine, order, clock, stop):
                held = go_on(0)
        except NewsletterError as error:
            trouble = scrubbing.line(error)
    summary = database.when_available(engine, end, stop.is_set)
    seconds = round(time.monotonic() - started, 3)
    return replace(summary, seconds=seconds, trouble=trouble or summary.trouble, held=held)


def settled(
    session: Session,
    settings: Settings,
    period: str,
    *,
    segment: str | None = None,
    since: datetime | None = None,
) -> counts.Count:
    """The ledger of the edition of ``period``, or of the readers ``segment`` has as of ``since``,
    summed up; nothing, if there is none yet."""
    try:
        edition = editions.find(session, settings.newsletter, period)
    except NotFoundError:
        return counts.Count({}, {})
    order = Order(settings, edition.id, False, 0, segment=segment, since=since)
    return counts.count(session, edition.id, order.readers(session))


def send_some(
    engine: Engine,
    settings: Settings,
    *,
    edition_id: int,
    clock: Callable[[], datetime],
    stop: threading.Event,
    at_local_time: bool,
    most: int,
) -> str | None:
    """Deliver ``most`` so many due copies of an edition that is being sent. Why it went no further,
    if a limit was the reason."""
    connections = registry.connections(settings)
    order = Order(settings, edition_id, at_local_time, connections, most)
    deliveries.recover(engine, now=clock())
    if not _is_due(engine, order, clock()):
        return None
    try:
        held = senders.here(engine, order, clock=clock, stop=stop, progress=lambda _: None)
    except TransportError as error:
        _finish(engine, edition_id, clock(), str(error))
        raise
    _finish(engine, edition_id, clock(), None)
    return held


def _fault(engine: Engine, order: Order, now: datetime) -> str | None:
    """What keeps the copies that are left of an edition from being sent, in one line."""
    with database.reading(engine) as session:
        edition = session.get_one(Edition, order.edition_id)
        if edition.state not in (EditionState.PLANNED, EditionState.SENDING):
            return None
        try:
            findings, _ = samples.check(session, order.settings, edition, now)
        except NewsletterError as error:
            return f"{edition.name}: {error}"
        worst = [finding for finding in findings if finding.level == "must"]
        if not worst:
            return None
        more = f", and {len(worst) - 1} more" if len(worst) > 1 else ""
        return (
            f"{edition.name}: nothing was sent, {worst[0].sentence()}{more}; `newsletter doctor` "
            "names all, --despite-findings sends"
        )


Beginning = tuple[counts.Count, EditionState, int]
"""What was settled before, the edition's state, and how many copies are due."""


def _begin(
    engine: Engine, order: Order, now: datetime, enqueue: Enqueue, before: counts.Count | None
) -> Beginning:
    edition_id = order.edition_id
    deliveries.recover(engine, now=now)
    with database.writing(engine) as session:
        readers = order.readers(session)
        before = before or counts.count(session, edition_id, readers)
        if order.settings.in_doubt == "resend" and deliveries.resend_doubtful(session, edition_id):
            editions.reopen(session, edition_id)
        state = editions.begin_sending(session, edition_id, now=now)
        due = counts.count(session, edition_id, readers).of(*deliveries.OPEN)
        if order.at_local_time:
            due -= counts.not_yet_due(session, edition_id, now=now, readers=readers)
        if state == EditionState.SENDING and readers is None:  # jobs are for all that is due
            enqueue(session, queue.to_deliver(edition_id, due, at_local_time=order.at_local_time))
    return before, state, due


def _is_due(engine: Engine, order: Order, now: datetime) -> bool:
    """Whether the edition is being sent, and some of it could be claimed now."""
    with database.reading(engine) as session:
        state = editions.state(session, order.edition_id)
        return state == EditionState.SENDING and deliveries.is_due(
            session,
            order.edition_id,
            now=now,
            at_local_time=order.at_local_time,
            readers=order.readers(session),
        )


def _left_by_others(
    engine: Engine, order: Order, clock: Callable[[], datetime], stop: threading.Event
) -> bool:
    """Wait until no other sender has copies in hand, or one has left some behind; whether it has.

    A sender that is alive but does nothing is not waited for without end.
    """

    def look() -> tuple[int, bool]:
        deliveries.recover(engine, now=clock())
        with database.reading(engine) as session:
            return deliveries.in_hand(session, order.edition_id), _is_due(engine, order, clock())

    before, patience = -1, 0.0
    while not stop.is_set():
        in_hand, due = database.when_available(engine, look, stop.is_set)
        if due:
            return True
        if in_hand != before:
            before, patience = in_hand, time.monotonic() + OTHERS_SECONDS
        if not in_hand or time.monotonic() > patience:
            return False
        time.sleep(POLL_SECONDS)
    return False


def _finish(engine: Engine, edition_id: int, now: datetime, trouble: str | None) -> None:
    with database.writing(engine) as session:
        editions.note_error(session, edition_id, trouble, now=now)
        if editions.state(session, edition_id) in (EditionState.SENDING, EditionState.CANCELLED):
            editions.finish(session, edition_id, now=now)


def _sum_up(engine: Engine, order: Order, before: counts.Count, now: datetime) -> Summary:
    with database.reading(engine) as session:
        edition = session.get_one(Edition, order.edition_id)
        readers = order.readers(session)
        after = counts.count(session, edition.id, readers)
        later = 0
        if order.at_local_time:
            later = counts.not_yet_due(session, edition.id, now=now, readers=readers)
        summary = _summary(edition, before, after, later)
        if (why := circuit_breaker.in_force(session, edition)) is not None:
            trouble = f"{edition.name} {why}; `newsletter editions resume` overrides that"
            return replace(summary, trouble=trouble)
        return summary


def _summary(
    edition: Edition,
    before: counts.Count,
    after: counts.Count,
    not_yet_due: int,
) -> Summary:
    def gained(state: DeliveryState) -> int:
        return after.of(state) - before.of(state)

    settled_before = before.of(DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED)
    skipped = {
        reason: number - before.skipped.get(reason, 0)
        for reason, number in after.skipped.items()
        if number > before.skipped.get(reason, 0)
    }
    return Summary(
        edition=edition.name,
        state=edition.state,
        due=sum(after.states.values()) - settled_before - not_yet_due,
        sent=gained(DeliveryState.SENT),
        failed=gained(DeliveryState.FAILED),
        deferred=after.of(*deliveries.UNSETTLED) - not_yet_due,
        skipped=skipped,
        in_doubt=after.of(DeliveryState.IN_DOUBT),
    )
