"""What flufl.bounce knows is asked of it, and what it cannot take is no error."""

from mailer.inbound import known_detectors

SMTP32 = b"""From: "Postmaster" <postmaster@example.net>
Subject: Undeliverable Mail
X-Mailer: <SMTP32 v8.05>

Delivery failed 20 attempts: reader@example.com

Original message follows.
"""


def test_a_form_of_one_system_is_known() -> None:
    assert known_detectors.failures(SMTP32) == ([], ["reader@example.com"])


def test_what_its_detectors_choke_on_is_no_bounce() -> None:
    assert known_detectors.failures(b"From: \xff\xfe\nContent-Type: \xff\n\n\xff") == ([], [])


def test_messages_within_messages_without_end_are_no_bounce() -> None:
    assert known_detectors.failures(b"Content-Type: message/rfc822\n\n" * 1_200) == ([], [])
