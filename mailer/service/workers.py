"""Workers: jobs on as many machines as wanted, through procrastinate's queue in the store itself.

The only module that imports procrastinate. It enqueues jobs in the caller's transaction, and
runs what ``jobs`` offers. A worker shows every few seconds that it lives; what one that died, or
lost touch with the server, had begun is done again by another. Jobs may be repeated, so nothing
more is needed for safety: shards and ledger decide what is done.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import procrastinate
import psycopg
import sqlalchemy as sa
from procrastinate.exceptions import ConnectorException
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition.worker_jobs import JobSpec, Task
from mailer.monitoring import heartbeats
from mailer.monitoring.heartbeats import Kind
from mailer.service import jobs
from mailer.service.jobs import UnfinishedError, WorkerContext
from recommender.errors import StoreError
from recommender.safety import scrubbing
from recommender.storage import database, sharing

HEARTBEAT_SECONDS = 3.0
STALLED_SECONDS = 12.0
LOOK_SECONDS = 5.0
"""How often a worker looks for what stalled workers had begun."""
POLL_SECONDS = 0.2
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
SERVER_SECONDS = 4.0
"""For how long the queue's server may keep a worker waiting until that takes it for away."""
FAREWELL_SECONDS = 1.0
BUSY_SECONDS = 2
TRIES = 1_000
"""A job whose server is away is tried for about as long as anybody would wait."""
FUNCTIONS: dict[Task, Callable[..., None]] = {Task.PLAN: jobs.plan, Task.DELIVER: jobs.deliver}


def enqueue(session: Session, specs: Sequence[JobSpec]) -> None:
    """Put jobs into the queue, in the session's transaction, but those that are there already.

    To be called by one at a time for one edition: its row is locked by whoever plans or sends it.
    """
    if not specs:
        return
    known = set(
        session.scalars(
            sa.text(
                "SELECT queueing_lock FROM procrastinate_jobs "
                "WHERE queueing_lock = ANY(:keys) AND status IN ('todo', 'doing')"
            ),
            {"keys": [spec.key for spec in specs]},
        )
    )
    wanted = [spec for spec in specs if spec.key not in known]
    connector = procrastinate.SyncPsycopgConnector()  # only speaks over the session's connection
    manager = procrastinate.manager.JobManager(connector)
    connection = session.connection().connection.driver_connection
    if wanted:
        manager.batch_defer_jobs([_job(spec) for spec in wanted], connection=connection)


def _job(spec: JobSpec) -> procrastinate.jobs.Job:
    return procrastinate.jobs.Job(
        queue=spec.task.value,
        lock=None,
        queueing_lock=spec.key,
        task_name=spec.task.value,
        task_kwargs=dict(spec.values),
    )


