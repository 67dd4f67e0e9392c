"""Group commit for the ledger: all connections of a sender share a transaction.

Before a connection writes its final dot, that must be in the store. Each waits for its own note to
be durable; when all of them wait for something, one transaction takes the notes of those that are
ready for their dots, and every outcome recorded since. It knows nothing of mail; the rules are
``ledger``'s.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.inbound import dead_mailbox_policy
from mailer.inbound.dead_mailbox_policy import DEFAULT, SoftBounceLimit
from mailer.ledger import deliveries
from mailer.ledger.deliveries import Outcome
from mailer.mime.headers import plain
from mailer.relay.green_threads import Lane, current
from recommender.models import Delivery, Event, EventKind, Status
from recommender.storage import database
from recommender.subscribers import consent

LINGER = 0.01
"""Seconds an outcome waits for a note to share its transaction."""


class Recorder:
    """The ledger as the lanes of one sender write it."""

    def __init__(
        self,
        engine: Engine,
        owner: str,
        clock: Callable[[], datetime],
        hurry: Callable[[], bool] | None = None,
        soft_bounces: SoftBounceLimit = DEFAULT,
        meanwhile: Callable[[], bool] | None = None,
    ) -> None:
        """``hurry`` and ``meanwhile`` are as for ``database.writer``."""
        self._writer = database.writer(engine, hurry, meanwhile)
        self._owner = owner
        self._soft_bounces = soft_bounces
        self._clock = clock
        self._wires: list[tuple[int, Lane]] = []
        self._outcomes: list[tuple[Outcome, str]] = []

    def put_on_wire(self, delivery_id: int) -> bool:
        """Return when it is durable that this copy's final dot is about to be written. Called in a
        lane, which waits for the next ``flush``.

        False: the copy is no longer this sender's, and must not be sent.
        """
        lane = current()
        if lane is None:
            raise RuntimeError("only a lane can wait for its note")
        self._wires.append((delivery_id, lane))
        answer = lane.park()
        if isinstance(answer, BaseException):
            raise answer
        return bool(answer)

    def settle(self, outcome: Outcome, email: str) -> None:
        """Record an outcome; durable at the latest with the next final dot or ``flush``."""
        self._outcomes.append((outcome, email))

    def flush(self, wait: Callable[[float], bool] | None = None) -> bool:
        """Make everything recorded so far durable; whether there was anything.

        While there are outcomes only, nobody waits for them: with ``wait`` they are kept for the
        next note, if that comes before it returns False.
        """
        if not self._wires and (not self._outcomes or (wait is not None and wait(LINGER))):
            return bool(self._outcomes)
        wires, self._wires = self._wires, []
        outcomes, self._outcomes = self._outcomes, []
        try:
            ours = self._write([delivery for delivery, _ in wires], outcomes)
        except Exception as error:
            self._outcomes = outcomes + self._outcomes  # facts: they are kept for the next attempt
            if not wires:
                raise
            for _, lane in wires:
                lane.wake(error)
            return True
        for delivery, lane in wires:
            lane.wake(delivery in ours)
        return True

    def _is_dead(self, session: Session, outcome: Outcome, now: datetime) -> bool:
        """Note what was said of the mailbox; whether that makes it a dead one."""
        delivery = session.get(Delivery, outcome.delivery_id)
        if delivery is None or outcome.suspect is None:
            return False
        reader, about = delivery.subscriber_id, outcome.suspect
        kind = "hard" if about == "suspected" else "soft"
        words = plain(outcome.reply or "")[:500]
        data = {"kind": kind, "status": outcome.reason, "words": words, "about": about}
        session.add(
            Event(
                at=now,
                kind=EventKind.BOUNCE,
                subscriber_id=reader,
                delivery_id=delivery.id,
                data=data,
            )
        )
        session.flush()
        return dead_mailbox_policy.is_dead(
            session, about, reader, delivery.id, limit=self._soft_bounces, now=now
        )

    def _write(self, wires: list[int], outcomes: list[tuple[Outcome, str]]) -> set[int]:
        now = self._clock()
        with self._writer.begin() as connection:
            deliveries.record(
                connection, [outcome for outcome, _ in outcomes], owner=self._owner, now=now
            )
            dead = [pair for pair in outcomes if pair[0].dead or pair[0].suspect]
            if dead:
                with Session(connection) as session, session.begin():
                    for outcome, email in dead:
                        if not (outcome.dead or self._is_dead(session, outcome, now)):
                            continue
                        consent.suppress(
                            session,
                            email,
                            reason="bounce",
                            now=now,
                            proof={
                                "delivery": outcome.delivery_id,
                                "relay": outcome.relay,
                                "reply": outcome.reply,
                            },
                            status=Status.BOUNCED,
                        )
            return deliveries.put_on_wire(connection, wires, owner=self._owner)
