"""Bounces without a report: a mail system says in words what happened, and quotes a reply."""

import pytest

from mailer.inbound import formats

from .reports import ID

QUOTED = """\
Subject: {subject}
From: {sender}

Your message could not be delivered to one recipient.

  r@example.com
    host mx.example.com: {reply}

--- The header of the message follows

Message-ID: {id}
"""


def bounce(reply: str, *, sender: str, subject: str = "Undelivered mail") -> bytes:
    return QUOTED.format(reply=reply, sender=sender, subject=subject, id=ID).encode()


@pytest.mark.parametrize(
    ("reply", "kind", "status"),
    [
        ("550 5.1.1 no such user here", "hard", "5.1.1"),
        ("550 user unknown", "hard", "5.0.0"),
        ("552 5.2.2 mailbox full", "soft", "5.2.2"),
    ],
)
def test_a_quoted_reply_is_classified_and_the_copy_is_named(
    reply: str, kind: str, status: str
) -> None:
    value = formats.parse(bounce(reply, sender="Mail Delivery System <MAILER-DAEMON@example.net>"))
    assert value is not None
    assert (value.kind, value.status, value.identifiers.message_ids) == (kind, status, (ID,))


def test_a_person_who_quotes_a_reply_sent_no_bounce() -> None:
    assert formats.parse(bounce("550 no", sender="r@example.com", subject="A question")) is None
