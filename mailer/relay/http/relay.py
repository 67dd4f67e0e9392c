"""Relays that are a provider's HTTP API, and what their URLs have in common.

``scheme://SECRET@place?option=value``: the secret and the place are each provider's own; ``rate``,
``weight``, ``cafile`` and ``endpoint`` are for all.
"""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from mailer.relay import urls
from mailer.relay.http import api as apis
from mailer.relay.http.api import Api
from mailer.relay.http.connection import Connection, Endpoint
from mailer.relay.transport import ConnectionLostError
from recommender.errors import ConfigurationError, TransportError
from recommender.safety.hosts import ascii_host
from recommender.settings.limits import Rates


def _real_clock() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)  # an edge: a signature has the real time


@dataclass(frozen=True)
class Relay:
    """A provider's API as one of the relays: as ``transport.Relay``."""

    name: str
    endpoint: Endpoint
    api: Api = field(repr=False)
    weight: int = 0
    rates: Rates = ()
    cafile: Path | None = None
    clock: Callable[[], datetime] = field(default=_real_clock, repr=False)

    @property
    def host(self) -> str:
        return self.endpoint.host

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.cafile)

    def connect(self, timeout: float) -> Connection:
        """A connection. TransportError when none can be opened."""
        return Connection(
            self.name,
            self.endpoint,
            self.api,
            timeout=timeout,
            context=self._context,
            clock=self.clock,
        )

    def check(self, timeout: float) -> str:
        """Ask for something that needs the credentials and sends nothing."""
        connection = self.connect(timeout)
        try:
            answer = connection.look()
        except ConnectionLostError as lost:
            raise TransportError(f"relay {self.name}: {lost}") from lost
        finally:
            connection.close()
        if (seen := self.api.seen(answer)) is not None:
            return f"{self.name}: {seen}"
        verdict = apis.verdict(self.api, answer, self.name)
        raise TransportError(f"relay {self.name}: {verdict.reply}")

    def __hash__(self) -> int:
        return hash(self.name)


class Url:
    """A relay's URL taken apart; ``form`` is how it should look, ``number`` its place in
    ``smtp_url``. ConfigurationError when it has no secret, no place, or a path."""

    def __init__(self, url: str, form: str, number: int) -> None:
        self.form, self.number = form, number
        try:
            parts = urlsplit(url)
            plain = parts.port is None and parts.path in ("", "/") and "#" not in url
        except ValueError as error:
            raise self.wrong() from error
        if not (parts.username and parts.hostname and plain):
            raise self.wrong()
        self.host, self.user = parts.hostname, unquote(parts.username)
        self.password = parts.password and unquote(parts.password)
        self.options = parse_qs(parts.query, keep_blank_values=True)

    def wrong(self) -> ConfigurationError:
        """What to raise; it names no secret."""
        return ConfigurationError(
            f"smtp_url: relay {self.number} is not {self.form}; write special characters of a key "
            "as %2F for /, %2B for + and so on"
        )

    def relay(self, name: str, host: str, api: Callable[[Endpoint], Api]) -> Relay:
        """The relay at ``host`` by https, or where ``endpoint`` says, with what options are left;
        ``api`` makes its client for there. Raises ConfigurationError."""
        given = self.options.pop("endpoint", [""])[-1]
        cafile = self.options.pop("cafile", [""])[-1]
        rates, weight = urls.rates(self.options, self.number), urls.weight(self.options)
        if self.options or weight is None:
            raise self.wrong()
        endpoint = self._endpoint(given) if given else Endpoint(host, 443, True)
        return Relay(
            name=name,
            endpoint=endpoint,
            api=api(endpoint),
            weight=weight,
            rates=rates,
            cafile=urls.certificates(cafile, self.number),
        )

    def _endpoint(self, given: str) -> Endpoint:
        try:
            parts = urlsplit(given)
            host, port = parts.hostname or "", parts.port
            host = host if ":" in host else ascii_host(host)
        except ValueError as error:
            raise self.wrong() from error
        tls = parts.scheme == "https"
        if not host or parts.username is not None or parts.path.strip("/"):
            raise self.wrong()
        if not tls and not (parts.scheme == "http" and urls.is_local(host)):
            raise ConfigurationError(
                f"smtp_url: relay {self.number}: endpoint must be https, or http on this machine: "
                "anything else sends the key in the clear"
            )
        return Endpoint(host, port or (443 if tls else 80), tls)
