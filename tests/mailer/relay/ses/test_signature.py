"""AWS Signature Version 4 against AWS's own examples."""

from datetime import UTC, datetime

import pytest

from mailer.relay.http.api import Request
from mailer.relay.ses.signature import Signer

AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
EXAMPLE = Signer("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service")
GET = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
POST = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"


@pytest.mark.parametrize(("method", "signature"), [("GET", GET), ("POST", POST)])
def test_the_signature_is_that_of_the_test_suite(method: str, signature: str) -> None:
    """``get-vanilla`` and ``post-vanilla`` of the suite that AWS publishes for the algorithm."""
    signed = EXAMPLE.signed(Request(method, "/", {}), "example.amazonaws.com", AT)
    assert signed.fields == {
        "X-Amz-Date": "20150830T123600Z",
        "Authorization": "AWS4-HMAC-SHA256 "
        "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}",
    }


def test_nothing_of_a_key_is_shown() -> None:
    signed = EXAMPLE.signed(Request("GET", "/", {}), "example.amazonaws.com", AT)
    assert "AKIDEXAMPLE" not in f"{EXAMPLE!r}{signed!r}"
    assert "wJalr" not in f"{EXAMPLE!r}{signed!r}"
