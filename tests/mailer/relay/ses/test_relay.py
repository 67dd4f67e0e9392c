"""SES as a relay: its hosts by region."""

from pathlib import Path

import pytest

from mailer.relay.ses import relay as ses


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "email.us-east-1.amazonaws.com"),
        ("us-gov-west-1", "email.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "email.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_each_region_has_its_host(region: str, host: str) -> None:
    url = f"ses://AKIDEXAMPLE000000:hushhushhushhush@{region}"
    relay = ses.from_url(url, number=1, folder=Path("unused"))
    assert relay.endpoint.authority == relay.host == host
