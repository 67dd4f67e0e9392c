"""Delivers an edition: claimed copies are composed, rendered, sent and recorded.

One thread, and in it one lane per connection (``lanes``). Between everything but the final dot and
the dot itself, the ledger notes the copy as on the wire, so after a kill at most one copy per
connection is in doubt. The next copy may be begun behind the dot; its text, and so its delivery,
waits for its own turn. It stops cleanly when asked to: the copy on the wire is finished and
recorded, what was claimed is given back.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.engine import Engine

from mailer.delivery import retries, throttled_offer
from mailer.delivery.recorder import Recorder
from mailer.delivery.run import POLL_SECONDS, Copy, DeliveryContext, Run
from mailer.ledger import claims, deliveries
from mailer.ledger.claims import Claim
from mailer.ledger.deliveries import Outcome
from mailer.mime.message import Message
from mailer.relay.relay_pool import RelayTransport
from mailer.throttling.throttle import Permits, Postponed
from recommender.errors import NewsletterError, TransportError
from recommender.models import DeliveryState
from recommender.storage import database

BATCH = 25
"""Copies claimed at once for each connection. At the end of an edition, processes that find none
left wait for the one that has some in hand: with few they do not wait long."""


def deliver(
    engine: Engine,
    context: DeliveryContext,
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    progress: Callable[[int], None] = lambda _: None,
) -> str | None:
    """Send every copy that is due, or ``context.most`` of them.

    Returns when none is left, the edition is paused or cancelled, or ``stop`` is set; or, with the
    reason, when a limit allows no more for long.

    A store whose server is away is waited for. Whoever has lost touch with it may have been taken
    for dead, and so begins again under a new name. Raises TransportError when no relay can be used;
    nothing claimed is lost by that.
    """
    handled, give_up = 0, float("inf")
    while True:
        run = Run(engine, context, clock, stop, left=context.most, handled=handled)
        try:
            return _under_one_name(run, progress)
        except Exception as error:
            if run.handled > handled:
                handled, give_up = run.handled, float("inf")
            give_up = min(give_up, time.monotonic() + database.AWAY_SECONDS)
            if (
                not database.unavailable(engine, error)
                or stop.is_set()
                or time.monotonic() > give_up
            ):
                raise
        time.sleep(POLL_SECONDS)
        database.when_available(
            engine, lambda: deliveries.recover(engine, now=clock()), stop.is_set
        )


def _under_one_name(run: Run, progress: Callable[[int], None]) -> str | None:
    with deliveries.lock(run.engine, run.owner) as lock:
        if not lock:
            raise TransportError("the lock of a sender that has just been named is taken")
        run.lock = lock
        recorder = Recorder(
            run.engine, run.owner, run.clock, run.late, run.context.soft_bounces, run.make
        )
        for _ in range(run.context.connections):
            run.lanes.start(lambda: _connection(run, recorder))
        try:
            _feed(run, recorder, progress)
        finally:
            run.end()
            progress(run.handled)  # whoever helps hears of the end now, and not when all is over
            _finish(run, recorder)
            database.when_available(run.engine, run.context.throttle.close, run.late)
        progress(run.handled)
        if run.trouble is not None:
            raise run.trouble
        return run.halt_reason


def _feed(run: Run, recorder: Recorder, progress: Callable[[int], None]) -> None:
    """Claim batches and let the lanes work them off until nothing is due or somebody says stop."""
    room = BATCH * run.context.connections
    ask_again = time.monotonic()
    while run.context.throttle.shut() is None and not run.halted():
        now = time.monotonic()
        if len(run.work) <= room // 2 and now >= ask_again:
            looked_at = _claim(run, room - len(run.work))
            if looked_at == 0:  # what is in hand may come back, put off for a moment
                ask_again = now + POLL_SECONDS
                if not run.busy():
                    seconds = run.context.throttle.soon() if run.left else None
                    if seconds is None:
                        break
                    ask_again = now + seconds
            run.offer_work()
        _step(run, recorder, max(0.0, min(ask_again - now, POLL_SECONDS)) or POLL_SECONDS)
        progress(run.handled)
    shut = run.context.throttle.shut()
    run.halt_reason = None if shut is None else shut.why


def _claim(run: Run, limit: int) -> int:
    """Take up to ``limit`` copies in hand; how many were looked at."""
    if not run.left:
        return 0
    now, late = run.clock(), run.context.too_late
    with database.writing(run.engine, run.stop.is_set) as session:
        taken, looked_at = claims.claim(
            session,
            run.context.edition_id,
            owner=run.owner,
            limit=int(min(limit, run.left)),
            now=now,
            at_local_time=run.context.at_local_time,
            too_late=None if late is None else now - late,
            readers=run.context.readers,
        )
    run.work += taken
    run.left -= looked_at
    return looked_at


def _step(run: Run, recorder: Recorder, longest: float) -> None:
    """Let the lanes go as far as they get, and write down what they wait for, or else rest."""
    run.lanes.run()
    if not recorder.flush(run.rest):
        run.rest(longest)


def _finish(run: Run, recorder: Recorder) -> None:
    """Let every connection end its last copy, record what happened, give back what was not touched.

    A relay that does not answer in time is given up, and what was on the wire to it is in doubt.
    """
    while run.lanes.alive:
        try:
            _step(run, recorder, POLL_SECONDS)
        except Exception as error:
            if not database.transient(run.engine, error):
                raise
            run.lanes.rest(POLL_SECONDS)  # what is known is kept, and written down below
        if run.late():
            run.lanes.hurry()

    def release() -> None:
        with database.writing(run.engine, run.late) as session:
            deliveries.release_all(session, owner=run.owner, now=run.clock())

    database.when_available(run.engine, recorder.flush, run.late, database.transient)
    database.when_available(run.engine, release, run.late, database.transient)


def _connection(run: Run, recorder: Recorder) -> None:
    """One connection: copy after copy, until there is none or the run has ended."""
    permits = run.context.throttle.permits()
    transport = run.context.open_transport(permits)
    try:
        ahead = None
        while (copy := run.next(ahead)) is not None:
            ahead = _send(run, *copy, transport, permits, recorder)
            run.handled += 1
    except Exception as error:  # noqa: BLE001  (handed to whoever runs the lanes, who raises it)
        run.trouble = run.trouble or error
    finally:
        transport.close()


def _send(
    run: Run,
    claim: Claim,
    message: Message | Exception,
    transport: RelayTransport,
    permits: Permits,
    recorder: Recorder,
) -> Copy | None:
    """Send a copy and record what became of it; returns the copy made ahead, which is next."""
    context, ahead = run.context, None
    if isinstance(message, NewsletterError | ValueError | LookupError | TypeError):
        why = f"this copy could not be made: {message}"
        outcome = Outcome(claim.delivery_id, DeliveryState.FAILED, reply=why, reason="copy")
        recorder.settle(outcome, claim.email)
        return None
    if isinstance(message, Exception):
        raise message
    answer = throttled_offer.offer(
        context.throttle, transport, message, number=claim.number, wait=run.lanes.pause
    )
    if isinstance(answer, Postponed):
        if answer.until is not None:  # otherwise the run is ending, which gives the claim back
            until = context.awake(claim, answer.until)
            recorder.settle(
                throttled_offer.postponed_outcome(answer, claim.delivery_id, until), claim.email
            )
        return None
    verdict = answer
    if verdict is None:
        ahead = _made_ahead(run, transport)
        try:
            ours = recorder.put_on_wire(claim.delivery_id)
        except Exception:
            transport.abort()  # nothing of it is delivered, so it is due again, whatever was noted
            due_again = Outcome(claim.delivery_id, DeliveryState.PLANNED, tried=False)
            recorder.settle(due_again, claim.email)
            raise
        if not ours:
            transport.abort()
            return ahead
        verdict = transport.commit()
    outcome = retries.outcome_of(verdict, claim, run.clock(), context.retry_for)
    if outcome.retry_at is not None:
        outcome = replace(outcome, retry_at=context.awake(claim, outcome.retry_at))
    recorder.settle(outcome, claim.email)  # first of all: whatever fails next, this is known
    throttled_offer.report(context.throttle, permits, verdict, message.recipient)
    return ahead


def _made_ahead(run: Run, transport: RelayTransport) -> Copy | None:
    """The copy whose first commands go behind the final dot, made before the dot is noted. No limit
    may hold it, since it asks for no permit yet."""
    if not (transport.may_follow() and run.context.throttle.unlimited()):
        return None
    ahead = run.ahead()
    if ahead is not None and isinstance(ahead[1], Message):
        transport.follow(ahead[1])
    return ahead
