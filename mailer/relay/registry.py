"""Which way out is configured: the outbox folder, or relays."""

from collections.abc import Callable
from pathlib import Path

from mailer.relay import relay_pool, relay_urls
from mailer.relay.outbox import Outbox
from mailer.relay.transport import Permits, Transport
from recommender.errors import ConfigurationError
from recommender.settings import Settings

REQUIRED = ("from", "base_url", "postal_address")
"""What must be set before mail leaves this machine."""


OpenTransport = Callable[[Permits], Transport]
"""Opens one connection, which asks the permits before each message."""


def opener(settings: Settings, folder: Path) -> OpenTransport:
    """What opens one connection; ``folder`` is where the outbox keeps this edition.

    Raises ConfigurationError when a relay beyond this machine is configured and what readers must
    see in every message still has its example value.
    """
    if settings.smtp_url is None:
        return lambda permits: Outbox(folder, permits)
    found = relay_urls.parse(settings.smtp_url)
    missing = missing_for_real_mail(settings)
    if not all(relay_urls.is_local(relay.host) for relay in found):
        if missing:
            why = "must be set before mail is sent to real people"
            raise ConfigurationError(f"{missing[0]}: {why}")
        if not settings.base_url.startswith("https://"):
            why = "must be https before mail is sent to real people (one-click unsubscribe)"
            raise ConfigurationError(f"base_url: {why}")
    pool = relay_pool.RelayPool(
        found,
        timeout=settings.timeout_seconds,
        messages_per_connection=settings.messages_per_connection,
    )
    return pool.transport


def missing_for_real_mail(settings: Settings) -> list[str]:
    """Keys that still have their example value."""
    fields = {"from": "sender"}
    return [key for key in REQUIRED if fields.get(key, key) not in settings.model_fields_set]


def connections(settings: Settings) -> int:
    """How many connections are opened at once."""
    return 1 if settings.smtp_url is None else settings.connections
