"""Header fields: any text goes in, the same text is read out, and nothing else comes of it."""

import email
import email.policy
import re
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.mime import headers

ANY = st.text(max_size=400)
NASTY = ANY | st.text(
    st.sampled_from('\r\n\0\t :=?<>"\\@,;()é😀\u202e\u2028\ud800a.'), max_size=200
)
ENCODED = re.compile(r"=\?utf-8\?([bq])\?([^ ?]*)\?=")


def unfolded(field: bytes) -> str:
    assert field.endswith(b"\r\n")
    return re.sub(r"\r\n(?=[ \t])", "", field.decode("ascii").removesuffix("\r\n"))


def lines(field: bytes) -> list[str]:
    return field.decode("ascii").removesuffix("\r\n").split("\r\n")


@given(NASTY)
@example("=?utf-8?q?forged?=")
@example("x" * 2000)
@example("Grüße " * 40)
@example("漢字かな" * 40)
@example("👩‍👩‍👧‍👦" * 30)
def test_any_text_is_one_field_and_reads_as_it_was_written(text: str) -> None:
    field = headers.free_text("Subject", text)
    value = unfolded(field).removeprefix("Subject: ")
    assert not re.search(r"[\r\n\0]", value)
    assert max(map(len, lines(field))) <= headers.LINE
    assert all(line.strip() for line in lines(field))
    assert str(make_header(decode_header(value))) == headers.plain(text)
    parsed = email.message_from_bytes(field + b"\r\n", policy=email.policy.default)
    assert parsed.keys() == ["Subject"]
    assert parsed["Subject"] == headers.plain(text)


@given(NASTY)
@example('A "quoted" name, with \\ and (comment)')
@example("Ünïcödé " * 20)
def test_any_name_is_one_mailbox(text: str) -> None:
    field = headers.mailbox("From", text, "news@example.org")
    assert max(map(len, lines(field))) <= 78
    parsed = email.message_from_bytes(field + b"\r\n", policy=email.policy.default)
    [mailbox] = parsed["From"].addresses
    assert mailbox.addr_spec == "news@example.org"
    name, address = parseaddr(unfolded(field).removeprefix("From: "))
    assert address == "news@example.org"
    assert str(make_header(decode_header(name))) == headers.plain(text)


@given(st.text(min_size=1, max_size=300), st.integers(30, 75))
def test_encoded_words_are_short_whole_and_apart(text: str, first: int) -> None:
    words = headers.encoded_words(text, first)
    assert len(words[0]) <= first
    assert max(map(len, words)) <= 75
    for word in words:  # each decodes alone: no character is cut in two
        assert ENCODED.fullmatch(word)
        [(raw, charset)] = decode_header(word)
        assert isinstance(raw, bytes)
        assert charset == "utf-8"
        raw.decode("utf-8")
    together = b"".join(decode_header(word)[0][0] for word in words)
    assert together.decode() == text.encode("utf-8", "replace").decode()


def test_the_shorter_of_both_encodings_is_taken() -> None:
    assert headers.free_text("Subject", "Das Gerät im Netz") == (
        b"Subject: =?utf-8?q?Das_Ger=C3=A4t_im_Netz?=\r\n"
    )
    assert b"?b?" in headers.free_text("Subject", "五世代の演算装置")


def test_plain_words_stay_as_they_are() -> None:
    assert headers.free_text("Subject", "Five generations of TPUs") == (
        b"Subject: Five generations of TPUs\r\n"
    )
    assert headers.mailbox("From", "R. D. Brief, Inc.", "a@b.org") == (
        b'From: "R. D. Brief, Inc." <a@b.org>\r\n'
    )


@pytest.mark.parametrize(
    ("address", "carried"),
    [
        ("reader@example.com", "reader@example.com"),
        ("o'brien+news@example.co.uk", "o'brien+news@example.co.uk"),
        ("reader@exämple.com", "reader@xn--exmple-cua.com"),
        ("reader@straße.example.com", "reader@xn--strae-oqa.example.com"),  # IDNA 2008, not strasse
        ("jörg@例え.jp", "jörg@xn--r8jz45g.jp"),
    ],
)
def test_a_domain_goes_out_in_ascii(address: str, carried: str) -> None:
    assert headers.on_the_wire(address) == carried


@given(st.text(st.sampled_from('ab@.<>,;: \r\n\0\x7f"()\\é\u2028\u00a0'), max_size=20))
@example("a@b.c>\r\nBcc: x@example.org")
@example("a@b.c, d@e.f")
@example("a@b\u2028c")
@example("a@:")
def test_nothing_but_one_address_passes(text: str) -> None:
    try:
        carried = headers.on_the_wire(text)
    except ValueError:
        return
    assert carried.count("@") == 1
    assert not re.search(r'[\s\x00-\x20\x7f<>,;:"()\\]', carried)
