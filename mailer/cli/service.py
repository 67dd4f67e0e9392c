"""``newsletter scheduler``, ``web``, ``serve`` and ``worker``: what goes on by itself."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.engine import Engine

from mailer.cli import listening
from mailer.cli.common import Invocation, helpers, invocation, say, stop_on_signal
from mailer.edition.worker_jobs import Task
from recommender.errors import ConfigurationError, NewsletterError
from recommender.safety import logs, scrubbing

if TYPE_CHECKING:
    from apscheduler.schedulers.base import BaseScheduler

    from mailer.monitoring.supervision import Supervisor, Troubles
    from mailer.service.context import SchedulerContext

POLL_SECONDS = 0.2
log = logs.get("service")
LAST_WORDS = 5
"""Seconds that requests under way have when the service ends."""
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free one.")]


def scheduler(context: typer.Context) -> None:
    """Plan and send every edition at its hour, until stopped with SIGTERM or Ctrl-C.

    Example: newsletter scheduler
    """
    stop, run, troubles = stop_on_signal(), _started(context), _troubles()
    with (
        run.store() as engine,
        _alerting(run, engine, troubles),
        _scheduling(run, engine, stop, troubles) as supervisor,
    ):
        _wait(stop, supervisor)
    _tell("stopped")


def web(context: typer.Context, host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the reader's pages, until stopped with SIGTERM or Ctrl-C.

    Example: newsletter web --port 8000
    """
    stop = stop_on_signal()
    run = _started(context)
    with (
        run.store() as engine,
        listening.listen(host, port) as place,
        _alerting(run, engine),
        _pages(run, engine, place),
    ):
        _wait(stop)
    _tell("stopped")


