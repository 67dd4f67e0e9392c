"""Providers report by webhook: what is proven and fresh is kept, and acted on once."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from mailer.edition import retention
from mailer.edition.retention_limits import RetentionLimits
from mailer.inbound.webhooks import providers, sns
from mailer.mime import return_path
from mailer.web.hooks import Hooks
from recommender.models import EventKind, Status, WebhookEvent
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import consent, records

from .conftest import SENT_AT, Place

WHO = "founder@example.com"
USER, KEY = "hooks:nqD7vYk2LpXw93Rt", "k9Jd82mQpLzX71vTn4"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:newsletter"
CERTIFICATE = (
    "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
)
CURVE = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65_537, 2048)
Post = Callable[..., int]


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(RSA.public_key())
        .serial_number(1)
        .not_valid_before(SENT_AT - timedelta(days=9))
        .not_valid_after(SENT_AT + timedelta(days=99))
        .sign(RSA, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def fetched(place: Place) -> list[str]:
    """The site with every provider turned on; the addresses certificates were fetched from."""
    public = CURVE.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    settings = place.settings.replace(
        hooks_ses_topic=TOPIC,
        hooks_sendgrid_key=base64.b64encode(public).decode(),
        hooks_postmark_secret=USER,
        hooks_mailgun_key=KEY,
        hooks_brevo_secret=KEY,
    )
    urls: list[str] = []

    def fetch(url: str) -> bytes:
        urls.append(url)
        return certificate()

    place.client.app.state.hooks = Hooks(providers.configured(settings, fetch))  # type: ignore[attr-defined]  # an ASGI app to mypy
    return urls


def sns_message(message: Any, at: datetime, kind: str = "Notification", **other: str) -> bytes:
    text = message if isinstance(message, str) else json.dumps(message)
    document = {
        "Type": kind,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": text,
        "Timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
        **other,
    }
    signature = RSA.sign(sns.signed_data(document), padding.PKCS1v15(), hashes.SHA256())
    return json.dumps(document | {"Signature": base64.b64encode(signature).decode()}).encode()


def mailgun_body(data: dict[str, Any], at: datetime, token: str = "t" * 50) -> bytes:
    timestamp = str(int(at.timestamp()))
    signature = hmac.digest(KEY.encode(), f"{timestamp}{token}".encode(), "sha256").hex()
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return json.dumps({"signature": signed, "event-data": data}).encode()


def request(provider: str, event: Any, at: datetime) -> tuple[bytes, dict[str, str]]:
    """A genuine request of the provider."""
    match provider:
        case "ses":
            return sns_message(event, at), {}
        case "mailgun":
            return mailgun_body(event, at), {}
        case "sendgrid":
            body, timestamp = json.dumps([event]).encode(), str(int(at.timestamp()))
            signature = CURVE.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
            return body, {
                "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
                "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            }
        case "postmark":
            basic = base64.b64encode(USER.encode()).decode()
            return json.dumps(event).encode(), {"Authorization": f"Basic {basic}"}
    return json.dumps(event).encode(), {"Authorization": f"Bearer {KEY}"}


SES_MAIL = {"source": "newsletter@newsletter.example.org", "destination": [WHO]}
HARD: dict[str, dict[str, Any]] = {
    "ses": {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": WHO,
                    "status": "5.1.1",
                    "action": "failed",
                    "diagnosticCode": f"smtp; 550 5.1.1 <{WHO}>... User unknown",
                }
            ],
        },
        "mail": SES_MAIL,
    },
    "sendgrid": {
        "email": WHO,
        "event": "bounce",
        "type": "bounce",
        "reason": "500 unknown recipient",
        "status": "5.0.0",
        "sg_event_id": "one",
    },
    "postmark": {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "TypeCode": 1,
        "ID": 692560173,
        "Email": WHO,
        "Details": "Test bounce details",
    },
    "mailgun": {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "recipient": WHO,
        "delivery-status": {"code": 550, "message": "5.1.1 The account does not exist"},
    },
    "brevo": {"event": "hard_bounce", "email": WHO, "id": 1, "reason": "server is down"},
}
COMPLAINT: dict[str, dict[str, Any]] = {
    "ses": {
        "eventType": "Complaint",
        "complaint": {
            "complainedRecipients": [{"emailAddress": WHO}],
            "complaintFeedbackType": "abuse",
        },
        "mail": SES_MAIL,
    },
    "sendgrid": {"email": WHO, "event": "spamreport", "sg_event_id": "two"},
    "postmark": {"RecordType": "SpamComplaint", "ID": 42, "Email": WHO},
    "mailgun": {"event": "complained", "id": "-Agny091SquKnsrW2NEKUA", "recipient": WHO},
    "brevo": {"event": "spam", "email": WHO, "id": 1},
}
UNKNOWN: dict[str, dict[str, Any]] = {
    "ses": {"eventType": "Levitation", "mail": SES_MAIL},
    "sendgrid": {"email": WHO, "event": "levitation", "sg_event_id": "three"},
    "postmark": {"RecordType": "Levitation", "Email": WHO},
    "mailgun": {"event": "levitation", "id": "x", "recipient": WHO},
    "brevo": {"event": "levitation", "email": WHO},
}
ALL = sorted(HARD)
SIGNED = ["mailgun", "sendgrid", "ses"]
pytestmark = pytest.mark.usefixtures("fetched")


def post(place: Place, provider: str, event: Any, at: datetime | None = None) -> int:
    body, headers = request(provider, event, at or place.moment[0])
    return place.client.post(f"/hooks/{provider}", content=body, headers=headers).status_code


def rows(place: Place) -> list[WebhookEvent]:
    with database.reading(place.engine) as session:
        return list(session.scalars(sa.select(WebhookEvent).order_by(WebhookEvent.id)))


def counted(place: Place, provider: str, outcome: str) -> float:
    hooks: Hooks = place.client.app.state.hooks  # type: ignore[attr-defined]
    samples = next(hooks.collect()).samples
    wanted = {"provider": provider, "outcome": outcome}
    return sum(one.value for one in samples if one.labels == wanted)


@pytest.mark.parametrize("provider", ALL)
def test_a_dead_mailbox_is_suppressed_once(place: Place, provider: str) -> None:
    for _ in range(3):
        assert post(place, provider, HARD[provider]) == 200
    assert place.status(WHO) == Status.BOUNCED
    assert [event.kind for event in place.events()] == [EventKind.BOUNCE]
    (row,) = rows(place)
    assert (row.provider, row.meaning, row.error) == (provider, "hard", None)
    assert row.delivery_id == place.delivery(WHO).id
    assert WHO in str(row.body)
    assert counted(place, provider, "repeated") == 2


@pytest.mark.parametrize("provider", ALL)
def test_who_complains_gets_no_more(place: Place, provider: str) -> None:
    assert post(place, provider, COMPLAINT[provider]) == 200
    assert place.status(WHO) == Status.COMPLAINED
    assert [event.kind for event in place.events()] == [EventKind.COMPLAINT]


@pytest.mark.parametrize("provider", ALL)
def test_an_unknown_type_is_kept_and_changes_nothing(place: Place, provider: str) -> None:
    assert post(place, provider, UNKNOWN[provider]) == 200
    assert place.status(WHO) == Status.ACTIVE
    assert [row.meaning for row in rows(place)] == ["other"]
    shown = place.client.get("/metrics").text
    assert f'newsletter_webhook_events{{meaning="other",provider="{provider}"}} 1.0' in shown
    assert "newsletter_webhook_requests_total" in shown


@pytest.mark.parametrize("provider", ALL)
def test_a_wrong_signature_is_refused_and_counted(place: Place, provider: str) -> None:
    body, headers = request(provider, HARD[provider], place.moment[0])
    wrong = {name: "x" + value[1:] for name, value in headers.items()}
    for given in (wrong, {}):
        changed = body.replace(b'"token": "tt', b'"token": "uu').replace(b"Permanent", b"Permament")
        answer = place.client.post(f"/hooks/{provider}", content=changed, headers=given)
        assert answer.status_code == 401
    assert rows(place) == []
    assert place.status(WHO) == Status.ACTIVE
    assert counted(place, provider, "signature") == 2


@pytest.mark.parametrize("provider", SIGNED)
@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_request_is_refused_and_counted(place: Place, provider: str, minutes: int) -> None:
    at = place.moment[0] + timedelta(minutes=minutes)
    assert post(place, provider, HARD[provider], at) == 401
    assert rows(place) == []
    assert counted(place, provider, "stale") == 1


@pytest.mark.parametrize("provider", ALL)
def test_a_huge_request_is_refused_and_counted(place: Place, provider: str) -> None:
    body, headers = request(provider, HARD[provider] | {"x": "x" * 1_100_000}, place.moment[0])
    answer = place.client.post(f"/hooks/{provider}", content=body, headers=headers)
    assert answer.status_code == 413
    pieces = (body[start : start + 60_000] for start in range(0, len(body), 60_000))
    answer = place.client.post(f"/hooks/{provider}", content=pieces, headers=headers)
    assert answer.status_code == 413
    assert counted(place, provider, "too large") == 2


@pytest.mark.parametrize("provider", ALL)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_what_proves_nothing_is_refused_whatever_it_is(
    place: Place, provider: str, body: bytes
) -> None:
    assert place.client.post(f"/hooks/{provider}", content=body).status_code == 401


def test_a_token_of_mailgun_signs_no_second_event(place: Place) -> None:
    assert post(place, "mailgun", UNKNOWN["mailgun"]) == 200
    assert post(place, "mailgun", HARD["mailgun"]) == 200  # the same timestamp and token
    assert place.status(WHO) == Status.ACTIVE


def test_an_event_names_its_copy_by_its_tag(place: Place) -> None:
    copy = place.delivery(WHO).id
    sender = return_path.tagged("bounces@news.example.org", place.settings.secret, copy)
    event = COMPLAINT["ses"] | {"mail": {"source": sender, "destination": ["other@example.net"]}}
    assert post(place, "ses", event) == 200
    assert place.status(WHO) == Status.COMPLAINED


def test_of_who_is_no_reader_nothing_is_kept(place: Place) -> None:
    event = HARD["postmark"] | {"Email": "stranger@example.net"}
    assert post(place, "postmark", event) == 200
    assert [(row.body, row.subscriber_id) for row in rows(place)] == [(None, None)]


def test_a_block_list_makes_no_dead_mailbox(place: Place) -> None:
    event = HARD["brevo"] | {"reason": "550 5.7.1 blocked, your IP is on a spam block list"}
    assert post(place, "brevo", event) == 200
    assert place.status(WHO) == Status.ACTIVE


def test_a_certificate_is_fetched_once_and_from_amazon_only(
    place: Place, fetched: list[str]
) -> None:
    for _ in range(2):
        post(place, "ses", UNKNOWN["ses"])
    assert fetched == [CERTIFICATE]
    for url in (
        CERTIFICATE.replace("https", "http"),
        CERTIFICATE.replace("amazonaws.com", "amazonaws.com.example.net"),
        CERTIFICATE.replace("//sns", "//user@sns"),
        CERTIFICATE.replace("eu-central-1", "us-east-1"),
        CERTIFICATE.replace(".com/", ".com:8443/"),
        CERTIFICATE + "?x",
        "https://sns.eu-central-1.amazonaws.com/other.pem",
    ):
        body = sns_message(UNKNOWN["ses"], place.moment[0], SigningCertURL=url)
        assert place.client.post("/hooks/ses", content=body).status_code == 401, url
    assert fetched == [CERTIFICATE]


def test_a_subscription_waits_for_the_operator(place: Place, fetched: list[str]) -> None:
    url = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    body = sns_message(
        "You have chosen to subscribe",
        place.moment[0],
        "SubscriptionConfirmation",
        SubscribeURL=url,
        Token="t",
    )
    assert place.client.post("/hooks/ses", content=body).status_code == 200
    assert fetched == [CERTIFICATE]
    (row,) = rows(place)
    assert json.loads(str(row.body)) == {"topic": TOPIC, "url": url}


def test_a_provider_that_is_not_turned_on_has_no_page(place: Place, tmp_path: Any) -> None:
    place.client.app.state.hooks = Hooks(  # type: ignore[attr-defined]
        providers.configured(Settings(home=tmp_path))
    )
    for provider in (*ALL, "other"):
        assert post(place, provider, {}) == 404


def test_events_are_exported_and_erased_with_the_reader_and_pruned(place: Place) -> None:
    assert post(place, "postmark", HARD["postmark"]) == 200
    assert post(place, "brevo", HARD["brevo"] | {"email": "trader@example.com"}) == 200
    with database.writing(place.engine) as session:
        held = records.everything(session, records.find(session, WHO))
        assert [one["provider"] for one in held["webhooks"]] == ["postmark"]
        consent.erase(session, WHO, now=place.moment[0])
    assert [row.provider for row in rows(place)] == ["brevo"]
    terms = RetentionLimits.of(place.settings, place.moment[0] + timedelta(days=31))
    assert retention.prune(place.engine, terms).webhooks == 1
    assert rows(place) == []
