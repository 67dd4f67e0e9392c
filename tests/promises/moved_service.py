"""The service in a process of its own, with a clock that is moved from outside.

A line on standard input is the time it is now; when all that was due then is done, it says so. What
else it does is what ``newsletter serve`` does: jobs of the scheduler, pages, alerts.
"""

import socket
import sys
import threading
from datetime import UTC, datetime, tzinfo
from typing import Any

import apscheduler.schedulers.base
from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.base import BaseScheduler

from mailer.monitoring.heartbeats import Kind
from mailer.service import leadership, scheduler
from mailer.service.alerting import Watch
from mailer.service.context import SchedulerContext
from mailer.web import app, proxies
from mailer.web import server as web_server
from recommender import settings as settings_module
from recommender import store_opening


class Moved(datetime):
    """The clock of this process."""

    at = datetime(2026, 1, 1, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return cls.at.astimezone(tz)


class Stepped(BaseScheduler):  # type: ignore[misc]  # APScheduler ships no types
    """A scheduler whose time passes only when it is told to."""

    def wakeup(self) -> None:
        """Nothing sleeps."""

    def shutdown(self, wait: bool = True) -> None:
        super().shutdown(wait)

    def step(self) -> None:
        self._process_jobs()


def clock() -> datetime:
    return Moved.at


def said(text: str) -> None:
    print(f"said {text}", flush=True)  # noqa: T201


def main() -> None:
    """Run until the lines end."""
    settings = settings_module.load()
    Moved.at = datetime.fromisoformat(sys.stdin.readline().strip())
    apscheduler.schedulers.base.datetime = Moved
    engine = store_opening.open_store(
        settings.store_url, newsletter=settings.newsletter, now=clock()
    )
    place = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
    pages = web_server.make(
        app.create(engine, settings, clock), proxies.Proxies(settings.proxies).trusts, last_words=1
    )
    threading.Thread(target=pages.run, args=([place],), daemon=True).start()
    stepped = Stepped(timezone=UTC, executors={"default": DebugExecutor()})
    stop = threading.Event()
    service = SchedulerContext(engine, settings, clock, stop, said)
    watch = Watch(engine, settings, clock, said)
    with leadership.only_instance(engine):
        scheduler.prepare(stepped, service)
        print("done", flush=True)  # noqa: T201
        for line in sys.stdin:
            Moved.at = datetime.fromisoformat(line.strip())
            stepped.step()
            service.runner.beat([Kind.SCHEDULER, Kind.SENDER])
            watch.look()
            print("done", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
