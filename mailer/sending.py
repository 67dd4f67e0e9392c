"""Joins the parts: plan an edition, send an edition, make one copy. What commands, scheduler and
web call; the parts themselves do not know each other."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.engine import Engine

from mailer import (
    counts,
    editions,
    ledger,
    planning,
    rendering,
    senders,
    stopping,
    transports,
)
from mailer.senders import Order
from recommender import database, resources
from recommender.errors import NewsletterError
from recommender.models import DeliveryState, Edition, EditionState
from recommender.settings import Settings
from recommender.subscribers import choices


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
    progress: Callable[[int], None] = lambda _: None,
    stop: threading.Event | None = None,
    processes: int = 1,
) -> int:
    """Plan the edition of ``period`` with the current template; its id. ``stop`` leaves the rest
    of the planning for another time."""
    template = rendering.compile_template(resources.folder("templates") / "email")
    with database.writing(engine) as session:
        choices.resume_paused(session, now=now)
    return planning.plan(
        engine,
        settings,
        template,
        period=period,
        now=now,
        segment=segment,
        progress=progress,
        stopped=lambda: stop is not None and stop.is_set(),
        processes=processes,
    )


def send(
    engine: Engine,
    settings: Settings,
    *,
    edition_id: int,
    clock: Callable[[], datetime],
    stop: threading.Event,
    at_local_time: bool,
    planned_now: bool = False,
    processes: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Deliver all that is due of an edition and sum up what this run did.

    ``planned_now`` counts the readers whom the planning of this same run skipped. A relay that
    cannot be used is the summary's ``trouble``; what could not be sent counts as deferred. With
    more than one of ``processes`` the clock must be the real one.
    """
    started = time.monotonic()
    now = clock()
    ledger.recover(engine, now=now)
    with database.writing(engine) as session:
        before = None if planned_now else counts.count(session, edition_id)
        if settings.in_doubt == "resend" and ledger.resend_doubtful(session, edition_id):
            editions.reopen(session, edition_id)
        state = editions.begin_sending(session, edition_id, now=now)
        due = counts.count(session, edition_id).of(*ledger.OPEN)
        due -= counts.not_yet_due(session, edition_id, now=now) if at_local_time else 0
    trouble: str | None = None
    held: str | None = None
    if state == EditionState.SENDING:
        try:
            held = senders.deliver(
                engine,
                Order(settings, edition_id, at_local_time, transports.connections(settings)),
                processes=processes,
                due=due,
                clock=clock,
                stop=stop,
                progress=progress,
            )
        except NewsletterError as error:
            trouble = str(error)
    if state in (EditionState.SENDING, EditionState.CANCELLED):
        with database.writing(engine) as session:
            editions.finish(session, edition_id, now=clock())
    with database.reading(engine) as session:
        edition = session.get_one(Edition, edition_id)
        after = counts.count(session, edition_id)
        if trouble is None and (why := stopping.in_force(session, edition)) is not None:
            trouble = f"{edition.name} {why}; `newsletter editions resume` overrides that"
        waiting = counts.not_yet_due(session, edition_id, now=clock()) if at_local_time else 0
        summary = _summary(edition, before, after, waiting)
        seconds = round(time.monotonic() - started, 3)
        return replace(summary, seconds=seconds, trouble=trouble, held=held)


def _summary(
    edition: Edition,
    before: counts.Count | None,
    after: counts.Count,
    not_yet_due: int,
) -> Summary:
    before = before or counts.Count({}, {})

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
        deferred=after.of(*ledger.UNSETTLED) - not_yet_due,
        skipped=skipped,
        in_doubt=after.of(DeliveryState.IN_DOUBT),
    )
