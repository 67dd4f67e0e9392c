"""Brevo's webhooks for transactional mail, single or batched.

Brevo does not sign; it sends a bearer token, or the user and password of the URL.
Source: developers.brevo.com/docs/transactional-webhooks, …/secured-webhooks, …/batched-webhooks.
"""

from mailer.inbound.webhooks import event
from mailer.inbound.webhooks.authentication import Headers, UnreadableError, check_credentials
from mailer.inbound.webhooks.event import Document, Failure, Meaning, ProviderEvent, text

_MEANINGS: dict[str, Meaning] = {
    "delivered": "delivered",
    "deferred": "deferred",
    "spam": "complaint",
    "complaint": "complaint",
    "unsubscribed": "unsubscribe",
    "unsubscribe": "unsubscribe",
}


def verify(headers: Headers, secret: str) -> None:
    """Raise SignatureError unless the request carries ``secret``: a token, or ``user:password``."""
    check_credentials(headers, secret)


def parse(body: bytes) -> list[ProviderEvent]:
    """The events of a request; UnreadableError when the body is neither a JSON object nor an array
    of them."""
    document = event.load(body)
    events = document if isinstance(document, list) else [document]
    if len(events) > event.MOST_EVENTS or not all(isinstance(one, dict) for one in events):
        raise UnreadableError("the body is no JSON object, nor an array of them")
    return [_event(one) for one in events]


def _event(document: Document) -> ProviderEvent:
    name = text(document.get("event"), 40)
    meaning, failure = _meaning(name, document.get("reason"))
    return ProviderEvent(
        name or "unknown",
        meaning,
        event.key_of(document),
        document,
        event.address(document.get("email")),
        event.identifiers(
            message_ids=[document.get("message-id")], tags=[document.get("X-Mailin-custom")]
        ),
        failure,
    )


def _meaning(name: str, reason: object) -> tuple[Meaning, Failure]:
    match name:
        case "hard_bounce" | "invalid_email":
            failure = event.failure(reason, permanent=True)
            return event.bounce(failure), failure
        case "soft_bounce":
            return "soft", event.failure(reason, permanent=False)
    return _MEANINGS.get(name, "other"), Failure()
