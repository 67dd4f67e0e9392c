"""POP3: of a message that is too large the beginning is taken."""

import pytest

from mailer.inbound.polling import mailbox_url, pop3
from tests.mailer.dovecot import Dovecot


def test_of_a_large_message_the_beginning_is_taken(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pop3, "LARGEST", 1_000)
    dovecot.add(b"Subject: large\r\n\r\n" + b"x" * 70 + b"\r\n" * 500, "large")
    dovecot.add(b"Subject: " + b"y" * 2_000 + b"\r\n\r\n", "wide")
    [mailbox] = mailbox_url.parse(dovecot.url("pop3s"))
    found = list(pop3.collect(mailbox, timeout=10, seconds=10))
    assert [message[:9] for message in found] == [b"Subject: "] * 2
    assert max(len(message) for message in found) <= 1_002
