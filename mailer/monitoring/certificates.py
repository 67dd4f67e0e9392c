"""Until when the certificate of the readers' pages is good: their server is asked, as a browser
would. One that cannot be reached from here says nothing."""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

SOON = timedelta(days=7)
"""A certificate is renewed long before; one with less left was not."""


@dataclass(frozen=True)
class Certificate:
    """``until`` is when it expires, None where that is not known; ``problem`` says why browsers
    refuse it or soon will, None where they take it."""

    until: datetime | None
    problem: str | None = None


def ask(
    base_url: str, now: datetime, timeout: float, context: ssl.SSLContext | None = None
) -> Certificate | None:
    """The certificate of ``base_url``; None where it has none, or cannot be reached."""
    parts = urlsplit(base_url)
    if parts.scheme != "https" or parts.hostname is None:
        return None
    context = context or ssl.create_default_context()
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), timeout) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secure,
        ):
            found = secure.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return Certificate(None, f"has a certificate that browsers refuse: {error.verify_message}")
    except OSError:  # ssl.SSLError is one
        return None
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)
    if until <= now:
        return Certificate(until, f"has a certificate that has expired on {until:%Y-%m-%d}")
    if until - now < SOON:
        return Certificate(until, f"has a certificate that expires on {until:%Y-%m-%d %H:%M} UTC")
    return Certificate(until)
