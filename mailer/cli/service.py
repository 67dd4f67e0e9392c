"""``newsletter scheduler``, ``web`` and ``serve``: the work that goes on by itself."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy.engine import Engine

from mailer.cli.common import Invocation, invocation, say, stop_on_signal
from recommender.errors import ConfigurationError

POLL_SECONDS = 0.2
LAST_WORDS = 5
"""Seconds that requests under way have when the service ends."""
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free one.")]


def scheduler(context: typer.Context) -> None:
    """Plan and send every edition at its hour, until stopped with SIGTERM or Ctrl-C.

    Example: newsletter scheduler
    """
    stop = stop_on_signal()
    run = invocation(context)
    with run.store() as engine, _scheduling(run, engine, stop):
        _wait(stop)
    say("stopped")


def web(context: typer.Context, host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the reader's pages, until stopped with SIGTERM or Ctrl-C.

    Example: newsletter web --port 8000
    """
    stop = stop_on_signal()
    run = invocation(context)
    with run.store() as engine, _pages(run, engine, host, port):
        _wait(stop)
    say("stopped")


def serve(context: typer.Context, host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Run the service: scheduler and pages in one process, until SIGTERM or Ctrl-C.

    Example: newsletter serve --host 0.0.0.0 --port 8000
    """
    stop = stop_on_signal()
    run = invocation(context)
    with run.store() as engine, _scheduling(run, engine, stop), _pages(run, engine, host, port):
        _wait(stop)
    say("stopped")


def _wait(stop: threading.Event) -> None:
    while not stop.is_set():  # not wait(): its lock is not safe from a signal handler's set()
        time.sleep(POLL_SECONDS)
    say("stopping")


@contextlib.contextmanager
def _scheduling(run: Invocation, engine: Engine, stop: threading.Event) -> Iterator[None]:
    from apscheduler.schedulers.background import BackgroundScheduler

    from mailer import schedule
    from mailer import scheduler as service_module

    with service_module.only_instance(engine):
        background = BackgroundScheduler(timezone=UTC)
        service = service_module.Service(
            engine, run.settings, clock=_now, stop=stop, report=say, processes=run.settings.senders
        )
        service_module.prepare(background, service)
        zone = schedule.EARLIEST if run.settings.local_time else run.settings.zone
        period, moment = schedule.upcoming(run.settings.schedule, zone, run.now)
        say(f"running; next: {run.settings.newsletter}-{period} at {moment:%Y-%m-%d %H:%M} UTC")
        try:
            yield
        finally:
            background.shutdown(wait=True)


@contextlib.contextmanager
def _pages(run: Invocation, engine: Engine, host: str, port: int) -> Iterator[None]:
    """The web application in a thread of its own."""
    import uvicorn

    from mailer.web import app

    try:
        listening = socket.create_server((host, port), backlog=512, family=_family(host))
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    server = uvicorn.Server(
        uvicorn.Config(
            app.create(engine, run.settings, _now),
            log_level="warning",
            access_log=False,
            proxy_headers=True,
            server_header=False,
            timeout_graceful_shutdown=LAST_WORDS,
        )
    )
    thread = threading.Thread(target=server.run, args=([listening],), name="web")
    thread.start()
    say(f"pages at http://{host}:{listening.getsockname()[1]}/")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  (an edge: time is made here)
