"""Postmark's webhooks: Delivery, Bounce, SpamComplaint, SubscriptionChange.

Postmark does not sign; it sends the user and password of the URL (HTTP basic authentication).
Source: postmarkapp.com/developer/webhooks, …/api/bounce-api (bounce types).
"""

from mailer.inbound.webhooks import event
from mailer.inbound.webhooks.authentication import Headers, UnreadableError, check_credentials
from mailer.inbound.webhooks.event import Document, Failure, Meaning, ProviderEvent, text
from mailer.mime.return_path import METADATA

_HARD = frozenset({"HardBounce", "BadEmailAddress"})
_SOFT = frozenset({"SoftBounce", "DnsError"})
_REFUSED = frozenset({"SpamNotification", "Blocked", "DMARCPolicy", "VirusNotification"})
"""About the message or its sender, never about the mailbox."""
_BOUNCES: dict[str, Meaning] = {
    "Transient": "deferred",
    "Unsubscribe": "unsubscribe",
    "SpamComplaint": "complaint",
}


def verify(headers: Headers, secret: str) -> None:
    """Raise SignatureError unless the request carries ``secret``, ``user:password``."""
    check_credentials(headers, secret)


def parse(body: bytes) -> list[ProviderEvent]:
    """The event of a request; UnreadableError when the body is no JSON object."""
    document = event.load(body)
    if not isinstance(document, dict):
        raise UnreadableError("the body is no JSON object")
    kind = text(document.get("RecordType"), 40)
    name, meaning, failure = _meaning(kind, document)
    tags = [event.mapping(document.get("Metadata")).get(METADATA)]
    # A repetition has the same id; an address may bounce, be activated and bounce again.
    identity = document.get("ID")
    key = event.key_of(kind, identity) if identity else event.key_of(document)
    recipient = event.address(document.get("Email") or document.get("Recipient"))
    found = event.identifiers(tags=tags)
    return [ProviderEvent(name, meaning, key, document, recipient, found, failure)]


def _meaning(kind: str, document: Document) -> tuple[str, Meaning, Failure]:
    match kind:
        case "Delivery":
            return kind, "delivered", Failure()
        case "SpamComplaint":
            return kind, "complaint", Failure()
        case "Bounce":
            return _bounce(document)
        case "SubscriptionChange":
            return _subscription(document)
    return kind or "unknown", "other", Failure()


def _bounce(document: Document) -> tuple[str, Meaning, Failure]:
    kind = text(document.get("Type"), 40)
    name = f"Bounce {kind}".strip()
    # Description is Postmark's explanation of the type, Details what the server said.
    words = document.get("Details")
    if kind in _HARD:
        failure = event.failure(words, permanent=True)
        return name, event.bounce(failure), failure
    if kind in _SOFT:
        failure = event.failure(words, permanent=False)
        return name, "soft", failure
    if kind in _REFUSED:
        return name, "soft", Failure("message", None, text(words)[: event.LONGEST_WORDS])
    return name, _BOUNCES.get(kind, "other"), Failure()


def _subscription(document: Document) -> tuple[str, Meaning, Failure]:
    """An address was put on Postmark's list of suppressions, or taken off it, which changes
    nothing: only readers come back by themselves."""
    reason = text(document.get("SuppressionReason"), 40)
    if document.get("SuppressSending") is not True:
        return "SubscriptionChange reactivated", "other", Failure()
    name = f"SubscriptionChange {reason}".strip()
    match reason:
        case "HardBounce":
            return name, "hard", Failure("mailbox", None, "suppressed by Postmark: HardBounce")
        case "SpamComplaint":
            return name, "complaint", Failure()
        case "ManualSuppression":
            return name, "unsubscribe", Failure()
    return name, "other", Failure()
