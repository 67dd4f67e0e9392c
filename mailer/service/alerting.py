"""Looks after a service from any of its processes that lives: asks its relays, keeps what it finds
for ``/metrics`` and ``/admin``, and tells operators what is wrong, where they want to be told.

A thread of its own looks every minute, so that neither a relay that hangs nor a server at
``alert_url`` keeps anything else waiting. Of all processes on a store one looks at a time: the one
that has the lock, which ends with its process. What it tells is kept in the store (``alerts``):
an alert that was on the wire when its process was killed is sent once more, with the same id.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Engine

from mailer.monitoring import alert_messages, alerts, probes, troubles
from mailer.monitoring.probes import RelayProbe
from mailer.monitoring.supervision import Troubles, words
from mailer.monitoring.troubles import Kind, Trouble
from mailer.relay import registry
from recommender.errors import NewsletterError
from recommender.models import Alert, Channel
from recommender.settings import Settings
from recommender.storage import database, locks

LOCK = "alerts"
EVERY_SECONDS = 60.0
RELAYS_EVERY = timedelta(minutes=1)
"""How often relays are asked; while an edition is being sent, the sender says how they are."""
RELAY_SECONDS = 10.0
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 5.0
"""How long it waits for a locked store; it looks again soon."""


@dataclass
class _Asked:
    """What the relays answered."""

    relays: tuple[RelayProbe, ...] = ()
    troubles: tuple[Trouble, ...] = ()


@dataclass
class Watch:
    """What looks after one store, for one process."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    report: Callable[[str], None]
    _relays_at: datetime | None = None
    _said: Troubles = field(init=False)

    def __post_init__(self) -> None:
        self._said = Troubles(self.report)

    def keep_looking(self, stop: threading.Event) -> None:
        """Look every minute until ``stop``; what keeps it from looking is said once."""
        while not stop.is_set():
            self.look()
            until = time.monotonic() + EVERY_SECONDS
            while not stop.is_set() and time.monotonic() < until:
                time.sleep(POLL_SECONDS)

    def look(self) -> None:
        """Take notice of what is wrong, and tell what is to be told, unless another process is
        at it."""
        try:
            with locks.hold(self.engine, LOCK) as mine:
                if mine:
                    self._notice()
                    for channel in alerts.channels(self.settings):
                        self._send(channel)
        except (NewsletterError, sa.exc.SQLAlchemyError, OSError) as error:
            self._said.note("alerts", words(error), once=True)
        else:
            self._said.over("alerts")

    def _notice(self) -> None:
        now = self.clock()
        store_now = now + database.skew(self.engine, now)
        with database.reading(self.engine) as session:
            found = troubles.found(self.engine, session, self.settings, store_now)
            busy = troubles.sending(session, store_now)
            before = probes.latest(session)
        asked = self._ask_relays(busy, now)
        give_up = time.monotonic() + PATIENCE_SECONDS
        begun = time.monotonic()
        with database.writing(self.engine, lambda: time.monotonic() > give_up) as session:
            alerts.look(
                session,
                [*found, *(asked.troubles if asked is not None else ())],
                alerts.channels(self.settings),
                now,
                unknown=(Kind.RELAY,) if asked is None else (),
            )
            seconds = time.monotonic() - begun
            probed = replace(before, asked_at=now, store_seconds=seconds)
            if asked is not None:
                probed = replace(probed, relays=asked.relays, relays_at=now)
            probes.note(session, probed)

    def _ask_relays(self, busy: bool, now: datetime) -> _Asked | None:
        """How the relays are; None when they are not asked now."""
        before = self._relays_at
        if busy or (before is not None and before <= now < before + RELAYS_EVERY):
            return None
        self._relays_at = now
        asked = _Asked()
        for relay in registry.relays(self.settings):
            begun = time.monotonic()
            seconds = min(RELAY_SECONDS, self.settings.timeout_seconds)
            answer = troubles.relay(relay, seconds)
            up = not isinstance(answer, Trouble)
            took = time.monotonic() - begun
            asked.relays += (RelayProbe(relay.name, up, took),)
            if isinstance(answer, Trouble):
                asked.troubles += (answer,)
        return asked

    def _send(self, channel: Channel) -> None:
        """Send what is due over a channel; after a failure the rest waits for the next look."""
        with database.reading(self.engine) as session:
            due = alerts.due(session, channel, self.clock())
        groups = due if channel == Channel.MAIL else [[one] for group in due for one in group]
        for group in groups:
            why = self._handed_over(channel, group)
            with database.writing(self.engine) as session:
                if why is None:
                    alerts.sent(session, group, self.clock())
                else:
                    alerts.failed(session, group, why, self.clock())
            if why is not None:
                self._said.note(f"alert by {channel}", why, once=True)
                return
            self._said.over(f"alert by {channel}")

    def _handed_over(self, channel: Channel, group: Sequence[Alert]) -> str | None:
        """Why these alerts were not taken; None when they were."""
        try:
            if channel == Channel.MAIL:
                alert_messages.mail(self.settings, group)
            else:
                alert_messages.post(self.settings, group[0], self.clock())
        except Exception as error:  # noqa: BLE001  (whatever a server does; it is tried again)
            return words(error)
        return None
