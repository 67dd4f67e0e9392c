"""Replies of readers and of their machines."""

from mailer.inbound import formats


def test_an_answer_is_told_from_a_bounce() -> None:
    value = formats.parse(b"Subject: away\nAuto-Submitted: auto-replied\n\nback on Monday\n")
    assert value is not None
    assert value.kind == "reply"
