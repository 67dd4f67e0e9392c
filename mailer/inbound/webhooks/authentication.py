"""What proves that a webhook request comes from the provider: errors, freshness, credentials.

Every comparison of a secret takes the same time whatever is wrong.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from recommender.errors import NewsletterError

Headers = Mapping[str, str]
"""Header fields of a request, their names in lower case."""


class RefusedError(NewsletterError):
    """The request is not accepted; ``reason`` names why in the metrics."""

    reason = "signature"


class SignatureError(RefusedError):
    """The signature, or the credentials, are missing or wrong."""


class StaleError(RefusedError):
    """The signed timestamp is too old, or in the future."""

    reason = "stale"


class UnreadableError(RefusedError):
    """The request is genuine, and its body is not what the provider documents."""

    reason = "unreadable"


class KeyUnavailableError(NewsletterError):
    """The key that verifies the signature cannot be had now; the provider should try again."""


def check_fresh(moment: datetime, *, now: datetime, most: timedelta) -> None:
    """Raise StaleError unless ``moment`` is within ``most`` of ``now``, before or after."""
    if abs(now - moment) > most:
        raise StaleError(f"the timestamp is more than {most} away")


def from_unix(text: str) -> datetime:
    """The moment of so many seconds since 1970; SignatureError when it is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        raise SignatureError("the timestamp is no number of seconds")
    return datetime.fromtimestamp(int(text), UTC)


def check_credentials(headers: Headers, secret: str) -> None:
    """Raise SignatureError unless the request carries ``secret``: ``user:password`` by HTTP basic
    authentication (RFC 7617), which is what a URL with both in it sends, or a bearer token
    (RFC 6750)."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    candidate = b""
    if scheme.lower() == "basic":
        try:
            candidate = base64.b64decode(given.strip(), validate=True)
        except (binascii.Error, ValueError):
            candidate = b""
    elif scheme.lower() == "bearer":
        candidate = given.strip().encode("utf-8", "replace")
    if not hmac.compare_digest(candidate, secret.encode()):
        raise SignatureError("the credentials are missing or wrong")
