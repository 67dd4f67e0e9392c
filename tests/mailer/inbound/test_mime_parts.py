"""A message from outside is taken apart; what is too deep or too many is left out."""

from mailer.inbound.mime_parts import DEEPEST, MOST_PARTS, fields, parse_message


def multipart(*parts: bytes) -> bytes:
    inner = b"".join(b"--b\n" + part + b"\n" for part in parts)
    return b"Content-Type: multipart/mixed; boundary=b\n\n" + inner + b"--b--\n"


def test_parts_come_outermost_first_with_their_fields_unfolded() -> None:
    folded = b"Subject: one\n  and two\n\ntext"
    top, first, second = parse_message(multipart(folded, b"Content-Type: text/html\n\n<p>"))
    assert (top.kind, top.depth) == ("multipart/mixed", 0)
    assert (first.kind, first.value("subject"), first.text) == (
        "text/plain",
        "one  and two",
        "text\n",
    )
    assert (second.kind, second.depth) == ("text/html", 1)


def test_bodies_are_decoded_and_broken_base64_as_far_as_it_goes() -> None:
    base64 = b"Content-Transfer-Encoding: base64\n\n"
    quoted = b"Content-Transfer-Encoding: quoted-printable\n\na=3Db"
    parts = parse_message(multipart(base64 + b"aGVsbG8=", base64 + b"aGVs*bG8hx", quoted))
    assert [part.text for part in parts[1:]] == ["hello", "hello!", "a=b\n"]


def test_a_returned_message_is_marked() -> None:
    _, inner = parse_message(b"Content-Type: message/rfc822\n\nMessage-ID: <1@example.org>\n\nx")
    assert (inner.returned, inner.value("message-id")) == (True, "<1@example.org>")


def test_depth_and_number_of_parts_are_bounded() -> None:
    deep = parse_message(b"Content-Type: message/rfc822\n\n" * 100)
    assert max(part.depth for part in deep) == DEEPEST
    assert len(parse_message(multipart(*[b"\nx"] * 500))) <= MOST_PARTS


def test_lines_without_a_colon_are_no_fields() -> None:
    assert fields(b"Status: 5.1.1\nnothing\nAction:failed") == (
        ("status", "5.1.1"),
        ("action", "failed"),
    )
