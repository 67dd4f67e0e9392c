"""A bounce is hard when the mailbox is dead, and soft for everything that may pass."""

import pytest

from mailer.inbound.bounce_classes import classify


@pytest.mark.parametrize(
    ("status", "words", "kind", "enhanced", "about"),
    [
        ("5.1.1", "550 user unknown", "hard", "5.1.1", "mailbox"),
        ("5.0.0", "550 5.1.1 gone", "hard", "5.1.1", "mailbox"),
        ("5.7.1", "554 5.7.1 blocked by policy", "soft", "5.7.1", "message"),
        ("4.4.7", "expired", "soft", "4.4.7", "unreached"),
    ],
)
def test_a_failure_is_classified_as_its_reply_at_rcpt_would_be(
    status: str, words: str, kind: str, enhanced: str, about: str
) -> None:
    bounce = classify(status, words, failed=True)
    assert (bounce.kind, bounce.status, bounce.about) == (kind, enhanced, about)


def test_a_delay_is_soft_and_says_nothing_of_the_mailbox() -> None:
    bounce = classify("4.4.1", "", failed=False)
    assert (bounce.kind, bounce.about, bounce.words) == ("soft", None, "delayed 4.4.1")
