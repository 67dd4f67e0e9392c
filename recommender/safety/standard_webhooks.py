"""Signatures of webhooks as Standard Webhooks has them (standardwebhooks.com, specification 1.0):
HMAC-SHA256 with a shared secret over id, time and body."""

import base64
import binascii
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret."""


def key(secret: str) -> bytes:
    """The bytes of a secret as it is written; ValueError, which does not quote it, for any
    other."""
    try:
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        found = b""
    if not secret.startswith(PREFIX) or not SHORTEST <= len(found) <= LONGEST:
        raise ValueError(
            f"is not {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64; "
            "`newsletter alerts secret` makes one"
        )
    return found


def make() -> str:
    """A new secret, as it is written."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(secret: str, identifier: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The header fields that go with ``body``. ``identifier`` stays the same when it is sent again;
    ``timestamp`` is the second of this attempt since 1970."""
    signed = f"{identifier}.{timestamp}.".encode() + body
    digest = hmac.new(key(secret), signed, hashlib.sha256).digest()
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
