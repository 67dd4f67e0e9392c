"""Mailgun's webhooks: an event, and beside it a signature.

The signature is an HMAC-SHA-256 of timestamp and token alone, not of the event. So a token is
accepted once: whoever saw a request must not put another event beside its signature.
Source: documentation.mailgun.com, "Securing Webhooks" and "Webhook Payloads".
"""

import hmac
from datetime import datetime, timedelta

from mailer.inbound.webhooks import event
from mailer.inbound.webhooks.authentication import (
    SignatureError,
    UnreadableError,
    check_fresh,
    from_unix,
)
from mailer.inbound.webhooks.event import Document, Failure, Meaning, ProviderEvent, mapping, text
from mailer.mime.return_path import METADATA

_SUPPRESSED: dict[str, Meaning] = {
    "suppress-complaint": "complaint",
    "suppress-unsubscribe": "unsubscribe",
}
_MEANINGS: dict[str, Meaning] = {
    "delivered": "delivered",
    "complained": "complaint",
    "unsubscribed": "unsubscribe",
}


def verify(body: bytes, key: str, *, now: datetime, most: timedelta) -> None:
    """Raise SignatureError unless the body is signed with ``key``, StaleError when that was more
    than ``most`` ago."""
    signature = mapping(event.load_unproven(body).get("signature"))
    timestamp, token = text(signature.get("timestamp"), 20), text(signature.get("token"), 100)
    expected = hmac.digest(key.encode(), f"{timestamp}{token}".encode(), "sha256").hex()
    given = text(signature.get("signature"), 100)
    if not token or not hmac.compare_digest(given.encode(), expected.encode()):
        raise SignatureError("the signature is missing or wrong")
    check_fresh(from_unix(timestamp), now=now, most=most)


def parse(body: bytes) -> list[ProviderEvent]:
    """The event of a request; UnreadableError when there is none in it."""
    document = mapping(event.load(body))
    data = document.get("event-data")
    if not isinstance(data, dict) or not data:
        raise UnreadableError("there is no event-data")
    token = text(mapping(document.get("signature")).get("token"), 100)
    name, meaning, failure = _meaning(data)
    headers = mapping(mapping(data.get("message")).get("headers"))
    tag = mapping(data.get("user-variables")).get(METADATA)
    found = event.identifiers(
        message_ids=[headers.get("message-id")],
        tags=[tag, mapping(data.get("envelope")).get("sender")],
    )
    identity = data.get("id")
    key = event.key_of(identity) if identity else event.key_of(data)
    recipient = event.address(data.get("recipient"))
    nonce = event.key_of(token) if token else None
    return [ProviderEvent(name, meaning, key, data, recipient, found, failure, nonce)]


def _meaning(data: Document) -> tuple[str, Meaning, Failure]:
    name = text(data.get("event"), 40)
    if name != "failed":
        return name or "unknown", _MEANINGS.get(name, "other"), Failure()
    severity, reason = text(data.get("severity"), 20), text(data.get("reason"), 40)
    name = f"failed {severity}/{reason}".strip(" /")
    if severity != "permanent":
        return name, "deferred", Failure()
    if reason in _SUPPRESSED:
        return name, _SUPPRESSED[reason], Failure()
    status = mapping(data.get("delivery-status"))
    words = text(status.get("message")) or text(status.get("description"))
    failure = event.failure(
        words,
        permanent=reason != "old",  # given up after answers that said to try again
        status=status.get("enhanced-code"),
        code=status.get("code"),
    )
    if reason == "suppress-bounce":
        failure = Failure("mailbox", failure.status, failure.words)
    return name, event.bounce(failure), failure
