"""SES: the whole message as it is, and errors by their names."""

import base64
import json
from datetime import UTC, datetime

import pytest

from mailer.mime import return_path
from mailer.mime.message import Message
from mailer.relay import refusals
from mailer.relay.http import api as apis
from mailer.relay.http.api import Answer
from mailer.relay.ses.api import Ses
from mailer.relay.ses.signature import Signer
from mailer.relay.transport import VerdictKind

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
HOST = "email.eu-west-1.amazonaws.com"
API = Ses(Signer("KEY", "SECRET", "eu-west-1", "ses"), HOST, "news")
PATH = return_path.tagged("bounces@example.org", b"s", 7)
MESSAGE = Message(PATH, "r@example.com", b"From: a@example.org\r\n\r\n\xc3\xa4\r\n", "<1@x.y>")


def test_the_message_goes_as_it_is() -> None:
    document = json.loads(API.sending(MESSAGE, NOW).body)
    assert base64.b64decode(document["Content"]["Raw"]["Data"]) == MESSAGE.data
    assert document["Destination"] == {"ToAddresses": ["r@example.com"]}
    assert document["FeedbackForwardingEmailAddress"] == PATH
    assert document["ConfigurationSetName"] == "news"
    [tag] = document["EmailTags"]
    assert return_path.copy_of(tag["Value"], [b"s"]) == 7


@pytest.mark.parametrize(
    ("status", "name", "words", "kind", "about"),
    [
        (429, "TooManyRequestsException", "slow", VerdictKind.DEFERRED, None),
        (400, "LimitExceededException", "Daily quota", VerdictKind.DEFERRED, None),
        (400, "AccountSuspendedException", "x", VerdictKind.REFUSED, "relay"),
        (400, "SendingPausedException", "x", VerdictKind.REFUSED, "relay"),
        (400, "MailFromDomainNotVerifiedException", "x", VerdictKind.REFUSED, "relay"),
        (404, "NotFoundException", "no such configuration set", VerdictKind.REFUSED, "relay"),
        (403, "InvalidClientTokenId", "x", VerdictKind.REFUSED, "relay"),
        (
            400,
            "MessageRejected",
            "Email address is not verified. The following identities failed the check in region "
            "EU-WEST-1: a@example.org",
            VerdictKind.REFUSED,
            "relay",
        ),
        (400, "MessageRejected", "contains a virus", VerdictKind.REFUSED, "message"),
        (400, "BadRequestException", "Missing final '@domain'", VerdictKind.REFUSED, "message"),
        (500, "InternalFailure", "x", VerdictKind.DEFERRED, None),
    ],
)
def test_errors_are_told_by_their_names(
    status: int, name: str, words: str, kind: VerdictKind, about: str | None
) -> None:
    body = json.dumps({"message": words}).encode()
    answer = Answer(status, {"x-amzn-errortype": f"{name}:http://internal.amazon.com/"}, body)
    verdict = apis.verdict(API, answer, "ses")
    assert (verdict.kind, refusals.classify(verdict)) == (kind, about)
    assert (verdict.reply or "").startswith(f"HTTP {status} {name}: {words[:20]}")


def test_an_account_that_may_not_send_is_said() -> None:
    assert API.seen(Answer(200, {}, b'{"SendingEnabled": false}')) is None
    sandbox = b'{"SendQuota": {"MaxSendRate": 1.0, "Max24HourSend": 200.0}}'
    assert "sandbox" in (API.seen(Answer(200, {}, sandbox)) or "")
