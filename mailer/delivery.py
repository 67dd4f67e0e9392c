"""Delivers an edition: claimed copies are composed, rendered, sent and recorded.

One thread per connection; the main thread claims batches and feeds them. Between everything but
the final dot and the dot itself, the ledger notes the copy as on the wire, so after a kill at most
one copy per connection is in doubt. It stops cleanly when asked to: the copy on the wire is
finished and recorded, what was claimed is given back.
"""

import contextlib
import queue
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.engine import Engine

from mailer import editions, ledger, refusals
from mailer.gate import Gate, Later
from mailer.ledger import Claim, Outcome
from mailer.message import Message
from mailer.recorder import Recorder
from mailer.stopping import Watch
from mailer.transport import Transport, Verdict, VerdictKind
from recommender import database
from recommender.errors import NewsletterError, TransportError
from recommender.models import DeliveryState, EditionState

BATCH = 100
POLL_SECONDS = 0.5
END_SECONDS = 0.01
GRACE_SECONDS = 4.0
"""How long copies on the wire may take when the sender shall stop; with all that is to be written
afterwards it must be gone within ten seconds."""
LOOK_SECONDS = 1.0
"""How often it looks whether too many copies are turned away."""
FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=4)


@dataclass(frozen=True)
class Job:
    """What to deliver, and with what. ``copy`` makes the message of a claim; it is called by
    several threads at once. ``open_transport`` is called once per connection. ``awake`` moves the
    moment of a claim's next attempt out of its reader's quiet hours."""

    edition_id: int
    copy: Callable[[Claim], Message]
    open_transport: Callable[[], Transport]
    gate: Gate
    watch: Watch
    awake: Callable[[Claim, datetime], datetime]
    connections: int
    at_local_time: bool
    too_late: timedelta | None
    retry_for: timedelta


@dataclass
class Progress:
    """What has happened so far; ``trouble`` ends the run, and so does a limit that is used up
    (``held`` says which). ``stop`` is somebody's wish that it ends soon."""

    stop: threading.Event
    handled: int = 0
    leave_by: float = float("inf")
    looked: float = float("-inf")
    held: str | None = None
    trouble: Exception | None = None
    halted: threading.Event = field(default_factory=threading.Event)

    def late(self) -> bool:
        """Whether it has been asked to stop so long ago that nothing more is waited for."""
        if self.leave_by == float("inf") and self.stop.is_set():
            self.leave_by = time.monotonic() + GRACE_SECONDS
        return time.monotonic() > self.leave_by


def deliver(
    engine: Engine,
    job: Job,
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    progress: Callable[[int], None] = lambda _: None,
) -> str | None:
    """Send every copy that is due. Returns when none is left, the edition is paused or cancelled,
    or ``stop`` is set; or, with the reason, when a limit allows no more for long.

    Raises TransportError when no relay can be used; nothing claimed is lost by that.
    """
    owner = uuid.uuid4().hex
    with ledger.lock(engine, owner) as held:
        if not held:
            raise TransportError("the lock of a sender that has just been named is taken")
        so_far = Progress(stop)
        recorder = Recorder(engine, owner, clock, so_far.late)
        work: queue.Queue[Claim | None] = queue.Queue(maxsize=BATCH * job.connections)
        threads = [
            threading.Thread(
                target=_connection,
                args=(job, work, recorder, so_far, clock),
                name=f"connection-{number}",
                daemon=True,  # one that does not end in time is left behind
            )
            for number in range(job.connections)
        ]
        for thread in threads:
            thread.start()
        try:
            _feed(engine, job, owner, work, so_far, clock, progress)
        except BaseException:
            so_far.halted.set()
            raise
        finally:
            _finish(engine, owner, work, threads, recorder, so_far, clock)
            job.gate.close()
        if so_far.trouble is not None:
            raise so_far.trouble
        return so_far.held


def _feed(
    engine: Engine,
    job: Job,
    owner: str,
    work: queue.Queue[Claim | None],
    so_far: Progress,
    clock: Callable[[], datetime],
    progress: Callable[[int], None],
) -> None:
    """Claim batches and queue them until nothing is due or somebody says stop."""
    while job.gate.shut() is None and not _halted(engine, job, so_far, clock):
        now = clock()
        with database.writing(engine, so_far.stop.is_set) as session:
            claims, looked_at = ledger.claim(
                session,
                job.edition_id,
                owner=owner,
                limit=work.maxsize - work.qsize(),  # so that ``put`` never waits: it hears no stop
                now=now,
                at_local_time=job.at_local_time,
                too_late=None if job.too_late is None else now - job.too_late,
            )
        for claim in claims:
            work.put(claim)

        def waiting(most: int, until: float = float("-inf")) -> bool:
            """Whether more than ``most`` copies are in hand, or it is not yet ``until``."""
            return work.unfinished_tasks > most or time.monotonic() < until

        most = work.maxsize // 2 if looked_at else 0
        while waiting(most) and not _halted(engine, job, so_far, clock):
            _rest(so_far, progress)
        if looked_at == 0:
            seconds = job.gate.soon()  # copies that were put back for a moment only
            if seconds is None:
                break
            until = time.monotonic() + seconds
            while waiting(0, until) and not _halted(engine, job, so_far, clock):
                _rest(so_far, progress)
    while work.unfinished_tasks and not _halted(engine, job, so_far, clock):
        _rest(so_far, progress)
    shut = job.gate.shut()
    so_far.held = None if shut is None else shut.why
    progress(so_far.handled)


