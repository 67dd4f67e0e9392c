"""Messages: valid to the byte, whatever names, subjects and bodies hold."""

import dataclasses
import email
import email.policy
import re
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import listunsub
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.mime import headers, message
from mailer.mime.message import Identity, Message

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
ANY_TEXT = st.text(max_size=200)
NASTY = ANY_TEXT | st.text(st.sampled_from('\r\n\0 :=?<>"\\@,;é😀\u202e\u2028a.-_'), max_size=200)
BODIES = NASTY | st.text(st.sampled_from("a \t\n.=é漢"), max_size=400) | st.just("漢字 " * 300)
HTML = "<p>Chips that stay “cool” hold their clock for a whole run.</p>\n" * 50


def build(identity: Identity = IDENTITY, **changes: Any) -> Message:
    values: dict[str, Any] = {
        "delivery_id": 12,
        "recipient": "reader@example.com",
        "subject": "Five generations of TPUs",
        "html": "<p>Hello</p>",
        "text": "Hello",
        "unsubscribe_url": UNSUBSCRIBE,
        "now": NOW,
    }
    return message.build(identity, **(values | changes))


def parsed(data: bytes) -> EmailMessage:
    found = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert isinstance(found, EmailMessage)
    assert [part.defects for part in found.walk()] == [[], [], []]
    return found


def contents(found: EmailMessage) -> list[tuple[str, str | None, str]]:
    """Kind, charset and text of each part, decoded strictly."""
    shown = []
    for part in found.iter_parts():
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        shown.append((part.get_content_type(), part.get_content_charset(), payload.decode()))
    return shown


def header_names(made: Message) -> list[str]:
    head = made.data.partition(b"\r\n\r\n")[0]
    return [m.decode().lower() for m in re.findall(rb"^([^\s:]+):", head, re.MULTILINE)]


PLAIN_NAMES = header_names(build())


def test_every_header_stands_once_and_in_an_order_that_never_changes() -> None:
    assert [
        *("from", "reply-to", "to", "subject", "date", "message-id"),
        *("list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id"),
        *("content-language", "mime-version", "content-type"),
    ] == PLAIN_NAMES


@given(subject=NASTY, name=NASTY, text=BODIES, html=BODIES)
def test_no_text_can_add_a_header_or_break_the_form(
    subject: str, name: str, text: str, html: str
) -> None:
    identity = dataclasses.replace(
        IDENTITY, from_name=name, list_name=name, edition=name, language=name
    )
    made = build(identity, subject=subject, text=text, html=html)
    assert header_names(made) == PLAIN_NAMES
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", made.data)
    assert made.data.isascii()
    head, _, body = made.data.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= message.LONGEST_LINE
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert not re.search(rb"[ \t]\r\n", body)
    assert re.fullmatch(r"<[\w-]+\.12\.[0-9a-f]{20}@news\.example\.org>", made.message_id)
    parsed(made.data)


@given(subject=ANY_TEXT)
def test_the_subject_reads_as_it_was_written(subject: str) -> None:
    wanted = headers.plain(subject) or IDENTITY.list_name
    assert parsed(build(subject=subject).data)["Subject"] == wanted


@given(text=BODIES, html=BODIES)
@example(" trailing \t\n\n. \n=\n", "--=_")
@example("x" * 5_000, "é" * 5_000)
def test_both_parts_read_as_they_were_written(text: str, html: str) -> None:
    read = contents(parsed(build(text=text, html=html).data))
    for written, (_, _, found) in zip((text, html), read, strict=True):
        wanted = written.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        wanted = wanted.encode("utf-8", "replace").decode()  # half characters become ?
        assert found.replace("\r\n", "\n") == wanted


def test_it_is_what_the_standard_library_would_send() -> None:
    subject, text = "Größe und Gewicht: five “generations”", "First – a line\n\n. dot\n" * 40
    made = parsed(build(subject=subject, text=text, html=HTML).data)
    theirs = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=998))
    for name in ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Unsubscribe"):
        theirs[name] = made[name]
    theirs.set_content(text)
    theirs.add_alternative(HTML, subtype="html")
    again = parsed(theirs.as_bytes())
    for name in again:
        if name.lower() not in ("content-type", "mime-version"):
            assert made[name] == again[name]
    assert made.get_content_type() == again.get_content_type() == "multipart/alternative"
    assert [
        (kind, charset, found.replace("\r\n", "\n")) for kind, charset, found in contents(made)
    ] == [(kind, charset, found.replace("\r\n", "\n")) for kind, charset, found in contents(again)]
    assert [kind for kind, _, _ in contents(made)] == ["text/plain", "text/html"]


def encodings(made: Message) -> list[str]:
    return [str(part["Content-Transfer-Encoding"]) for part in parsed(made.data).iter_parts()]


