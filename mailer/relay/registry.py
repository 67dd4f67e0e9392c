"""Transports by URL scheme: which relays ``smtp_url`` names, and the pool of them.

A transport is a folder here with a ``from_url`` in its ``relay.py``, and a line in ``TRANSPORTS``.
"""

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from mailer.relay import urls
from mailer.relay.mailgun import relay as mailgun
from mailer.relay.outbox import relay as outbox
from mailer.relay.postmark import relay as postmark
from mailer.relay.relay_pool import RelayPool, RelayTransport
from mailer.relay.ses import relay as ses
from mailer.relay.smtp import relay as smtp
from mailer.relay.transport import Permits, Relay
from recommender.errors import ConfigurationError
from recommender.settings import Settings

REQUIRED = ("from", "base_url", "postal_address")
"""What must be set before mail leaves this machine."""


class FromUrl(Protocol):
    """Makes the relay that a URL of one scheme names."""

    def __call__(self, url: str, *, number: int, folder: Path) -> Relay:
        """The relay of ``url``, the one with this ``number`` in ``smtp_url``; one that writes files
        writes them to ``folder``. Raises ConfigurationError, which names no password."""


TRANSPORTS: dict[str, FromUrl] = {
    "smtp": smtp.from_url,
    "smtps": smtp.from_url,
    "ses": ses.from_url,
    "postmark": postmark.from_url,
    "mailgun": mailgun.from_url,
    "outbox": outbox.from_url,
}
OpenTransport = Callable[[Permits], RelayTransport]
"""Opens one lane's way to the relays, which asks the permits before each message."""


def parse(text: str, folder: Path) -> tuple[Relay, ...]:
    """The relays of ``text``, a list of URLs with commas, in order; ``folder`` is where the outbox
    keeps its files. ConfigurationError names the key, never a password."""
    relays = tuple(
        _from_url(url, number)(url, number=number, folder=folder)
        for number, url in enumerate(map(str.strip, text.split(",")), 1)
        if url
    )
    if not relays:
        raise ConfigurationError("smtp_url: names no relay; leave it out to write to the outbox")
    return relays


def _from_url(url: str, number: int) -> FromUrl:
    """What a URL without a scheme lacks to be SMTP's is said by SMTP. ConfigurationError for a
    scheme that is none of ``TRANSPORTS``."""
    scheme, _, rest = url.partition(":")
    scheme = scheme.strip().lower()
    if rest.startswith("//") and scheme not in TRANSPORTS:
        near = difflib.get_close_matches(scheme, TRANSPORTS, 1)
        guess = f"; did you mean {near[0]}://?" if near else ""
        known = ", ".join(f"{one}://" for one in TRANSPORTS)
        raise ConfigurationError(f"smtp_url: relay {number}: {scheme}:// is none of {known}{guess}")
    return TRANSPORTS.get(scheme, smtp.from_url)


def relays(settings: Settings) -> tuple[Relay, ...]:
    """The relays of the settings. Raises ConfigurationError."""
    return parse(settings.transport_url, settings.outbox)


def opener(settings: Settings, folder: Path) -> OpenTransport:
    """What opens one lane's way to the relays; ``folder`` is where the outbox keeps this edition.

    Raises ConfigurationError when a relay beyond this machine is configured and what readers must
    see in every message still has its example value.
    """
    pool = RelayPool(
        parse(settings.transport_url, folder),
        timeout=settings.timeout_seconds,
        messages_per_connection=settings.messages_per_connection,
    )
    check_for_real_mail(settings, pool.relays)
    return pool.transport


def check_for_real_mail(settings: Settings, relays: tuple[Relay, ...]) -> None:
    """Raise ConfigurationError when one of ``relays`` is beyond this machine, and what readers must
    see in every message still has its example value."""
    if not beyond_this_machine(relays):
        return
    if missing := missing_for_real_mail(settings):
        why = "must be set before mail is sent to real people"
        raise ConfigurationError(f"{missing[0]}: {why}")
    if not settings.base_url.startswith("https://"):
        why = "must be https before mail is sent to real people (one-click unsubscribe)"
        raise ConfigurationError(f"base_url: {why}")


def beyond_this_machine(relays: tuple[Relay, ...]) -> list[str]:
    """The servers among ``relays`` that are not this machine, by name."""
    hosts = [relay.host for relay in relays if relay.host is not None]
    return [host for host in hosts if not urls.is_local(host)]


def missing_for_real_mail(settings: Settings) -> list[str]:
    """Keys that still have their example value."""
    fields = {"from": "sender"}
    return [key for key in REQUIRED if fields.get(key, key) not in settings.model_fields_set]


def connections(settings: Settings) -> int:
    """How many connections are opened at once: one where there is no server to wait for."""
    return settings.connections if _to_servers(settings) else 1


def shares(settings: Settings, connections: int, processes: int) -> list[int]:
    """Connections of each of at most so many ``processes``. Servers get as many as they would from
    one process; the outbox has one in each."""
    if not _to_servers(settings):
        return [1] * processes
    processes = min(processes, connections)
    each, more = divmod(connections, processes)
    return [each + (place < more) for place in range(processes)]


def _to_servers(settings: Settings) -> bool:
    return any(relay.host is not None for relay in relays(settings))
