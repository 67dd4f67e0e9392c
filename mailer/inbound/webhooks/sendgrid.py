"""Twilio SendGrid's Event Webhook: a JSON array of events, signed as a whole.

The signature is ECDSA with SHA-256 over the timestamp header and the bytes of the body.
Source: www.twilio.com/docs/sendgrid, "Event Webhook Reference" and "… Security Features".
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mailer.inbound.webhooks import event
from mailer.inbound.webhooks.authentication import (
    Headers,
    SignatureError,
    UnreadableError,
    check_fresh,
    from_unix,
)
from mailer.inbound.webhooks.event import Document, Failure, Meaning, ProviderEvent, text
from mailer.mime.return_path import METADATA
from recommender.errors import ConfigurationError

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_MEANINGS: dict[str, Meaning] = {
    "delivered": "delivered",
    "deferred": "deferred",
    "spamreport": "complaint",
    "unsubscribe": "unsubscribe",
    "group_unsubscribe": "unsubscribe",
}
_DROPPED: dict[str, Meaning] = {
    "bounced address": "hard",
    "invalid": "hard",
    "spam reporting address": "complaint",
    "unsubscribed address": "unsubscribe",
}
_NOT_THE_MAILBOX = frozenset({"content", "reputation", "frequency or volume too high"})
"""Classes of a bounce that are about the message or its sender."""


def public_keys(text_of_keys: str) -> list[ec.EllipticCurvePublicKey]:
    """The public keys, several with commas, each as SendGrid shows it (base64) or as PEM;
    ConfigurationError for one that is none."""
    found = []
    for one in text_of_keys.split(","):
        written = "".join(line for line in one.strip().splitlines() if not line.startswith("-----"))
        try:
            key = serialization.load_der_public_key(base64.b64decode(written, validate=True))
        except (ValueError, binascii.Error) as error:
            raise ConfigurationError("hooks_sendgrid_key: is no public key in base64") from error
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise ConfigurationError("hooks_sendgrid_key: is no public key for ECDSA")
        found.append(key)
    return found


def verify(
    headers: Headers,
    body: bytes,
    keys: Sequence[ec.EllipticCurvePublicKey],
    *,
    now: datetime,
    most: timedelta,
) -> None:
    """Raise SignatureError unless one of ``keys`` signed the request, StaleError when that was more
    than ``most`` ago."""
    timestamp = headers.get(TIMESTAMP, "")
    try:
        signature = base64.b64decode(headers.get(SIGNATURE, ""), validate=True)
    except (ValueError, binascii.Error) as error:
        raise SignatureError("the signature is no base64") from error
    if not any(_signed(key, signature, timestamp.encode() + body) for key in keys):
        raise SignatureError("the signature is missing or wrong")
    check_fresh(from_unix(timestamp), now=now, most=most)


def _signed(key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def parse(body: bytes) -> list[ProviderEvent]:
    """The events of a request; UnreadableError when the body is no JSON array of objects."""
    events = event.load(body)
    if not isinstance(events, list) or len(events) > event.MOST_EVENTS:
        raise UnreadableError("the body is no JSON array, or too long")
    if not all(isinstance(one, dict) for one in events):
        raise UnreadableError("an event is no JSON object")
    return [_event(one) for one in events]


def _event(document: Document) -> ProviderEvent:
    name, meaning, failure = _meaning(document)
    identity = document.get("sg_event_id")
    return ProviderEvent(
        name,
        meaning,
        event.key_of(identity) if identity else event.key_of(document),
        document,
        event.address(document.get("email")),
        event.identifiers(
            message_ids=[document.get("smtp-id")],
            tags=[document.get(METADATA)],
        ),
        failure,
    )


def _meaning(document: Document) -> tuple[str, Meaning, Failure]:
    name, reason = text(document.get("event"), 40), document.get("reason")
    match name:
        case "bounce":
            return _bounce(document)
        case "dropped":
            meaning = _DROPPED.get(text(reason, 60).lower(), "other")
            words = text(reason)[: event.LONGEST_WORDS]
            failure = Failure("mailbox", None, f"dropped: {words}") if meaning == "hard" else None
            return f"dropped: {text(reason, 40)}", meaning, failure or Failure()
    return name or "unknown", _MEANINGS.get(name, "other"), Failure()


def _bounce(document: Document) -> tuple[str, Meaning, Failure]:
    """``type`` is ``bounce`` for a dead mailbox and ``blocked`` for a refusal that may pass."""
    kind = text(document.get("type"), 20)
    bounce_class = text(document.get("bounce_classification"), 60).lower()
    permanent = kind != "blocked" and bounce_class not in _NOT_THE_MAILBOX
    failure = event.failure(
        document.get("reason"), permanent=permanent, status=document.get("status")
    )
    name = f"bounce {kind}".strip()
    return name, event.bounce(failure) if permanent else "soft", failure
