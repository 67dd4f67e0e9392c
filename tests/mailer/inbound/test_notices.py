"""Notifications as servers write them, and as anybody could."""

import time

import pytest

from mailer.inbound import notices
from mailer.inbound.notices import Named

ID = "<weekly-2026-W48.7.0123456789abcdef0123@example.org>"
RETURNED = f"From: news@example.org\nMessage-ID: {ID}\nSubject: This week\n"


def bounce(block: str, *, kind: str = "message/delivery-status", returned: str = RETURNED) -> bytes:
    lines = (
        "From: MAILER-DAEMON@mx.example.net",
        "Subject: Undelivered",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "I am sorry.",
        "--b",
        f"Content-Type: {kind}",
        "",
        "Reporting-MTA: dns; mx.example.net",
        "",
        block,
        "--b",
        "Content-Type: text/rfc822-headers",
        "",
        returned,
        "--b--",
        "",
    )
    return "\n".join(lines).encode()


def failed(status: str, words: str, action: str = "failed") -> str:
    return (
        f"Final-Recipient: rfc822; r@example.com\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {words}"
    )


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
    notice = notices.read(bounce(block, kind=kind_of_part))
    assert notice is not None
    assert (notice.kind, notice.status, notice.named.message_ids) == (kind, status, (ID,))


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_good_news_is_none(action: str) -> None:
    assert notices.read(bounce(failed("2.0.0", "250 ok", action))) is None


def complaint(kind: str) -> bytes:
    return (
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nspam\n"
        "--b\nContent-Type: message/feedback-report\n\n"
        f"Feedback-Type: {kind}\nUser-Agent: loop/1\nVersion: 1\n\n"
        f"--b\nContent-Type: message/rfc822\n\n{RETURNED}\nhello\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        *(("abuse", True), ("fraud", True), ("not-spam", False)),
        *(("auth-failure", False), ("virus", False), ("other", False), ("", False)),
    ],
)
def test_who_complains_is_heard(kind: str, *, counts: bool) -> None:
    notice = notices.read(complaint(kind))
    assert (notice is not None) is counts
    assert notice is None or (notice.kind, notice.named.message_ids) == ("complaint", (ID,))


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
    assert notices.read(data) is None


def test_a_bounce_of_nothing_of_ours_is_understood_and_names_nobody() -> None:
    notice = notices.read(bounce(failed("5.1.1", "550 no"), returned="Subject: without an id\n"))
    assert notice is not None
    assert (notice.kind, notice.named) == ("hard", Named())


def test_an_answer_is_told_from_a_bounce() -> None:
    notice = notices.read(b"Subject: away\nAuto-Submitted: auto-replied\n\nback on Monday\n")
    assert notice is not None
    assert notice.kind == "reply"


def test_nested_without_end_is_read_to_a_depth() -> None:
    deep = b"Content-Type: message/rfc822\n\n" * 5_000
    report = bounce(failed("5.1.1", "550 5.1.1 gone"))
    assert notices.read(deep + report) is None
    assert notices.read(b"Content-Type: message/rfc822\n\n" + report) is not None


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
        notices.read(data)
        return time.process_time() - start

    assert seconds(2_000_000) < 2.0
