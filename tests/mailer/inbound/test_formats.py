"""Notifications as servers write them, and as anybody could."""

import time

import pytest

from mailer.inbound import formats
from mailer.inbound.notification import CopyIdentifiers

from .reports import bounce, failed


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"Subject: out of office\n\nI am away.\n",
        b"Content-Type: multipart/report; boundary=b\n\nno parts",
    ],
)
def test_what_is_no_notification_is_none(data: bytes) -> None:
    assert formats.parse(data) is None


def test_a_bounce_of_nothing_of_ours_is_understood_and_names_nobody() -> None:
    value = formats.parse(bounce(failed("5.1.1", "550 no"), returned="Subject: without an id\n"))
    assert value is not None
    assert (value.kind, value.identifiers) == ("hard", CopyIdentifiers())


def test_nested_without_end_is_read_to_a_depth() -> None:
    deep = b"Content-Type: message/rfc822\n\n" * 5_000
    report = bounce(failed("5.1.1", "550 5.1.1 gone"))
    assert formats.parse(deep + report) is None
    assert formats.parse(b"Content-Type: message/rfc822\n\n" + report) is not None


@pytest.mark.parametrize(
    "block",
    [b"word ", b"a@", b"\n ", b"<", b"boundary = ", b"550 ", b"\n\n", b"--b\n", b"x: y\n", b"\xff"],
)
def test_reading_takes_time_in_proportion_to_size(block: bytes) -> None:
    def seconds(size: int) -> float:
        said = failed("5.1.1", "550 5.1.1 X").encode().replace(b"X", block * (size // len(block)))
        data = bounce(failed("5.1.1", "550 5.1.1 MARK")).replace(
            failed("5.1.1", "550 5.1.1 MARK").encode(), said
        )
        start = time.process_time()
        formats.parse(data)
        return time.process_time() - start

    assert seconds(2_000_000) < 2.0
