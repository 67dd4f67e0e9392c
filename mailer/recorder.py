"""Group commit for the ledger: several connections share a transaction.

Before a connection writes its final dot, that must be in the store. Each waits for its own note to
be durable, but whoever gets to write first takes along what the others have waiting, and every
outcome recorded since. It knows nothing of mail; the rules are ``ledger``'s.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer import ledger
from mailer.ledger import Outcome
from recommender import database
from recommender.models import Status
from recommender.subscribers import consent


class Recorder:
    """The ledger as the connections of one sender write it. Safe to share between threads."""

    def __init__(
        self,
        engine: Engine,
        owner: str,
        clock: Callable[[], datetime],
        hurry: Callable[[], bool] | None = None,
    ) -> None:
        """``hurry`` is as for ``database.writer``."""
        self._writer = database.writer(engine, hurry)
        self._owner = owner
        self._clock = clock
        self._pending = threading.Lock()
        self._writing = threading.Lock()
        self._wires: list[tuple[int, Future[bool]]] = []
        self._outcomes: list[tuple[Outcome, str]] = []

    def put_on_wire(self, delivery_id: int) -> bool:
        """Return when it is durable that this copy's final dot is about to be written.

        False: the copy is no longer this sender's, and must not be sent.
        """
        noted: Future[bool] = Future()
        with self._pending:
            self._wires.append((delivery_id, noted))
        with self._writing:
            if not noted.done():
                self._flush()
        return noted.result()

    def settle(self, outcome: Outcome, email: str) -> None:
        """Record an outcome; durable at the latest with the next final dot or ``flush``."""
        with self._pending:
            self._outcomes.append((outcome, email))

    def flush(self) -> None:
        """Make everything recorded so far durable."""
        with self._writing:
            self._flush()

    def _flush(self) -> None:
        with self._pending:
            wires, self._wires = self._wires, []
            outcomes, self._outcomes = self._outcomes, []
        if not wires and not outcomes:
            return
        try:
            ours = self._write([delivery for delivery, _ in wires], outcomes)
        except BaseException as error:
            with self._pending:  # outcomes are facts: they are kept for the next attempt
                self._outcomes = outcomes + self._outcomes
            for _, noted in wires:
                noted.set_exception(error)
            raise
        for delivery, noted in wires:
            noted.set_result(delivery in ours)

    def _write(self, wires: list[int], outcomes: list[tuple[Outcome, str]]) -> set[int]:
        now = self._clock()
        with self._writer.begin() as connection:
            ledger.record(
                connection, [outcome for outcome, _ in outcomes], owner=self._owner, now=now
            )
            dead = [(outcome, email) for outcome, email in outcomes if outcome.dead]
            if dead:
                with Session(connection) as session, session.begin():
                    for outcome, email in dead:
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
            return ledger.put_on_wire(connection, wires, owner=self._owner)
