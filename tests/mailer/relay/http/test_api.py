"""What a provider's answers mean to the relays, the ledger and the throttle."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.relay import refusals, slowdown
from mailer.relay.http import api as apis
from mailer.relay.http.api import Answer
from mailer.relay.mailgun.api import Mailgun
from mailer.relay.postmark.api import Postmark
from mailer.relay.ses.api import Ses
from mailer.relay.ses.signature import Signer
from mailer.relay.transport import Verdict, VerdictKind

APIS = (
    Mailgun("a mailgun key", "x.example"),
    Postmark("a postmark token", "broadcast"),
    Ses(Signer("an access key", "a secret key", "eu-west-1", "ses"), "h"),
)
NAMES = st.sampled_from(
    [
        "id",
        "message",
        "Message",
        "MessageId",
        "MessageID",
        "ErrorCode",
        "__type",
        "code",
        "ID",
        "SendQuota",
        "SendingEnabled",
        "MessageStreamType",
        "ArchivedAt",
        "MaxSendRate",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=6)


def verdict(status: int, body: bytes = b"{}", **fields: str) -> Verdict:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return apis.verdict(Mailgun("key", "x.example"), Answer(status, named, body), "relay")


@pytest.mark.parametrize("status", [401, 402, 403, 404, 301])
def test_what_is_about_us_costs_no_reader_an_issue(status: int) -> None:
    found = verdict(status, b'{"message": "user unknown"}')
    assert refusals.classify(found) == "relay"
    ours = refusals.for_the_relay(found)
    assert ours is not None
    assert ours.kind is VerdictKind.DEFERRED


def test_credentials_are_told_from_the_account() -> None:
    assert verdict(401).command == "AUTH"
    assert verdict(404).command == "MAIL"


@pytest.mark.parametrize("status", [429, 503, 500])
def test_pace_is_the_relays_and_said_for_how_long(status: int) -> None:
    found = verdict(status, retry_after="30")
    assert (found.kind, found.retry_after) == (VerdictKind.DEFERRED, 30)
    assert slowdown.asked_by(found) == "relay"


@pytest.mark.parametrize("status", [500, 503, 507, 408])
def test_a_service_out_of_order_is_no_answer_about_the_reader(status: int) -> None:
    found = verdict(status, b"mailbox full, user unknown")
    assert (found.kind, found.code) == (VerdictKind.DEFERRED, None)
    assert slowdown.asked_by(found) is None
    assert refusals.classify_exhausted(found) == "relay"


@pytest.mark.parametrize("status", [502, 504, 522, 524])
def test_a_gateway_that_lost_the_answer_leaves_a_doubt(status: int) -> None:
    assert verdict(status).kind is VerdictKind.UNANSWERED


def test_a_message_that_is_refused_says_nothing_of_the_mailbox() -> None:
    assert refusals.classify(verdict(400, b'{"message": "no such user"}')) == "message"
    assert refusals.classify(verdict(413)) == "message"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), (" 12 ", 12), ("999999", 3600), ("-1", None), ("soon", None), ("9" * 400, None)],
)
def test_retry_after_is_bounded(text: str, seconds: float | None) -> None:
    assert verdict(429, retry_after=text).retry_after == seconds


@settings(max_examples=150)
@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=80) | DOCUMENTS.map(lambda found: json.dumps(found).encode()),
    named=st.dictionaries(st.sampled_from(["retry-after", "x-amzn-errortype"]), st.text()),
)
def test_whatever_a_provider_says_is_a_verdict_on_one_line(
    status: int, body: bytes, named: dict[str, str]
) -> None:
    for api in APIS:
        answer = Answer(status, named, body)
        found = apis.verdict(api, answer, "relay")
        assert (found.kind is VerdictKind.ACCEPTED) <= (200 <= status < 300)
        assert len(found.reply or "") <= 1_001
        assert len((found.reply or "").encode().splitlines()) <= 1
        refusals.classify(found)
        assert isinstance(api.seen(answer), str | None)
