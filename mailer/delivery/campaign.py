"""Joins the parts: plan an edition, send an edition, make one copy. What commands, scheduler and
web call; the parts themselves do not know each other."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.delivery import samples, senders
from mailer.delivery.senders import DeliveryTask
from mailer.delivery.summary import Summary, summarise
from mailer.edition import planning, sunset, templates, worker_jobs
from mailer.edition.worker_jobs import Enqueue, enqueue_nothing
from mailer.ledger import claims, counts, deliveries, editions
from mailer.relay import registry
from mailer.throttling import circuit_breaker
from recommender.errors import NewsletterError, NotFoundError, TransportError
from recommender.models import Edition, EditionState
from recommender.safety import scrubbing
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import self_service

POLL_SECONDS = 0.3
OTHERS_SECONDS = 120.0
"""For how long other senders are waited for while nothing changes."""


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
    template = templates.installed(settings)
    with database.writing(engine) as session:
        self_service.resume_paused(session, now=now)
        sunset.pause_silent(session, settings, now=now)
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
    planning of this run (``settled``), which then counts as its own. ``enqueue`` lets workers help;
    ``to_the_end`` waits for others. A relay that cannot be used is the summary's ``trouble``; what
    was not sent counts as deferred. Several ``processes`` need the real clock. ``inspect`` checks a
    sample first; nothing is sent when it breaks a rule that must hold.
    """
    started = time.monotonic()
    at_once = registry.connections(settings)
    task = DeliveryTask(settings, edition_id, at_local_time, at_once, segment=segment, since=since)
    engine = database.stoppable(engine, stop.is_set)
    deliver = partial(senders.deliver, processes=processes, clock=clock, stop=stop)

    def end() -> Summary:
        _finish(engine, edition_id, clock(), trouble)
        return _sum_up(engine, task, settled_before, clock())

    if inspect and (fault := _fault(engine, task, clock())) is not None:
        seconds = round(time.monotonic() - started, 3)
        return replace(_unsent(engine, task, before, clock()), seconds=seconds, trouble=fault)
    settled_before, state, due = database.when_available(
        engine, lambda: _begin(engine, task, clock(), enqueue, before), stop.is_set
    )
    halt_reason = trouble = None
    if state == EditionState.SENDING:
        others = partial(_left_by_others, engine, task, clock, stop) if to_the_end else None
        deliver = partial(deliver, engine, task, progress=progress)
        halt_reason, trouble = _to_the_end(deliver, due, others)
    summary = database.when_available(engine, end, stop.is_set)
    trouble, seconds = trouble or summary.trouble, round(time.monotonic() - started, 3)
    return replace(summary, seconds=seconds, trouble=trouble, held=halt_reason)


def _to_the_end(
    deliver: Callable[..., str | None], due: int, more: Callable[[], bool] | None
) -> tuple[str | None, str | None]:
    """Deliver ``due`` copies, and then what others leave, while there is ``more``; which limit
    ended it, and what went wrong."""
    try:
        halt_reason = deliver(due=due)
        while halt_reason is None and more is not None and more():
            halt_reason = deliver(due=0)
    except NewsletterError as error:
        return None, scrubbing.line(error)
    return halt_reason, None


def _unsent(
    engine: Engine, task: DeliveryTask, before: counts.Count | None, now: datetime
) -> Summary:
    """The summary of a run that sent nothing."""
    with database.reading(engine) as session:
        before = before or counts.count(session, task.edition_id)
    return _sum_up(engine, task, before, now)


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
    task = DeliveryTask(settings, edition.id, False, 0, segment=segment, since=since)
    return counts.count(session, edition.id, task.readers(session))


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
    task = DeliveryTask(settings, edition_id, at_local_time, connections, most)
    deliveries.recover(engine, now=clock())
    if not _is_due(engine, task, clock()):
        return None
    try:
        halt_reason = senders.deliver_alone(
            engine, task, clock=clock, stop=stop, progress=lambda _: None
        )
    except TransportError as error:
        _finish(engine, edition_id, clock(), str(error))
        raise
    _finish(engine, edition_id, clock(), None)
    return halt_reason


def _fault(engine: Engine, task: DeliveryTask, now: datetime) -> str | None:
    """What keeps the copies that are left of an edition from being sent, in one line."""
    with database.reading(engine) as session:
        edition = session.get_one(Edition, task.edition_id)
        if edition.state not in (EditionState.PLANNED, EditionState.SENDING):
            return None
        try:
            findings, _ = samples.check(session, task.settings, edition, now)
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


def _begin(
    engine: Engine, task: DeliveryTask, now: datetime, enqueue: Enqueue, before: counts.Count | None
) -> tuple[counts.Count, EditionState, int]:
    """What was settled before, the edition's state, and how many copies are due."""
    edition_id = task.edition_id
    deliveries.recover(engine, now=now)
    with database.writing(engine) as session:
        readers = task.readers(session)
        before = before or counts.count(session, edition_id, readers)
        if task.settings.in_doubt == "resend" and deliveries.resend_doubtful(session, edition_id):
            editions.reopen(session, edition_id)
        state = editions.begin_sending(session, edition_id, now=now)
        due = counts.count(session, edition_id, readers).of(*deliveries.OPEN)
        if task.at_local_time:
            due -= counts.not_yet_due(session, edition_id, now=now, readers=readers)
        if state == EditionState.SENDING and readers is None:  # jobs are for all that is due
            enqueue(
                session, worker_jobs.to_deliver(edition_id, due, at_local_time=task.at_local_time)
            )
    return before, state, due


def _is_due(engine: Engine, task: DeliveryTask, now: datetime) -> bool:
    """Whether the edition is being sent, and some of it could be claimed now."""
    with database.reading(engine) as session:
        state = editions.state(session, task.edition_id)
        return state == EditionState.SENDING and claims.is_due(
            session,
            task.edition_id,
            now=now,
            at_local_time=task.at_local_time,
            readers=task.readers(session),
        )


def _left_by_others(
    engine: Engine, task: DeliveryTask, clock: Callable[[], datetime], stop: threading.Event
) -> bool:
    """Wait until no other sender has copies in hand, or one has left some behind; whether it has.

    A sender that is alive but does nothing is not waited for without end.
    """

    def look() -> tuple[int, bool]:
        deliveries.recover(engine, now=clock())
        with database.reading(engine) as session:
            return claims.in_hand(session, task.edition_id), _is_due(engine, task, clock())

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


def _sum_up(engine: Engine, task: DeliveryTask, before: counts.Count, now: datetime) -> Summary:
    with database.reading(engine) as session:
        edition = session.get_one(Edition, task.edition_id)
        readers = task.readers(session)
        after = counts.count(session, edition.id, readers)
        later = 0
        if task.at_local_time:
            later = counts.not_yet_due(session, edition.id, now=now, readers=readers)
        summary = summarise(edition, before, after, later)
        if (why := circuit_breaker.in_force(session, edition)) is not None:
            trouble = f"{edition.name} {why}; `newsletter editions resume` overrides that"
            return replace(summary, trouble=trouble)
        return summary
