"""Webhooks of mail providers: ``POST /hooks/<provider>``.

The answer is 200 only when every event of the request is in the store; 401 when it is not proven to
come from the provider, or is too old; 413 when it is too large; 400 when it cannot be read; 503
when the provider should try again. A repetition is 200 and changes nothing. Whatever is refused is
counted by reason (``/metrics``), in this process.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.inbound.bounce_processing import Rules
from mailer.inbound.dead_mailbox_policy import SoftBounceLimit
from mailer.inbound.webhooks import processing
from mailer.inbound.webhooks.authentication import (
    KeyUnavailableError,
    RefusedError,
    UnreadableError,
)
from mailer.inbound.webhooks.providers import Provider
from mailer.web.security import LARGEST_HOOK
from mailer.web.site import Site, of
from recommender.storage import database


class Hooks:
    """The providers that are turned on, and what became of their requests. Safe to share between
    threads."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self.providers = providers
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str]] = Counter()

    def count(self, provider: str, outcome: str) -> None:
        """Count a request: ``accepted``, ``repeated``, or why it was refused."""
        with self._lock:
            self._requests[provider, outcome] += 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The counts, as a collector of prometheus_client gives them."""
        family = CounterMetricFamily(
            "newsletter_webhook_requests", "Webhook requests", labels=["provider", "outcome"]
        )
        with self._lock:
            for labels, number in sorted(self._requests.items()):
                family.add_metric(labels, number)
        yield family


async def receive(request: Request) -> Response:
    """Take the events of one request."""
    hooks: Hooks = request.app.state.hooks
    name = request.path_params["provider"]
    provider = hooks.providers.get(name)
    if provider is None:
        return _answer(404, "There is no such webhook.")
    body = await _body(request)
    if body is None:
        hooks.count(name, "too large")
        return _answer(413, "This is more than a webhook takes.")
    headers = {key.lower(): value for key, value in request.headers.items()}
    return await run_in_threadpool(_take, of(request), hooks, name, headers, body)


async def _body(request: Request) -> bytes | None:
    """The body; None when it is larger than LARGEST_HOOK."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > LARGEST_HOOK:
        return None
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_HOOK:
            return None
    return bytes(body)


def _take(site: Site, hooks: Hooks, name: str, headers: Mapping[str, str], body: bytes) -> Response:
    provider, now = hooks.providers[name], site.clock()
    try:
        provider.verify(headers, body, now)
        events = provider.parse(body)
    except UnreadableError as error:
        hooks.count(name, error.reason)
        return _answer(400, f"{error}.")
    except RefusedError as error:
        hooks.count(name, error.reason)
        return _answer(401, f"{error}.", {"WWW-Authenticate": 'Basic realm="webhooks"'})
    except KeyUnavailableError:
        hooks.count(name, "no key")
        return _answer(503, "Please try again.", {"Retry-After": "60"})
    settings = site.settings
    window = SoftBounceLimit(settings.soft_bounces, settings.soft_bounce_days)
    taken = processing.take(
        lambda: database.writing(site.engine),
        name,
        events,
        rules=Rules(settings.secrets, window),
        now=now,
    )
    hooks.count(name, "accepted" if taken.new or not events else "repeated")
    return _answer(200, "ok")


def _answer(status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{words}\n", status, headers)


ROUTES: list[BaseRoute] = [Route("/hooks/{provider}", receive, methods=["POST"])]