def serve(context: typer.Context, host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Run the service: scheduler and pages in one process, until SIGTERM or Ctrl-C.

    Example: newsletter serve --host 0.0.0.0 --port 8000
    """
    stop = stop_on_signal()
    run, troubles = _started(context), _troubles()
    with (
        run.store() as engine,
        listening.listen(host, port) as place,  # first of all: nothing begins that could not go on
        _alerting(run, engine, troubles),
        _scheduling(run, engine, stop, troubles) as supervisor,
        _pages(run, engine, place),
    ):
        _wait(stop, supervisor)
    _tell("stopped")


def worker(
    context: typer.Context,
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, help="Jobs at once; better start more workers.")
    ] = 1,
    queues: Annotated[
        str, typer.Option(help="What to help with, comma separated: plan, deliver.")
    ] = "plan,deliver",
) -> None:
    """Help with planning and sending, beside any number of other workers, until SIGTERM or Ctrl-C.

    Example: newsletter worker --queues deliver
    """
    wanted = _tasks(queues)
    stop = stop_on_signal()
    run = _started(context)
    with run.store() as engine:
        from recommender.storage import database

        if not database.many_machines(engine):
            raise ConfigurationError(
                "database_url: workers need PostgreSQL; on SQLite, `newsletter serve` does it all"
            )
        from mailer.edition.edition_ranker import EditionRankers
        from mailer.service import workers
        from mailer.service.jobs import WorkerContext

        worker_context = WorkerContext(
            engine, run.settings, _now, stop, _report, EditionRankers(engine)
        )
        _tell("working", queues=", ".join(wanted))
        with _alerting(run, engine):
            workers.run(worker_context, queues=wanted, concurrency=concurrency)
    _tell("stopped")


def _troubles() -> "Troubles":
    """What is wrong with this process, which all of its parts say together."""
    from mailer.monitoring.supervision import Troubles

    return Troubles(_report)


def _tasks(names: str) -> list[Task]:
    try:
        return [Task(name.strip()) for name in names.split(",")]
    except ValueError as error:
        raise typer.BadParameter(f"--queues: {error}; known are {', '.join(Task)}") from error


def _wait(stop: threading.Event, supervisor: "Supervisor | None" = None) -> None:
    while not stop.is_set():  # not wait(): its lock is not safe from a signal handler's set()
        time.sleep(POLL_SECONDS)
        if supervisor is not None and supervisor.failure is not None:
            from mailer.monitoring import supervision

            stop.set()
            supervision.end_soon()
            raise NewsletterError(f"{supervisor.failure}; this process ends, to be started again")
    _tell("stopping")


@contextlib.contextmanager
def _scheduling(
    run: Invocation, engine: Engine, stop: threading.Event, troubles: "Troubles"
) -> Iterator["Supervisor"]:
    """The schedule, in the background. A file has one scheduler at most; of those that share a
    server, one leads and the others stand by. Yields what watches over its threads."""
    from mailer.monitoring.supervision import Supervisor
    from mailer.service import leadership
    from recommender.storage import database

    supervisor = Supervisor()

    def lead(leave: threading.Event) -> contextlib.AbstractContextManager[None]:
        return _schedule(run, engine, leave, supervisor, troubles)

    if not database.many_machines(engine):
        with leadership.only_instance(engine), lead(stop):
            yield supervisor
        return
    thread = supervisor.start(
        "leader", lambda: leadership.lead(engine, stop, lead, _tell, troubles), stop.is_set
    )
    try:
        yield supervisor
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def _schedule(
    run: Invocation,
    engine: Engine,
    stop: threading.Event,
    supervisor: "Supervisor",
    troubles: "Troubles",
) -> Iterator[None]:
    from mailer.edition import schedule
    from mailer.service import scheduler as service_module
    from mailer.service.context import SchedulerContext

    background = service_module.watched(supervisor)
    service = SchedulerContext(
        engine,
        run.base,
        clock=_now,
        stop=stop,
        report=_report,
        processes=run.settings.senders,
        enqueue=helpers(engine),
        troubles=troubles,
    )
    ended = threading.Event()
    with contextlib.ExitStack() as post, contextlib.ExitStack() as work:
        _take_mail(run, engine, post)  # first of all: nothing begins that could not go on
        work.callback(_end, background, service, supervisor, post)
        service_module.prepare(background, service)
        zone = schedule.publishing_zone(run.settings)
        period, moment = schedule.upcoming(run.settings.schedule, zone, _now())
        _tell("running", next=f"{run.settings.newsletter}-{period} at {moment:%Y-%m-%d %H:%M} UTC")
        heart = supervisor.start(
            "heartbeat", lambda: service.runner.keep_beating(background, ended), ended.is_set
        )
        work.callback(heart.join)
        work.callback(ended.set)
        work.callback(stop.set)
        yield


def _take_mail(run: Invocation, engine: Engine, post: contextlib.ExitStack) -> None:
    """Take mail that came back, if a mail server hands it over, until ``post`` is closed."""
    if run.settings.lmtp_listen:
        from mailer.service import bounce_polling, lmtp

        given = (engine, run.settings, _now, _report)
        take, answer = bounce_polling.taker(*given), bounce_polling.answerer(*given)
        listening = lmtp.listening(run.settings.lmtp_listen, take, _report, answer)
        place = post.enter_context(listening)
        _tell("taking mail that came back", lmtp=f"{place[0]}:{place[1]}")


def _end(
    background: "BaseScheduler",
    service: "SchedulerContext",
    supervisor: "Supervisor",
    post: contextlib.ExitStack,
) -> None:
    """Let what is under way come to its end, whether all of it had begun or not."""
    service.stop.set()
    post.close()
    if background.running:
        background.shutdown(wait=True)
    if supervisor.failure is None:
        service.runner.leave()


def _alerting(
    run: Invocation, engine: Engine, troubles: "Troubles | None" = None
) -> contextlib.AbstractContextManager[None]:
    from mailer.service import alerting

    return alerting.watching(engine, run.settings, _now, _report, troubles)


@contextlib.contextmanager
def _pages(run: Invocation, engine: Engine, place: socket.socket) -> Iterator[None]:
    """The web application in a thread of its own."""
    from mailer.web import app, proxies
    from mailer.web import server as web_server

    server = web_server.make(
        app.create(engine, run.settings, _now),
        proxies.Proxies(run.settings.proxies).trusts,
        last_words=LAST_WORDS,
    )
    thread = threading.Thread(target=server.run, args=([place],), name="web")
    thread.start()
    host, port = place.getsockname()[:2]
    _tell("serving pages", address=f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    if run.settings.trusted_proxies is None and not listening.for_this_machine(host):
        log.warning(
            f"listening on {host}, and trusted_proxies is not set: readers who come by way of a "
            "proxy on another machine all count as one"
        )
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _report(text: str) -> None:
    """What goes on by itself says to the log."""
    wrong = text.removeprefix("error: ")
    (log.info if wrong == text else log.error)(wrong)


def _tell(event: str, **fields: str) -> None:
    """How far the service is: a line at a terminal, elsewhere an entry of the log like all else."""
    if logs.in_use()[0] == "json":
        log.info(event, **fields)
    else:
        said = (f"{name}: {value}" for name, value in fields.items())
        say(scrubbing.text("; ".join([event, *said])))


def _started(context: typer.Context) -> Invocation:
    """The run of a service, which from now on logs as one."""
    run = invocation(context)
    logs.configure(run.base.log_format, run.base.log_level)
    return run


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  (an edge: time is made here)
