"""The jobs of each newsletter have their own names and one runner."""

import threading
from dataclasses import replace
from datetime import datetime

from sqlalchemy.engine import Engine

from mailer.service.context import SchedulerContext
from recommender.settings import Settings


def test_jobs_are_named_after_their_newsletter_and_share_a_runner(
    store: Engine, now: datetime
) -> None:
    first = SchedulerContext(store, Settings(), lambda: now, threading.Event(), print)
    other = replace(first, settings=Settings(newsletter="daily"), first=first)
    assert (first.job("deliver"), other.job("deliver")) == ("deliver", "deliver daily")
    assert first.runner is first.runner is other.runner