def _rest(so_far: Progress, progress: Callable[[int], None]) -> None:
    so_far.halted.wait(POLL_SECONDS / 10)
    progress(so_far.handled)


def _halted(
    engine: Engine,
    job: Job,
    so_far: Progress,
    clock: Callable[[], datetime],
) -> bool:
    """Whether this run must end: asked to stop, in trouble, or the edition was paused, be it by
    somebody or because too many copies were turned away."""
    if not so_far.halted.is_set():
        if time.monotonic() - so_far.looked > LOOK_SECONDS:
            so_far.looked = time.monotonic()
            job.watch.look(engine, clock())
        with database.reading(engine) as session:
            sending = editions.state(session, job.edition_id) == EditionState.SENDING
        if so_far.stop.is_set() or not sending:
            so_far.halted.set()
    return so_far.halted.is_set()


def _finish(
    engine: Engine,
    owner: str,
    work: queue.Queue[Claim | None],
    threads: list[threading.Thread],
    recorder: Recorder,
    so_far: Progress,
    clock: Callable[[], datetime],
) -> None:
    """Let every connection end its copy, record what happened, give back what was not touched.

    A connection whose relay does not answer in time is left behind. Its claim is taken back, so it
    can put nothing on the wire any more; what it has there is in doubt.
    """
    with contextlib.suppress(queue.Empty):
        while True:
            work.get_nowait()
    for _ in threads:
        work.put(None)
    while any(thread.is_alive() for thread in threads) and not so_far.late():
        time.sleep(END_SECONDS)
    recorder.flush()
    with database.writing(engine, so_far.late) as session:
        ledger.release_all(session, owner=owner, now=clock())


def _connection(
    job: Job,
    work: queue.Queue[Claim | None],
    recorder: Recorder,
    so_far: Progress,
    clock: Callable[[], datetime],
) -> None:
    """One connection: copy after copy, until there is none or the run has ended."""
    transport = job.open_transport()
    try:
        while (claim := work.get()) is not None:
            try:
                if not so_far.halted.is_set():
                    _send(job, claim, transport, recorder, clock, so_far.halted)
                    so_far.handled += 1
            finally:
                work.task_done()
    except Exception as error:  # noqa: BLE001  (handed to the main thread, which raises it)
        so_far.trouble = so_far.trouble or error
        so_far.halted.set()
    finally:
        transport.close()


def _send(
    job: Job,
    claim: Claim,
    transport: Transport,
    recorder: Recorder,
    clock: Callable[[], datetime],
    halted: threading.Event,
) -> None:
    try:
        message = job.copy(claim)
    except (NewsletterError, ValueError, LookupError, TypeError) as error:
        why = f"this copy could not be made: {error}"
        outcome = Outcome(claim.delivery_id, DeliveryState.FAILED, reply=why, reason="copy")
        recorder.settle(outcome, claim.email)
        return
    answer = job.gate.offer(transport, message, number=claim.number, wait=halted.wait)
    if isinstance(answer, Later):
        if answer.until is not None:  # otherwise the run is ending, which gives the claim back
            until = job.awake(claim, answer.until)
            recorder.settle(answer.outcome(claim.delivery_id, until), claim.email)
        return
    verdict = answer
    if verdict is None:
        if not recorder.put_on_wire(claim.delivery_id):
            transport.abort()
            return
        verdict = transport.commit()
    outcome = outcome_of(verdict, claim, clock(), job.retry_for)
    if outcome.retry_at is not None:
        outcome = replace(outcome, retry_at=job.awake(claim, outcome.retry_at))
    recorder.settle(outcome, claim.email)  # first of all: whatever fails next, this is known
    job.gate.heard(verdict, message.recipient)


def outcome_of(verdict: Verdict, claim: Claim, now: datetime, retry_for: timedelta) -> Outcome:
    """What a verdict means for the ledger."""
    states = {
        VerdictKind.ACCEPTED: DeliveryState.SENT,
        VerdictKind.REFUSED: DeliveryState.FAILED,
        VerdictKind.DEFERRED: DeliveryState.DEFERRED,
        VerdictKind.UNANSWERED: DeliveryState.IN_DOUBT,
    }
    state = states[verdict.kind]
    deferred = state == DeliveryState.DEFERRED
    return Outcome(
        claim.delivery_id,
        state,
        relay=verdict.relay,
        reply=verdict.reply,
        reason=None if state == DeliveryState.SENT else verdict.enhanced or str(verdict.code or ""),
        retry_at=now + backoff(claim.attempts, claim.delivery_id) if deferred else None,
        expires_at=now + retry_for if deferred else None,
        dead=refusals.about(verdict) == "mailbox",
    )


def backoff(attempts: int, seed: int) -> timedelta:
    """How long to wait after so many earlier attempts: tripling from 5 minutes up to 4 hours,
    each spread by up to a quarter so that deferred copies do not come back all at once."""
    wait: timedelta = min(FIRST_RETRY * 3 ** min(attempts, 10), LONGEST_RETRY)
    return wait * (1 + random.Random(f"{seed}-{attempts}").random() / 4)  # noqa: S311
