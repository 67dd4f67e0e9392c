"""Signatures of webhooks are those of Standard Webhooks."""

import base64
import hashlib
import hmac

import pytest

from recommender.safety import standard_webhooks as webhooks

PUBLISHED = (  # the example of the reference libraries
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1614265330,
    b'{"test": 2432232314}',
)


def test_the_example_of_the_reference_libraries_is_signed_as_there() -> None:
    assert webhooks.headers(*PUBLISHED) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_that_is_made_can_be_used() -> None:
    secret = webhooks.make()
    assert secret != webhooks.make()
    digest = hmac.new(base64.b64decode(secret[6:]), b"msg_1.1.{}", hashlib.sha256).digest()
    signed = webhooks.headers(secret, "msg_1", 1, b"{}")["webhook-signature"]
    assert base64.b64decode(signed.removeprefix("v1,")) == digest


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_?", "a" * 99],
)
def test_what_is_no_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="in base64") as refusal:
        webhooks.key(secret)
    assert secret in ("", "whsec_") or secret not in str(refusal.value)