def test_the_shorter_encoding_of_a_part_is_taken() -> None:
    made = build(text="五世代の演算装置\n" * 100, html=HTML)
    assert encodings(made) == ["base64", "quoted-printable"]


@pytest.mark.parametrize("length", [30, 200, 900])
def test_an_unsubscribe_address_of_any_length_survives_in_one_piece(length: int) -> None:
    url = f"https://news.example.org/unsubscribe/{'x' * length}"
    made = build(unsubscribe_url=url)
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in made.data
    found = parsed(made.data)
    audit = listunsub.audit(str(found["List-Unsubscribe"]), str(found["List-Unsubscribe-Post"]))
    assert not list(getattr(audit, "issues", audit)), audit


@pytest.mark.parametrize(
    "url", ["https://x.org/>\r\nBcc: y@x.org", "https://x.org/a b", "mailto:x@x.org", "", "https://",
            f"https://x.org/{'x' * 990}", "https://exämple.org/"]
)  # fmt: skip
def test_an_address_that_cannot_stand_there_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="List-Unsubscribe"):
        build(unsubscribe_url=url)


def test_one_click_is_promised_over_tls_only() -> None:
    names = header_names(build(unsubscribe_url="http://localhost:8000/unsubscribe/x"))
    assert set(PLAIN_NAMES) - set(names) == {"list-unsubscribe-post"}


def test_the_message_id_is_stable_per_delivery_and_differs_between_them() -> None:
    known = build().message_id
    assert known == build(subject="another", now=NOW + timedelta(days=1)).message_id
    others = [build(delivery_id=n).message_id for n in range(100) if n != 12]
    others += [build(dataclasses.replace(IDENTITY, edition="weekly-2026-W49")).message_id]
    others += [build(dataclasses.replace(IDENTITY, secret=b"another")).message_id]
    assert known not in others
    assert len(set(others)) == len(others)


def test_the_same_copy_made_twice_is_the_same_bytes() -> None:
    assert build().data == build().data


def test_the_boundary_occurs_in_no_part() -> None:
    boundary = re.search(rb'boundary="([^"]+)"', build().data)
    assert boundary is not None
    for body in (f"--{boundary[1].decode()}--\n", f"漢字漢字\n--{boundary[1].decode()}\n" * 9):
        assert len(list(parsed(build(text=body, html=body).data).iter_parts())) == 2


@pytest.mark.parametrize(
    ("address", "carried", "smtputf8"),
    [
        ("reader@example.com", "reader@example.com", False),
        ("reader@exämple.com", "reader@xn--exmple-cua.com", False),
        ("jörg@exämple.com", "jörg@xn--exmple-cua.com", True),
    ],
)
def test_to_is_the_one_recipient_in_ascii_where_it_can_be(
    address: str, carried: str, smtputf8: bool
) -> None:
    made = build(recipient=address)
    assert (made.recipient, made.smtputf8) == (carried, smtputf8)
    assert f"\r\nTo: <{carried}>\r\n".encode() in made.data
    assert made.data.isascii() is not smtputf8


@given(st.text(st.sampled_from('ab@.<>,;: \r\n\0"()é'), max_size=20))
@example("a@b.c>\r\nBcc: x@example.org")
def test_no_recipient_adds_another(recipient: str) -> None:
    try:
        made = build(recipient=recipient)
    except ValueError:
        return
    assert header_names(made) == PLAIN_NAMES
    head = made.data.partition(b"\r\n\r\n")[0]
    assert f"\r\nTo: <{made.recipient}>\r\n".encode() in head


@pytest.mark.parametrize(
    ("domain", "sender"),
    [
        ("a.co", "a.co-"),
        ("example.org", "example.org"),
        ("news.example.org", "example.org"),
        ("one-rather-long-name.org", "one-rather-long"),
    ],
)
def test_the_sender_in_feedback_id_has_five_to_fifteen_characters(domain: str, sender: str) -> None:
    made = build(dataclasses.replace(IDENTITY, from_address=f"news@{domain}"))
    assert str(parsed(made.data)["Feedback-ID"]) == f"weekly-2026-W48:{sender}"


def test_a_mail_may_unsubscribe_too_and_the_signature_holds() -> None:
    """RFC 2369, RFC 6068: the token of the page is the subject of the mail."""
    identity = dataclasses.replace(IDENTITY, unsubscribe_address="leave@news.example.org")
    found = parsed(build(identity).data)
    assert str(found["List-Unsubscribe"]).split() == [
        f"<{UNSUBSCRIBE}>,",
        f"<mailto:leave@news.example.org?subject=unsubscribe%20{'x' * 200}>",
    ]
    audit = listunsub.audit(str(found["List-Unsubscribe"]), str(found["List-Unsubscribe-Post"]))
    assert not list(getattr(audit, "issues", audit)), audit
