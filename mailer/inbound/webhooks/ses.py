"""Amazon SES: bounces, complaints and deliveries, published by Amazon SNS (``sns``).

Reads the notifications of an identity (``notificationType``) and the events of a configuration set
(``eventType``), which have the same objects.
Source: docs.aws.amazon.com/ses, "Amazon SNS notification contents", "Contents of event data".
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mailer.inbound.notification import CopyIdentifiers
from mailer.inbound.webhooks import event, sns
from mailer.inbound.webhooks.authentication import SignatureError, UnreadableError
from mailer.inbound.webhooks.event import (
    NOTHING,
    Document,
    Failure,
    Meaning,
    ProviderEvent,
    mapping,
    sequence,
    text,
)
from mailer.mime.return_path import METADATA
from recommender.subscribers.addresses import fold

_UNSUBSCRIBE = re.compile(r"/unsubscribe/([A-Za-z0-9_-]{20,120})>")
_CERTAIN = frozenset({"Suppressed", "OnAccountSuppressionList"})
"""Not sent, since the address bounced before."""
_MESSAGE = frozenset({"MessageTooLarge", "ContentRejected", "AttachmentRejected"})
_COMPLAINTS = frozenset({"", "abuse", "fraud"})
"""Types of feedback that are a reader's; most complaints have none."""


def topics(setting: str) -> list[str]:
    """The ARNs in ``hooks_ses_topic``, several with commas."""
    return [one.strip() for one in setting.split(",") if one.strip()]


def verify(
    body: bytes,
    known_topics: Sequence[str],
    certificates: sns.Certificates,
    *,
    now: datetime,
    most: timedelta,
) -> None:
    """As ``sns.verify`` for the message in ``body``; it must be JSON as SNS sends it, which raw
    message delivery is not."""
    sns.verify(event.load_unproven(body), known_topics, certificates, now=now, most=most)


def parse(body: bytes) -> list[ProviderEvent]:
    """The events of a message of SNS, one for each recipient; what asks to confirm a subscription
    is an event of its own. UnreadableError when the body is no JSON object."""
    message = event.load(body)
    if not isinstance(message, dict):
        raise UnreadableError("the body is no JSON object")
    identity, kind = text(message.get("MessageId"), 100), text(message.get("Type"), 40)
    if kind == "SubscriptionConfirmation":
        return [_confirmation(message, identity)]
    try:
        document = event.load(str(message.get("Message")).encode("utf-8", "replace"))
    except UnreadableError:  # SES's own test, in words
        document = {}
    if kind != "Notification" or not isinstance(document, dict) or not document:
        return [ProviderEvent(kind or "unknown", "other", event.key_of(identity, body.hex()), {})]
    found = _events(document)
    return [
        replace(one, key=event.key_of(identity, fold(one.recipient)), document=document)
        for one in found
    ]


def _confirmation(message: dict[str, Any], identity: str) -> ProviderEvent:
    """Its document is the link to open, if it leads where it must."""
    url, topic = message.get("SubscribeURL"), text(message.get("TopicArn"), 400)
    try:
        genuine = isinstance(url, str) and sns.is_at(url, sns.host_of(topic))
    except SignatureError:
        genuine = False
    document = {"topic": topic, "url": text(url, 2_000) if genuine else ""}
    return ProviderEvent(
        "SubscriptionConfirmation", "confirmation", event.key_of(identity), document
    )


def _events(document: Document) -> list[ProviderEvent]:
    """One event for each recipient; keys and documents are for the caller to add."""
    kind = text(document.get("eventType") or document.get("notificationType"), 40)
    match kind:
        case "Bounce":
            return _bounces(document)
        case "Complaint":
            return _complaints(document)
    name: str = kind
    meaning: Meaning = "other"
    match kind:
        case "Delivery":
            meaning = "delivered"
        case "DeliveryDelay":
            meaning = "deferred"
        case "Subscription":
            preferences = mapping(document.get("subscription")).get("newTopicPreferences")
            if mapping(preferences).get("unsubscribeAll") is True:
                name, meaning = "Subscription unsubscribeAll", "unsubscribe"
    recipients = sequence(mapping(document.get("mail")).get("destination"))[:50] or [""]
    return [_event(document, name or "unknown", meaning, one) for one in recipients]


def _event(
    document: Document, name: str, meaning: Meaning, recipient: object, failure: Failure = NOTHING
) -> ProviderEvent:
    return ProviderEvent(name, meaning, "", {}, event.address(recipient), _named(document), failure)


def _named(document: Document) -> CopyIdentifiers:
    """SES sets its own Message-ID; ours, and the List-Unsubscribe, are in the original headers when
    SES is told to include them. The envelope sender is there always."""
    mail = mapping(document.get("mail"))
    headers = [mapping(one) for one in sequence(mail.get("headers"))[:200]]
    values = [(text(one.get("name"), 100).lower(), text(one.get("value"))) for one in headers]
    tags = sequence(mapping(mail.get("tags")).get(METADATA))[:5]
    found = event.identifiers(
        message_ids=[value for name, value in values if name == "message-id"][:5],
        tags=[mail.get("source"), *tags],
    )
    ways = [_UNSUBSCRIBE.search(value) for name, value in values if name == "list-unsubscribe"]
    return replace(found, unsubscribe_tokens=tuple(one[1] for one in ways if one))


def _bounces(document: Document) -> list[ProviderEvent]:
    bounce = mapping(document.get("bounce"))
    kind, subkind = text(bounce.get("bounceType"), 40), text(bounce.get("bounceSubType"), 60)
    name = f"Bounce {kind}/{subkind}"
    found = []
    for one in map(mapping, sequence(bounce.get("bouncedRecipients"))[:50]):
        meaning, failure = _bounce(kind, subkind, one)
        found.append(_event(document, name, meaning, one.get("emailAddress"), failure))
    return found


def _bounce(kind: str, subkind: str, recipient: Document) -> tuple[Meaning, Failure]:
    words = text(recipient.get("diagnosticCode")).partition(";")[2].strip()
    words = words or text(recipient.get("diagnosticCode"))
    failure = event.failure(words, permanent=kind == "Permanent", status=recipient.get("status"))
    if subkind == "UnsubscribedRecipient":
        return "unsubscribe", Failure()
    if kind == "Permanent":
        if subkind in _CERTAIN:
            failure = Failure("mailbox", failure.status, failure.words or subkind)
        return event.bounce(failure), failure
    if kind == "Transient" and subkind in _MESSAGE:
        return "soft", replace(failure, about="message")
    if kind == "Transient" and (words or subkind == "MailboxFull"):
        return "soft", failure
    # Without a word of a server: an out-of-office reply is Transient/General as well.
    return "soft", replace(failure, about=None)


def _complaints(document: Document) -> list[ProviderEvent]:
    complaint = mapping(document.get("complaint"))
    kind = text(complaint.get("complaintFeedbackType"), 40)
    meaning: Meaning = "complaint" if kind in _COMPLAINTS else "other"
    name = f"Complaint {kind or complaint.get('complaintSubType') or ''}".strip()
    recipients = map(mapping, sequence(complaint.get("complainedRecipients"))[:50])
    return [
        _event(document, text(name, 64), meaning, one.get("emailAddress"), Failure(words=kind))
        for one in recipients
    ]
