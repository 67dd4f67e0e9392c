"""How long each page took to answer, for ``/metrics`` and, on wish, the log: by method, status and
the first part of the path, of which only those that are ours count. Nothing of who asked."""

import time
from collections.abc import Collection, Iterable

from prometheus_client import Histogram
from prometheus_client.metrics_core import Metric as Family
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailer.monitoring.metric_table import METRICS
from recommender.safety import logs

log = logs.get("access")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds. A page waits for the store for three at most."""
OTHER = "other"
_METHODS = ("GET", "POST", "HEAD")


class PageTimes:
    """The times of one process, as a collector of prometheus_client."""

    def __init__(self, pages: Collection[str]) -> None:
        metric = METRICS["http_request_duration_seconds"]
        self._pages = frozenset(pages)
        self._times = Histogram(
            metric.full_name, metric.help, metric.labels, buckets=BUCKETS, registry=None
        )

    def note(self, method: str, path: str, status: int, seconds: float) -> None:
        """One answer."""
        named = method if method in _METHODS else OTHER
        self._times.labels(named, self.page(path), str(status)).observe(seconds)

    def page(self, path: str) -> str:
        """What a path counts as: its first part, or ``other``."""
        first = path.lstrip("/").partition("/")[0]
        return first if first in self._pages or not first else OTHER

    def collect(self) -> Iterable[Family]:
        """The histogram, as a collector of prometheus_client gives it."""
        return self._times.collect()


class PageTimesMiddleware:
    """ASGI middleware that notes how long each request took, from its head to the end of the
    answer; ``access_log`` logs it, too: nothing of who asked, or for whose page."""

    def __init__(self, app: ASGIApp, *, times: PageTimes, access_log: bool = False) -> None:
        self._app = app
        self._times = times
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.monotonic(), 499  # nobody was left to answer

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            seconds = time.monotonic() - begun
            self._times.note(scope["method"], scope["path"], status, seconds)
            if self._access_log:
                log.info(
                    "request",
                    method=scope["method"] if scope["method"] in _METHODS else OTHER,
                    page=self._times.page(scope["path"]),
                    status=status,
                    seconds=round(seconds, 4),
                )
