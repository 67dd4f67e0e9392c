"""Looks after a service from any of its processes that lives: asks its relays, keeps what it finds
for ``/metrics`` and ``/admin``, and tells operators what is wrong, where they want to be told.

A thread of its own looks every minute, so that neither a relay that hangs nor a server at
``alert_url`` keeps anything else waiting. Of all processes on a store one looks at a time: the one
that has the lock, which ends with its process. What it tells is kept in the store (``alerts``):
an alert that was on the wire when its process was killed is sent once more, with the same id.
"""

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Engine

from mailer.monitoring import (
    alert_messages,
    alerts,
    certificates,
    probes,
    surroundings,
    troubles,
)
from mailer.monitoring.certificates import Certificate
from mailer.monitoring.probes import Probes, RelayProbe
from mailer.monitoring.supervision import Troubles, words
from mailer.monitoring.troubles import Kind, Trouble
from mailer.relay import registry
from mailer.service import counting
from mailer.service.job_runner import STORE
from recommender.errors import NewsletterError, StoreError
from recommender.models import Alert, Channel
from recommender.safety import logs
from recommender.settings import Settings
from recommender.storage import database, locks

log = logs.get("watch")
LOCK = "alerts"
HEARTBEATS = (Kind.SCHEDULER, Kind.SENDER, Kind.WORKER)
"""Kinds of trouble that are told by heartbeats in the store."""
EVERY_SECONDS = 60.0
"""While an edition is being sent, the sender says how the relays are."""
RELAY_SECONDS = 10.0
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 5.0
"""How long it waits for a locked store; it looks again soon."""


@dataclass
class _Asked:
    """What others answered; of the kinds that are ``unknown`` nobody was asked, or none did."""

    relays: tuple[RelayProbe, ...] = ()
    certificate: Certificate | None = None
    troubles: list[Trouble] = field(default_factory=list)
    unknown: list[Kind] = field(default_factory=list)


def _patience() -> Callable[[], bool]:
    """When a locked store has been waited for long enough."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    return lambda: time.monotonic() > give_up


@contextlib.contextmanager
def watching(
    engine: Engine,
    settings: Settings,
    clock: Callable[[], datetime],
    report: Callable[[str], None],
    service: Troubles | None = None,
) -> Iterator[None]:
    """Look for troubles, and count what the console shows, in threads of their own. A process that
    ends does not wait for what it has on the wire: the next one sends it."""
    ended = threading.Event()
    watch = Watch(engine, settings, clock, report, service=service)
    for name, work in (
        ("alerts", lambda: watch.keep_looking(ended)),
        ("numbers", lambda: counting.keep_counting(engine, clock, ended)),
    ):
        threading.Thread(target=work, name=name, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


@dataclass
class Watch:
    """What looks after one store, for one process. ``tls`` is how the certificate of the pages is
    judged; as browsers do, unless it is given. ``service`` has what the scheduler of this process
    has said: a store that is away is said once, and keeps every heartbeat from being written."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    report: Callable[[str], None]
    tls: ssl.SSLContext | None = None
    service: Troubles | None = None
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
            away = not isinstance(error, NewsletterError) or isinstance(error, StoreError)
            if not (away and self.service is not None):
                self._said.note("alerts", words(error), once=True)
        else:
            self._said.over("alerts")

    def _notice(self) -> None:
        now = self.clock()
        skew = database.skew(self.engine, now)
        with database.reading(self.engine) as session:
            busy = troubles.sending(session, now + skew)
            before = probes.latest(session)
        asked = self._ask(busy, now)
        self._try_writing(before, asked, now)
        with database.reading(self.engine) as session:
            found = troubles.found(self.engine, session, self.settings, now + skew, skew)
        if self.service is not None and self.service.lately(STORE):
            asked.unknown += HEARTBEATS
            found = [one for one in found if one.kind not in HEARTBEATS]
        with database.writing(self.engine, _patience()) as session:
            changes = alerts.look(
                session,
                [*found, *asked.troubles],
                alerts.channels(self.settings),
                now,
                unknown=asked.unknown,
            )
        for one in changes.began:
            log.error(
                "trouble",
                kind=one.kind.value,
                subject=one.subject,
                sentence=one.sentence,
                what_to_do=one.what_to_do,
            )
        for kind, subject in changes.over:
            log.info("well again", kind=kind, subject=subject)

    def _try_writing(self, before: Probes, asked: _Asked, now: datetime) -> None:
        """Note what was found, and how long that took: a store that is slow is a trouble."""
        probed = replace(before, asked_at=now)
        if Kind.RELAY not in asked.unknown:
            probed = replace(probed, relays=asked.relays, relays_at=now)
        if asked.certificate is not None and asked.certificate.until is not None:
            probed = replace(probed, certificate_until=asked.certificate.until)
        begun = time.monotonic()
        with database.writing(self.engine, _patience()) as session:
            probes.note(session, probed)
        probed = replace(probed, store_seconds=time.monotonic() - begun)  # with the commit
        with database.writing(self.engine, _patience()) as session:
            probes.note(session, probed)

    def _ask(self, busy: bool, now: datetime) -> _Asked:
        """How the relays are, while no sender speaks to them, and the certificate of the pages."""
        asked = _Asked()
        timeout = min(RELAY_SECONDS, self.settings.timeout_seconds)
        if "base_url" in self.settings.model_fields_set:
            asked.certificate = certificates.ask(self.settings.base_url, now, timeout, self.tls)
        if asked.certificate is None:
            asked.unknown.append(Kind.CERTIFICATE)
        elif asked.certificate.problem is not None:
            found = surroundings.certificate(self.settings.base_url, asked.certificate.problem)
            asked.troubles.append(found)
        if busy:
            asked.unknown.append(Kind.RELAY)
            return asked
        for relay in registry.relays(self.settings):
            begun = time.monotonic()
            answer = troubles.relay(relay, timeout)
            up = not isinstance(answer, Trouble)
            asked.relays += (RelayProbe(relay.name, up, time.monotonic() - begun),)
            if isinstance(answer, Trouble):
                asked.troubles.append(answer)
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