class RetryPolicy(procrastinate.BaseRetryStrategy):
    """Try again what somebody else has in hand, what was left when a worker stopped, and what
    failed since the server was away. Anything else is a mistake of ours, and would fail again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate.jobs.Job
    ) -> procrastinate.RetryDecision | None:
        again = isinstance(exception, UnfinishedError) or database.unavailable(
            self._engine, exception
        )
        if not again or job.attempts > TRIES:
            return None
        return procrastinate.RetryDecision(retry_in={"seconds": BUSY_SECONDS})


def application(worker_context: WorkerContext) -> procrastinate.App:
    """The jobs as procrastinate runs them."""
    address = worker_context.engine.url.set(drivername="postgresql").render_as_string(
        hide_password=False
    )
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=address,
            kwargs=database.connect_arguments(worker_context.engine.url),
            min_size=1,
            max_size=4,
            timeout=SERVER_SECONDS,
        )
    )
    for task, function in FUNCTIONS.items():
        known_as = app.task(
            name=task.value, queue=task.value, retry=RetryPolicy(worker_context.engine)
        )
        known_as(partial(function, worker_context))
    return app


def run(worker_context: WorkerContext, *, queues: Sequence[Task], concurrency: int) -> None:
    """Work until ``bench.stop`` is set; through restarts of the server. What is being delivered
    then is finished as far as the wire is concerned, and the rest of the job left to others."""
    _let_it_be_heard(worker_context.report)
    pulse = _Pulse(worker_context)
    threading.Thread(target=pulse.keep_beating, name="heartbeat", daemon=True).start()
    pause = FIRST_PAUSE
    while not worker_context.stop.is_set():
        began = time.monotonic()
        try:
            with sharing.using(worker_context.engine):
                asyncio.run(_work(worker_context, pulse, queues, concurrency))
        except (ConnectorException, psycopg.Error, sa.exc.DBAPIError, OSError) as error:
            worker_context.report(f"the store is away: {scrubbing.line(error)}")
        if time.monotonic() - began > LONGEST_PAUSE:
            pause = FIRST_PAUSE
        _rest(worker_context.stop, pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    pulse.leave()


class _Pulse:
    """Shows to operators that a worker is alive for as long as its loop is (procrastinate has a
    heartbeat of its own, by which the worker's jobs are taken over)."""

    def __init__(self, worker_context: WorkerContext) -> None:
        self._context = worker_context
        self._who = heartbeats.process()
        self._alive = float("-inf")
        self._lock = threading.Lock()

    def alive(self) -> None:
        """To be called by the loop, again and again."""
        self._alive = time.monotonic()

    def keep_beating(self) -> None:
        """Beat until the worker is to stop. A store that is away is spoken of by who works."""
        stop, began = self._context.stop, False
        while not stop.is_set():
            if time.monotonic() - self._alive < STALLED_SECONDS:
                with self._lock, contextlib.suppress(sa.exc.SQLAlchemyError, StoreError, OSError):
                    if not stop.is_set():
                        self._beat(began)
                        began = True
            _rest(stop, heartbeats.EVERY_SECONDS if began else POLL_SECONDS)

    def _beat(self, began: bool) -> None:
        engine = self._context.engine
        now = self._context.clock()
        now += database.skew(engine, now)
        if not began:
            with database.writing(engine, lambda: True) as session:
                heartbeats.replace(session, self._who, now)
        heartbeats.beat(engine, [Kind.WORKER], self._who, now)

    def leave(self) -> None:
        """This worker ends as it was told to, and is to be missed by nobody."""
        if not self._lock.acquire(timeout=FAREWELL_SECONDS):
            return
        with (
            contextlib.suppress(sa.exc.SQLAlchemyError, StoreError, OSError),
            database.writing(self._context.engine, lambda: True) as session,
        ):
            heartbeats.leave(session, self._who)
        self._lock.release()


def _rest(stop: threading.Event, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not stop.is_set() and time.monotonic() < until:
        time.sleep(POLL_SECONDS)


async def _work(
    worker_context: WorkerContext, pulse: _Pulse, queues: Sequence[Task], concurrency: int
) -> None:
    app = application(worker_context)
    async with _opened(app):
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[task.value for task in queues],
                concurrency=concurrency,
                install_signal_handlers=False,
                delete_jobs="always",
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
            )
        )
        look_at = time.monotonic()
        try:
            while not worker.done() and not worker_context.stop.is_set():
                pulse.alive()
                if time.monotonic() >= look_at:
                    look_at = time.monotonic() + LOOK_SECONDS
                    await _take_over(app)
                await asyncio.sleep(POLL_SECONDS)
        finally:
            worker.cancel()  # which lets what is running come to its end
            with contextlib.suppress(asyncio.CancelledError):
                await worker


@contextlib.asynccontextmanager
async def _opened(app: procrastinate.App) -> AsyncIterator[None]:
    """The queue's connections, which neither come nor go at the pace of a server that is away."""
    try:
        async with asyncio.timeout(SERVER_SECONDS):
            await app.open_async()
        yield
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await app.close_async()


async def _take_over(app: procrastinate.App) -> None:
    """Put back into the queue what workers had begun that give no sign of life."""
    manager = app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        with contextlib.suppress(ConnectorException):  # another worker was quicker
            await manager.retry_job(job)


def _let_it_be_heard(report: Callable[[str], None]) -> None:
    """What the libraries have to say, in one line each."""

    class Line(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            report(record.getMessage().splitlines()[0])

    for name in ("procrastinate", "psycopg.pool"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.handlers = [Line(logging.ERROR)]
