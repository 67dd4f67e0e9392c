"""Amazon SNS: the envelope in which SES publishes its events, its signature and certificates.

A message counts only when it is of a topic that the settings name. Its certificate is fetched from
``sns.<region>.amazonaws.com`` over https and from nowhere else, the region being the topic's; it is
remembered, and fetches are few, so that nobody can make this machine ask Amazon at will. The link
that confirms a subscription is never followed: it is kept with the event, and an operator opens it.
Source: docs.aws.amazon.com/sns, "Verifying the signatures of Amazon SNS messages", "Parsing Amazon
SNS message formats".
"""

import base64
import binascii
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mailer.inbound.webhooks.authentication import (
    KeyUnavailableError,
    SignatureError,
    check_fresh,
)
from recommender.safety import http_client

ARN = re.compile(
    r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]+)+-\d{1,2}):\d{12}:[\w-]{1,256}"
)
_CERTIFICATE_PATH = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{8,64}\.pem")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    ),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}
LIMITS = http_client.Limits(seconds=5.0, body=32_768, redirects=0)
MOST_CERTIFICATES = 20
FETCHES = 5
"""Fetches of certificates in WINDOW; there is one a year."""
WINDOW = timedelta(minutes=10)


def fetch(url: str) -> bytes:
    """The document at ``url``, which ``certificate_url`` has checked; no redirect is followed."""
    answer = http_client.get(url, {"User-Agent": "newsletter"}, LIMITS)
    if answer.status != 200:
        raise http_client.FetchError(f"{answer.status} {answer.reason}")
    return answer.body


@dataclass(frozen=True)
class _Certificate:
    key: rsa.RSAPublicKey
    begins: datetime
    ends: datetime


class Certificates:
    """The signing certificates that were fetched. Safe to share between threads."""

    def __init__(self, fetch: Callable[[str], bytes] = fetch) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._certificates: dict[str, _Certificate] = {}
        self._fetched: list[datetime] = []

    def key(self, url: str, *, now: datetime) -> rsa.RSAPublicKey:
        """The public key at ``url``; KeyUnavailableError when it cannot be had now, SignatureError
        when it has expired."""
        with self._lock:
            found = self._certificates.get(url) or self._load(url, now)
        if not found.begins <= now <= found.ends:
            raise SignatureError("the certificate has expired, or is not valid yet")
        return found.key

    def _load(self, url: str, now: datetime) -> _Certificate:
        self._fetched = [at for at in self._fetched if at > now - WINDOW]
        if len(self._fetched) >= FETCHES:
            raise KeyUnavailableError("too many certificates were fetched; try again later")
        self._fetched.append(now)
        try:
            certificate = x509.load_pem_x509_certificate(self._fetch(url))
        except (http_client.FetchError, ValueError) as error:
            raise KeyUnavailableError(f"the certificate cannot be fetched: {error}") from error
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise SignatureError("the certificate holds no RSA key")
        if len(self._certificates) >= MOST_CERTIFICATES:
            self._certificates.clear()
        found = _Certificate(key, certificate.not_valid_before_utc, certificate.not_valid_after_utc)
        self._certificates[url] = found
        return found


def host_of(topic: str) -> str:
    """Where the SNS of a topic's region is; SignatureError when ``topic`` is no ARN of a topic."""
    match = ARN.fullmatch(topic)
    if match is None:
        raise SignatureError("TopicArn is no ARN of a topic")
    return f"sns.{match[2]}.amazonaws.com" + (".cn" if match[1] == "aws-cn" else "")


def is_at(url: str, host: str) -> bool:
    """Whether ``url`` is of ``host`` over https at the usual port, with nobody's name in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    written = parts.netloc in (host, f"{host}:443")
    return url.isascii() and parts.scheme == "https" and port in (None, 443) and written


def certificate_url(message: Mapping[str, Any], topic: str) -> str:
    """The address of the certificate; SignatureError for one that may not be fetched."""
    url = message.get("SigningCertURL")
    if not isinstance(url, str) or not is_at(url, host_of(topic)):
        raise SignatureError("SigningCertURL is not at the SNS of the topic's region")
    parts = urlsplit(url)
    if not _CERTIFICATE_PATH.fullmatch(parts.path) or "?" in url or "#" in url:
        raise SignatureError("SigningCertURL is no address of a certificate")
    return url


def verify(
    message: Mapping[str, Any],
    topics: Sequence[str],
    certificates: Certificates,
    *,
    now: datetime,
    most: timedelta,
) -> None:
    """Raise SignatureError unless the message is of one of ``topics`` and signed by SNS, StaleError
    when it was published more than ``most`` ago, KeyUnavailableError when the certificate cannot be
    had now."""
    topic = message.get("TopicArn")
    if topic not in topics or not isinstance(topic, str):
        raise SignatureError("TopicArn is not the topic of the settings (hooks_ses_topic)")
    algorithm = _HASHES.get(str(message.get("SignatureVersion")))
    if algorithm is None:
        raise SignatureError("SignatureVersion is neither 1 nor 2")
    try:
        signature = base64.b64decode(str(message.get("Signature")), validate=True)
        at = datetime.fromisoformat(str(message.get("Timestamp")))
    except (ValueError, binascii.Error) as error:
        raise SignatureError("Signature or Timestamp cannot be read") from error
    url, data = certificate_url(message, topic), signed_data(message)
    key = certificates.key(url, now=now)
    try:
        key.verify(signature, data, padding.PKCS1v15(), algorithm())
    except InvalidSignature as error:
        raise SignatureError("the signature is wrong") from error
    if at.tzinfo is None:
        raise SignatureError("Timestamp has no time zone")
    check_fresh(at, now=now, most=most)


def signed_data(message: Mapping[str, Any]) -> bytes:
    """What is signed: names and values, a line each; SignatureError when one is missing."""
    names = _SIGNED.get(str(message.get("Type")))
    if names is None:
        raise SignatureError("Type is none that SNS documents")
    lines = []
    for name in names:
        value = message.get(name)
        if value is None and name == "Subject":
            continue
        if not isinstance(value, str):
            raise SignatureError(f"{name} is missing")
        lines += [name, value]
    try:
        return "".join(f"{line}\n" for line in lines).encode()
    except UnicodeEncodeError as error:
        raise SignatureError("a value holds half a character") from error
