"""Whatever a provider's request holds, its parser returns events that can be stored, or refuses."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.inbound.webhooks import brevo, mailgun, postmark, sendgrid, ses
from mailer.inbound.webhooks.authentication import UnreadableError
from mailer.inbound.webhooks.event import ProviderEvent, failure
from mailer.mime import return_path
from mailer.mime.message import Message
from mailer.relay.http.api import Request
from mailer.relay.mailgun import api as mailgun_api
from mailer.relay.postmark import api as postmark_api
from mailer.relay.ses import api as ses_api
from mailer.relay.ses.signature import Signer
from tests.providers import form_of

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


@pytest.mark.parametrize("name", ["ses", "postmark", "mailgun"])
def test_an_event_names_the_copy_that_went_by_the_providers_api(name: str, now: datetime) -> None:
    path = return_path.tagged("bounces@example.org", b"secret", 7)
    message = Message(path, "r@example.com", b"From: n@example.org\r\n\r\nhi\r\n", "<1@x.y>")
    sent: dict[str, Callable[[], Request]] = {
        "ses": lambda: ses_api.Ses(Signer("k", "s", "eu-west-1", "ses"), "h").sending(message, now),
        "postmark": lambda: postmark_api.Postmark("t", "broadcast").sending(message, now),
        "mailgun": lambda: mailgun_api.Mailgun("k", "x.example").sending(message, now),
    }
    request = sent[name]()
    if name == "mailgun":
        form = form_of(request.fields["Content-Type"], request.body)
        variables = {key[2:]: value.decode() for key, value in form.items() if key[:2] == "v:"}
        event: object = {"event-data": {"event": "complained", "user-variables": variables}}
    elif name == "postmark":
        metadata = json.loads(request.body)["Metadata"]
        event = {"RecordType": "SpamComplaint", "Metadata": metadata}
    else:
        tags = {one["Name"]: [one["Value"]] for one in json.loads(request.body)["EmailTags"]}
        inner = {"eventType": "Delivery", "mail": {"tags": tags, "destination": ["r@example.com"]}}
        event = {"Type": "Notification", "MessageId": "1", "Message": json.dumps(inner)}
    [found] = PARSERS[name](json.dumps(event).encode())
    [tag] = found.identifiers.return_path_tags
    assert return_path.copy_of(tag, [b"secret"]) == 7
