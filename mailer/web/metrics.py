"""What operators watch: is it alive, is it ready, how is it doing. Nothing of any reader.

Neither of the first two waits for what other requests wait for: ``/healthz`` for nothing at all,
``/readyz`` for an answer of its own that may take a few seconds and is shared by all who ask.
"""

import asyncio
import time
from collections.abc import Callable

import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.monitoring import measurements, readiness
from mailer.monitoring.readiness import Problem
from mailer.web.hooks import Hooks
from mailer.web.page_times import PageTimes
from mailer.web.response_cache import ResponseCache
from mailer.web.site import Site, of

PATIENCE_SECONDS = 3.5
"""For how long `/readyz` waits for the store; those who ask wait four or five."""
FRESH_SECONDS = 1.0


async def alive(_request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


async def ready(request: Request) -> Response:
    """Whether scheduler and sender are alive, no edition is overdue, and the store can be written;
    otherwise 503, and why."""
    site = request.app.state.site
    found = await _answers(request.app).ask(
        lambda: readiness.problems(site.engine, site.settings, site.clock())
    )
    reasons = [{"what": problem.what, "why": problem.why} for problem in found]
    return JSONResponse({"ready": not found, "reasons": reasons}, 503 if found else 200)


class _Answers:
    """The latest answer to whether all is well, found out by one thread at a time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._threads = anyio.CapacityLimiter(1)
        self._found: list[Problem] = []
        self._until = float("-inf")

    async def ask(self, look: Callable[[], list[Problem]]) -> list[Problem]:
        async with self._lock:
            if time.monotonic() > self._until:
                self._found = await self._look(look)
                self._until = time.monotonic() + FRESH_SECONDS
            return self._found

    async def _look(self, look: Callable[[], list[Problem]]) -> list[Problem]:
        try:
            with anyio.fail_after(PATIENCE_SECONDS):
                return await anyio.to_thread.run_sync(
                    look, limiter=self._threads, abandon_on_cancel=True
                )
        except TimeoutError:
            return [Problem("store", "the store does not answer")]


def _answers(app: Starlette) -> _Answers:
    if not hasattr(app.state, "readiness"):
        app.state.readiness = _Answers()
    found = app.state.readiness
    if not isinstance(found, _Answers):
        raise TypeError("another has taken the name")
    return found


def metrics(request: Request) -> Response:
    """What Prometheus asks for, in its text format."""
    site = of(request)
    state = request.app.state
    counted: ResponseCache[bytes] = state.counted
    return Response(
        counted.get("metrics", lambda: _text(site, state.hooks, state.page_times)),
        media_type=CONTENT_TYPE_LATEST,
    )


def _text(site: Site, hooks: Hooks, page_times: PageTimes) -> bytes:
    registry = CollectorRegistry()
    for collector in (
        measurements.measure(site.engine, site.settings, site.clock()),
        hooks,
        page_times,
    ):
        registry.register(collector)
    return generate_latest(registry)


ROUTES: list[BaseRoute] = [
    Route("/healthz", alive, methods=["GET"]),
    Route("/readyz", ready, methods=["GET"]),
    Route("/metrics", metrics, methods=["GET"]),
]
