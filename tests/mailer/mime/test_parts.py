"""Parts put together from pieces read the same as parts written in one go."""

import email
import json
import quopri
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.messages import CopyRequest, MessageFactory
from mailer.issue.composition import Composer
from mailer.issue.content import StoryContent
from mailer.issue.frame import Publication
from mailer.ledger.claims import Claim
from mailer.links import Links
from mailer.mime import dkim
from mailer.mime.message import Identity
from mailer.mime.parts import Encoded, FragmentEncoder, LinkValues, Placeholders, encode
from mailer.rendering.templates import Template
from tests.mailer.rendered import Renderer

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200)
ATOMS = st.sampled_from(["a", "=", ".", " ", "\t", "é", "語", "🙂", "\n", " \n", "\t\n", "..\n."])
SEAMS = st.builds(
    lambda before, width, after: before + "w" * width + after,
    st.sampled_from(["", "é", "\n", "= ", "."]),
    st.integers(60, 80),
    st.lists(ATOMS, max_size=4).map("".join),
)
"""Texts that end about where a line does."""
WEB = "https://news.example.org"


def decoded(part: Encoded) -> str:
    """The text of a part as a mail program reads it, without the CRLF before the boundary."""
    message = email.message_from_bytes(
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
        + part.encoding.encode()
        + b"\r\n\r\n"
        + part.body.removesuffix(b"\r\n"),
        policy=policy.default,
    )
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode("utf-8").replace("\r\n", "\n")


def typeset(
    pieces: Sequence[str],
    placeholders: Placeholders | None = None,
    link: Callable[[str, int | None], bytes] = lambda *_: b"",
) -> Encoded:
    placeholders = placeholders or Placeholders()
    setter = FragmentEncoder(placeholders)
    set_ = [setter.set(piece) for piece in pieces]
    half = len(set_) // 2
    values = LinkValues(placeholders, lambda targets: [link(*target) for target in targets])
    return setter.part([*set_[:half], setter.join(set_[half:])], values)


def as_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(st.lists(TEXTS, max_size=8))
def test_pieces_read_as_the_text_they_make_up(pieces: list[str]) -> None:
    # A lone CR that ends one piece, followed by LF in the next, is one line end or two: both are.
    pieces = [as_lines(piece) for piece in pieces]
    part = typeset(pieces)
    assert decoded(part).removesuffix("\n") == "".join(pieces).removesuffix("\n")


@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_every_line_is_short_and_ascii(pieces: list[str]) -> None:
    part = typeset(pieces)
    assert part.body.isascii()
    assert part.body.endswith(b"\r\n")
    assert all(len(line) <= 76 for line in part.body.split(b"\r\n"))
    assert b"\n" not in part.body.replace(b"\r\n", b"")


@given(st.lists(st.text("a.\n =", max_size=90), min_size=1, max_size=8))
def test_no_line_begins_with_a_dot_and_all_read_as_written(pieces: list[str]) -> None:
    part = typeset(pieces)
    lines = part.body.split(b"\r\n")
    assert not any(line.startswith(b".") for line in lines)
    assert all(len(line) <= 76 for line in lines)
    assert decoded(part).rstrip("\n") == "".join(pieces).rstrip("\n")


@given(st.lists(st.text("a \t\nÿ=", max_size=90) | SEAMS, min_size=1, max_size=8))
def test_a_part_is_in_the_relaxed_form_as_it_stands(pieces: list[str]) -> None:
    part = typeset(pieces)
    assert dkim.relaxed_body(part.body + b"--\r\n") == part.body + b"--\r\n"
    assert decoded(part).rstrip("\n") == "".join(pieces).rstrip("\n")


@given(st.lists(SEAMS | ATOMS, min_size=1, max_size=8))
def test_lines_are_short_wherever_two_pieces_meet(pieces: list[str]) -> None:
    part = typeset(pieces)
    lines = part.body.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert not any(line.startswith(b".") or line.endswith((b" ", b"\t")) for line in lines)
    assert decoded(part) == "".join(pieces)


@given(SEAMS)
def test_lines_of_a_part_in_one_piece_are_short_and_read_as_written(text: str) -> None:
    part = encode(text)
    assert max(map(len, part.body.split(b"\r\n"))) <= 76
    assert decoded(part) == text


