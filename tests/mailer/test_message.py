"""Messages: valid to the byte, whatever names, subjects and bodies hold."""

import email
import email.policy
import re
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import listunsub
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer import message
from mailer.message import Identity, Message

IDENTITY = Identity(
    from_name="The Weekly Brief",
    from_address="newsletter@news.example.org",
    reply_to="editors@news.example.org",
    envelope_from="bounces@news.example.org",
    list_id="weekly.news.example.org",
    list_name="The Weekly Brief",
    edition="weekly-2026-W48",
    secret=b"a secret",
)
UNSUBSCRIBE = f"https://news.example.org/unsubscribe/{'x' * 200}"
NOW = datetime.fromisoformat("2026-11-24T09:00:00+00:00")
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
NASTY = ANY_TEXT | st.text(st.sampled_from('\r\n\0 :=?<>"\\@,;é😀\u202e\u2028a.'), max_size=200)


def build(**changes: Any) -> Message:
    values: dict[str, Any] = {
        "delivery_id": 12,
        "recipient": "reader@example.com",
        "subject": "Five generations of TPUs",
        "html": "<p>Hello</p>",
        "text": "Hello",
        "unsubscribe_url": UNSUBSCRIBE,
        "now": NOW,
        "identity": IDENTITY,
    }
    values |= changes
    return message.build(values.pop("identity"), **values)


def parsed(made: Message) -> EmailMessage:
    found = email.message_from_bytes(made.data, policy=email.policy.SMTP)
    assert isinstance(found, EmailMessage)
    assert [part.defects for part in found.walk()] == [[], [], []]
    return found


def header_names(made: Message) -> list[str]:
    head = made.data.partition(b"\r\n\r\n")[0]
    return [m.decode().lower() for m in re.findall(rb"^([^\s:]+):", head, re.MULTILINE)]


PLAIN_NAMES = header_names(build())


def test_every_header_stands_once_and_in_an_order_that_never_changes() -> None:
    assert len(PLAIN_NAMES) == len(set(PLAIN_NAMES))
    wanted = "from to subject date message-id list-unsubscribe list-unsubscribe-post list-id"
    assert set(wanted.split()) < set(PLAIN_NAMES)


@given(subject=NASTY, name=NASTY, text=NASTY, html=NASTY)
def test_no_text_can_add_a_header_or_break_the_form(
    subject: str, name: str, text: str, html: str
) -> None:
    identity = Identity(**{**IDENTITY.__dict__, "from_name": name, "list_name": name})
    made = build(subject=subject, text=text, html=html, identity=identity)
    assert header_names(made) == PLAIN_NAMES
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", made.data)
    assert max(map(len, made.data.split(b"\r\n"))) <= 998
    head = made.data.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    parsed(made)


@given(subject=ANY_TEXT)
def test_the_subject_reads_as_it_was_written(subject: str) -> None:
    wanted = message.plain(subject)
    if wanted:
        assert parsed(build(subject=subject))["Subject"] == wanted


@given(body=ANY_TEXT)
def test_both_parts_read_as_they_were_written(body: str) -> None:
    text, html = parsed(build(text=body, html=body)).iter_parts()
    wanted = body.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").replace("\0", "")
    for part in (text, html):
        assert isinstance(part, EmailMessage)
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert payload.decode().replace("\r\n", "\n").rstrip("\n") == wanted


def test_plain_text_comes_first_and_both_are_utf_8() -> None:
    kinds = [
        (part.get_content_type(), part.get_content_charset())
        for part in parsed(build()).iter_parts()
    ]
    assert kinds == [("text/plain", "utf-8"), ("text/html", "utf-8")]


def test_encoded_words_are_short_and_stand_apart() -> None:
    made = build(subject="Grüße 😀 " * 12)
    head = made.data.partition(b"\r\n\r\n")[0]
    words = re.findall(rb"=\?[^ \r\n]*\?=", head)
    assert len(words) > 2
    assert max(map(len, words)) <= 75
    assert b"?==?" not in head
    assert max(map(len, head.split(b"\r\n"))) <= max(78, len(UNSUBSCRIBE) + 20)


def test_a_long_unsubscribe_address_survives_in_one_piece() -> None:
    made = build()
    raw = re.search(rb"^List-Unsubscribe: (.*)$", made.data, re.MULTILINE)
    assert raw is not None
    assert raw[1].strip() == f"<{UNSUBSCRIBE}>".encode()
    found = parsed(made)
    audit = listunsub.audit(str(found["List-Unsubscribe"]), str(found["List-Unsubscribe-Post"]))
    assert not list(getattr(audit, "issues", audit)), audit


def test_the_message_id_is_stable_per_delivery_and_differs_between_them() -> None:
    assert build().message_id == build(subject="another").message_id
    assert build().message_id != build(delivery_id=13).message_id
    assert re.fullmatch(r"<[\w.-]+@news\.example\.org>", build().message_id)


def test_the_boundary_occurs_in_no_part() -> None:
    boundary = re.search(rb'boundary="([^"]+)"', build().data)
    assert boundary is not None
    made = build(text=f"--{boundary[1].decode()}--\n")
    assert len(list(parsed(made).iter_parts())) == 2


@pytest.mark.parametrize("address", ["jörg@example.com", "a@exämple.com"])
def test_an_international_address_asks_for_smtputf8_or_an_ascii_domain(address: str) -> None:
    made = build(recipient=address)
    assert made.smtputf8 or made.recipient.isascii()
