"""Delivery status notifications, as servers write them."""

import pytest

from mailer.inbound import formats

from .reports import ID, bounce, failed


@pytest.mark.parametrize(
    ("block", "kind", "status"),
    [
        (failed("5.1.1", "550 5.1.1 no such user"), "hard", "5.1.1"),
        (failed("5.0.0", "550 User unknown"), "hard", "5.0.0"),
        (failed("5.0.0", "550 5.1.1 <r>: gone"), "hard", "5.1.1"),
        (failed("5.4.1", "550 5.4.1 Recipient address rejected: Access denied."), "hard", "5.4.1"),
        (failed("5.1.1", "550 5.1.1 no such user", "Failed (permanent)"), "hard", "5.1.1"),
        (failed("5.4.4", "").rstrip("smtp; "), "soft", "5.4.4"),
        (failed("5.7.515", "550 5.7.515 Access denied, sending domain"), "soft", "5.7.515"),
        (failed("5.7.1", "550 5.7.1 spam"), "soft", "5.7.1"),
        (failed("5.1.1", "550 5.1.1 on a block list"), "soft", "5.1.1"),
        (failed("5.2.2", "552 5.2.2 mailbox full"), "soft", "5.2.2"),
        (failed("4.4.7", "450 4.4.7 expired"), "soft", "4.4.7"),
        (failed("4.4.1", "connection timed out", "delayed"), "soft", "4.4.1"),
    ],
)
@pytest.mark.parametrize(
    "kind_of_part", ["message/delivery-status", "message/global-delivery-status"]
)
def test_what_a_bounce_says(block: str, kind: str, status: str, kind_of_part: str) -> None:
    value = formats.parse(bounce(block, kind=kind_of_part))
    assert value is not None
    assert (value.kind, value.status, value.identifiers.message_ids) == (kind, status, (ID,))


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_good_news_is_none(action: str) -> None:
    assert formats.parse(bounce(failed("2.0.0", "250 ok", action))) is None