@given(st.integers(0, 160), st.sampled_from(["", "=", "=%C3", "."]))
def test_lines_are_short_where_a_link_meets_its_neighbours(length: int, end: str) -> None:
    placeholders, link = Placeholders(), f"{WEB}/{'c' * length}{end}"
    part = typeset(["w" * 75, f"w{placeholders.view(0)}w"], placeholders, lambda *_: link.encode())
    assert max(map(len, part.body.split(b"\r\n"))) <= 76
    assert decoded(part).strip() == f"{'w' * 76}{link}w"


def test_slots_are_filled_with_links_of_any_length() -> None:
    placeholders = Placeholders()
    pieces = [f"<a href={placeholders.click(0, 7)}>", "read", f"</a> {placeholders.view(0)}"]
    long = "https://news.example.org/" + "x" * 200 + "?a=b"
    part = typeset(
        pieces,
        placeholders,
        lambda *meaning: long.encode() if meaning == ("click", 7) else b"https://e.org/v",
    )
    assert decoded(part).strip() == f"<a href={long}>read</a> https://e.org/v"
    assert all(len(line) <= 76 for line in part.body.split(b"\r\n"))


def test_a_text_that_is_mostly_beyond_ascii_goes_as_base64() -> None:
    placeholders = Placeholders()
    part = typeset(
        ["五世代の演算装置\n" * 9, placeholders.view(0)], placeholders, lambda *_: b"https://e.org"
    )
    assert part.encoding == "base64"
    assert decoded(part).strip() == "五世代の演算装置\n" * 9 + "https://e.org"


def test_the_size_of_a_part_is_that_of_what_it_says() -> None:
    placeholders = Placeholders()
    encoder = FragmentEncoder(placeholders)
    texts = ["<a>Straße</a> ", placeholders.view(0), f'" {placeholders.click(0, 7)}\n' * 2]
    pieces = [encoder.set(text) for text in texts]
    values = LinkValues(placeholders, lambda targets: [kind.encode() * 30 for kind, _ in targets])
    assert encoder.size(pieces, values) == len(encoder.text(pieces, values).encode())


def test_nobody_can_write_a_slot() -> None:
    mine, other = Placeholders(), Placeholders()
    part = typeset([other.view(0)], mine, lambda *_: b"filled")
    assert "filled" not in decoded(part)


@pytest.mark.parametrize("kind", ["more", "less"])
def test_a_slot_says_what_it_stands_for(kind: str) -> None:
    placeholders = Placeholders()
    assert placeholders.meanings[
        placeholders.feedback(1, 23, "more" if kind == "more" else "less")
    ] == (kind, 23)
    assert placeholders.meanings[placeholders.unsubscribe(1)] == ("unsubscribe", None)


def test_the_library_writes_the_same_content() -> None:
    text = "Straße, 50 % = half\n.dot\nFrom here\n trailing \n" + "long " * 60
    by_library = EmailMessage(policy=policy.SMTP)
    by_library.set_content(text, cte="quoted-printable")
    body = by_library.as_bytes().split(b"\r\n\r\n", 1)[1]
    ours = typeset([text[:11], text[11:]])
    assert quopri.decodestring(ours.body).rstrip() == quopri.decodestring(body).rstrip()


def test_a_copy_put_together_from_pieces_is_the_copy_rendered_whole(
    template: Template, stories: Mapping[str, StoryContent]
) -> None:
    secret = b"s" * 32
    factory = MessageFactory(
        Publication("The Brief", "weekly-2026-W48", None, "1 Street"),
        Identity("B", "b@example.org", None, "e@example.org", "l.example.org", "B", "e", secret),
        Links(WEB, [secret]),
        template,
        stories,
    )
    for number in range(1, 20):  # the later copies find what the first have left
        chosen = [str((number + place) % 7 + 1) for place in range(1 + number % 6)]
        documents = [
            {"story": int(key), "position": 1, "score": 1.0, "also": [],
             "reasons": [["topic", f"Topic {number % 3}", 1.0]]}
            for key in chosen
        ]  # fmt: skip
        roles = [["CTO"], ["Developer"], []][number % 3]
        claim = Claim(
            number, 1, 1, "mina@example.org", json.dumps(documents), json.dumps({"roles": roles}), 0
        )
        request = CopyRequest.of_claim(claim)
        made = email.message_from_bytes(factory.message(request, NOW).data, policy=policy.default)
        issue = Composer(factory.publication, stories, factory.links).compose(
            request.reader, request.picks, number
        )
        whole = Renderer(template).render(issue)
        assert factory.page(request) == whole
        for kind, wanted in (("html", whole.html), ("plain", whole.text)):
            body = made.get_body((kind,))
            assert body is not None
            assert as_lines(body.get_content()).strip() == wanted.strip()
