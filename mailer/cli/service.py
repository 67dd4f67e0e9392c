"""``newsletter scheduler`` and ``newsletter serve``: the work that goes on by itself."""

import signal
import threading
import time
from datetime import UTC, datetime

import typer

from mailer.cli.common import invocation, say

POLL_SECONDS = 0.2


def scheduler(context: typer.Context) -> None:
    """Plan and send every edition at its hour, until stopped with SIGTERM or Ctrl-C.

    Example: newsletter scheduler
    """
    _run(context)


def serve(context: typer.Context) -> None:
    """Run the service: the scheduler, until stopped with SIGTERM or Ctrl-C.

    Example: newsletter serve
    """
    _run(context)


def _run(context: typer.Context) -> None:
    from apscheduler.schedulers.background import BackgroundScheduler

    from mailer import schedule
    from mailer import scheduler as service_module

    run = invocation(context)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with run.store() as engine, service_module.only_instance(engine):
        background = BackgroundScheduler(timezone=UTC)
        service = service_module.Service(
            engine,
            run.settings,
            clock=lambda: datetime.now(UTC),  # noqa: TID251  (an edge: time is made here)
            stop=stop,
            report=say,
        )
        service_module.prepare(background, service)
        zone = schedule.EARLIEST if run.settings.local_time else run.settings.zone
        period, moment = schedule.upcoming(run.settings.schedule, zone, run.now)
        say(f"running; next: {run.settings.newsletter}-{period} at {moment:%Y-%m-%d %H:%M} UTC")
        while not stop.is_set():  # not wait(): its lock is not safe from a signal handler's set()
            time.sleep(POLL_SECONDS)
        say("stopping")
        background.shutdown(wait=True)
    say("stopped")
