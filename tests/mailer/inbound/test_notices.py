"""A notice is read without the copy it returns, and told from the answer of a person's machine."""

from mailer.inbound import notices
from mailer.inbound.mime_parts import parse_message


def test_the_text_ends_where_the_copy_begins() -> None:
    data = b"From: MAILER-DAEMON@x\n\nSorry.\n\n--- Below this line is a copy.\n\nHidden"
    assert notices.text(parse_message(data)).strip() == "Sorry."


def test_a_page_is_read_when_there_is_no_text() -> None:
    page = b"From: x\nContent-Type: text/html\n\n<style>p{}</style><p>No&nbsp;such<br>user</p>"
    assert notices.text(parse_message(page)).split() == ["No", "such", "user"]


def test_encoded_subjects_are_read_and_broken_ones_left() -> None:
    assert notices.decoded("=?utf-8?q?=C3=89chec?=") == "Échec"
    for broken in ("=?no-such?q?x?=", "=?utf-\udcff8?q?x?=", "=?utf-8?b?QUJD?D=?= =?é?b?x?="):
        assert notices.decoded(broken) == broken


def test_the_sender_is_a_system_by_name_or_by_its_fields() -> None:
    for header in (b"From: Mail Delivery System <a@b>", b"From: a@b\nX-Failed-Recipients: c@d"):
        assert notices.from_system(parse_message(header + b"\n\n")[0])
    assert not notices.from_system(parse_message(b"From: Ada <ada@example.com>\n\n")[0])
    assert notices.from_nobody(parse_message(b"Return-Path: <>\n\n")[0])


def test_answers_and_conversations_are_of_a_person() -> None:
    for header in (
        b"From: a@b\nSubject: Re: Undeliverable",
        b"From: a@b\nSubject: Out of Office",
        b"From: a@b\nPrecedence: auto_reply",
    ):
        assert notices.of_a_person(parse_message(header + b"\n\n")[0])
    assert not notices.of_a_person(parse_message(b"From: a@b\nSubject: Undeliverable\n\n")[0])
