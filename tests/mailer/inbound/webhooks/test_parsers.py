"""Whatever a provider's request holds, its parser returns events that can be stored, or refuses."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.inbound.webhooks import brevo, mailgun, postmark, sendgrid, ses
from mailer.inbound.webhooks.authentication import UnreadableError
from mailer.inbound.webhooks.event import ProviderEvent, failure

Parse = Callable[[bytes], list[ProviderEvent]]
PARSERS: dict[str, Parse] = {
    "brevo": brevo.parse,
    "mailgun": mailgun.parse,
    "postmark": postmark.parse,
    "sendgrid": sendgrid.parse,
    "ses": ses.parse,
}
WORDS = st.sampled_from(
    [
        "event",
        "email",
        "reason",
        "status",
        "type",
        "sg_event_id",
        "smtp-id",
        "copy",
        "bounce",
        "dropped",
        "RecordType",
        "Type",
        "ID",
        "Email",
        "Details",
        "Metadata",
        "Bounce",
        "HardBounce",
        "SubscriptionChange",
        "SuppressSending",
        "SuppressionReason",
        "event-data",
        "signature",
        "token",
        "id",
        "severity",
        "permanent",
        "failed",
        "delivery-status",
        "message",
        "headers",
        "message-id",
        "user-variables",
        "envelope",
        "sender",
        "recipient",
        "code",
        "enhanced-code",
        "Message",
        "MessageId",
        "Notification",
        "SubscriptionConfirmation",
        "SubscribeURL",
        "TopicArn",
        "notificationType",
        "eventType",
        "bounceType",
        "Permanent",
        "bouncedRecipients",
        "diagnosticCode",
        "emailAddress",
        "mail",
        "destination",
        "source",
        "tags",
        "name",
        "value",
        "complaint",
        "complainedRecipients",
        "Complaint",
        "hard_bounce",
        "X-Mailin-custom",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | WORDS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=25,
)


def check(parse: Parse, body: bytes) -> None:
    try:
        events = parse(body)
    except UnreadableError:
        return
    assert parse(body) == events
    for event in events:
        assert len(event.key) == 64
        assert event.nonce is None or len(event.nonce) == 64
        shown = f"{event.name}{event.recipient}{event.failure.words}"
        assert "\0" not in shown
        shown.encode()
        assert "\0" not in json.dumps(event.document)
        assert len(event.recipient) <= 320
        event.notification()


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=150)
@given(document=JSON)
def test_any_json_is_read_or_refused(name: str, document: object) -> None:
    check(PARSERS[name], json.dumps(document).encode())
    if name == "ses":
        outer = {"Type": "Notification", "MessageId": "1", "Message": json.dumps(document)}
        check(PARSERS[name], json.dumps(outer).encode())
    if name == "mailgun":
        check(PARSERS[name], json.dumps({"event-data": document}).encode())


@pytest.mark.parametrize("name", PARSERS)
@given(body=st.binary())
def test_any_bytes_are_read_or_refused(name: str, body: bytes) -> None:
    check(PARSERS[name], body)


@pytest.mark.parametrize("name", PARSERS)
def test_what_is_too_deep_is_refused(name: str) -> None:
    with pytest.raises(UnreadableError):
        PARSERS[name](b"[" * 500_000)


@given(words=st.text(), status=st.text(), code=st.integers())
def test_what_may_pass_is_never_hard(words: str, status: str, code: int) -> None:
    found = failure(words, permanent=False, status=status, code=code)
    assert found.about not in ("mailbox", "suspected")
