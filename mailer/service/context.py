"""What the jobs of the service work with, for one newsletter of the store."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy.engine import Engine

from mailer.edition.worker_jobs import Enqueue, enqueue_nothing
from mailer.monitoring.supervision import Troubles
from mailer.service.job_runner import Runner
from recommender.settings import Settings


@dataclass(frozen=True)
class SchedulerContext:
    """What the jobs of a newsletter work with. ``troubles`` outlives it where one process leads now
    and then. ``first`` is the context of the newsletter that ``newsletter.toml`` describes, None
    there: the others share its runner."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    stop: threading.Event
    report: Callable[[str], None]
    processes: int = 1
    enqueue: Enqueue = enqueue_nothing
    troubles: Troubles | None = None
    first: "SchedulerContext | None" = None

    @cached_property
    def runner(self) -> Runner:
        """What its jobs are run by."""
        if self.first is not None:
            return self.first.runner
        troubles = self.troubles or Troubles(self.report)
        return Runner(self.engine, self.clock, troubles, self.report)

    def job(self, name: str) -> str:
        """What its job of that name is called: of the first newsletter, just so."""
        return name if self.first is None else f"{name} {self.settings.newsletter}"
