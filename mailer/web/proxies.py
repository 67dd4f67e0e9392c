"""What proxies in front of the pages change of a request: who asks, how, for which host and path.

The client is who has connected. Only if that is a proxy that is trusted, its X-Forwarded-For
counts, and there the last address that is not a trusted proxy's own: what stands before it was
written by whoever asked. X-Forwarded-Proto and X-Forwarded-Host count in the same case. A path of
``base_url`` is taken off, if the proxy has not done that already.
"""

import logging
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from recommender.errors import ConfigurationError
from recommender.settings.networks import Network, address

log = logging.getLogger("newsletter.web")
MOST_REMEMBERED = 10_000


class Proxies:
    """The proxies that are trusted."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)
        self._known: dict[str, bool] = {}

    def trusts(self, peer: str) -> bool:
        """Whether this address is a trusted proxy's."""
        if (known := self._known.get(peer)) is not None:
            return known
        if len(self._known) > MOST_REMEMBERED:
            self._known = {}
        found = address(peer)
        trusted = found is not None and any(found in one for one in self._networks)
        self._known[peer] = trusted
        return trusted

    def client(self, peer: str, chain: Sequence[str]) -> str:
        """Who asks, where ``peer`` has connected with the addresses of ``chain`` in
        X-Forwarded-For; an entry that is no address ends what is believed."""
        for entry in reversed(chain):
            if not self.trusts(peer):
                break
            host = entry.strip()
            if host.startswith("["):  # [2001:db8::1]:443
                host = host[1:].partition("]")[0]
            elif host.count(":") == 1:  # 192.0.2.7:443
                host = host.partition(":")[0]
            if (found := address(host)) is None:
                break
            peer = str(found)
        return peer


class BehindProxies:
    """ASGI middleware that makes a request what it was before it came to the proxies."""

    def __init__(self, app: ASGIApp, *, proxies: Proxies, base_path: str) -> None:
        self._app = app
        self._proxies = proxies
        self._base = unquote(base_path)
        self._written = base_path.encode("ascii")
        self._warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope}
            self._undo(scope)
        await self._app(scope, receive, send)

    def _undo(self, scope: Scope) -> None:
        client = scope.get("client")
        if client is not None:
            peer = str(address(client[0]) or client[0])
            if self._proxies.trusts(peer):
                self._believe(scope, peer)
            else:
                scope["client"] = (peer, client[1])
                self._warn(scope, peer)
        path: str = scope["path"]
        if self._base and (path == self._base or path.startswith(f"{self._base}/")):
            scope["path"] = path[len(self._base) :] or "/"
            raw = scope.get("raw_path") or b""
            if raw.startswith(self._written):
                scope["raw_path"] = raw[len(self._written) :] or b"/"

    def _believe(self, scope: Scope, peer: str) -> None:
        chain = [one for text in _values(scope, b"x-forwarded-for") for one in text.split(",")]
        scope["client"] = (self._proxies.client(peer, chain), 0)
        proto = _values(scope, b"x-forwarded-proto")
        if proto and proto[-1].strip() in ("http", "https"):
            scope["scheme"] = proto[-1].strip()
        host = _values(scope, b"x-forwarded-host")
        if host:
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope["headers"] = [(b"host", host[-1].strip().encode("latin-1")), *others]

    def _warn(self, scope: Scope, peer: str) -> None:
        """Say once that a proxy seems to be missing in the settings."""
        if not self._warned and _values(scope, b"x-forwarded-for"):
            self._warned = True
            log.warning(
                "X-Forwarded-For of %s is not believed, so all who ask by way of it count as one; "
                "if it is your proxy, name it in trusted_proxies",
                peer,
            )


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def check_base_path(base_path: str, pages: Iterable[str]) -> None:
    """Raise ConfigurationError where requests below ``base_path`` could not be told from requests
    for ``pages``, the first parts of their paths."""
    first = unquote(base_path).strip("/").partition("/")[0]
    if first in set(pages):
        raise ConfigurationError(
            f"base_url: its path must not begin with /{first}, which is the name of a page"
        )
