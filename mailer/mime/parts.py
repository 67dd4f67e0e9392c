"""The parts of a message, encoded for the wire: what many copies share is encoded only once.

A part is quoted-printable, or base64 where that is shorter (RFC 2045 section 6). Its text comes in
pieces, as a template yields them; most are the same in every copy, so a ``FragmentEncoder`` sets
each, and whoever fills the template remembers it. A soft line break joins two pieces, so each can
be encoded on its own (rule 5 of RFC 2045 section 6.7). What differs, the links, stands in the
pieces as placeholders. Every part is in DKIM's relaxed form as it stands (RFC 6376 section 3.4.4):
no tab, no two spaces in a row, no space at the end of a line.
"""

import binascii
import itertools
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

SOFT_BREAK = b"=\r\n"
LONGEST_LINE = 76
"""Characters of an encoded line (RFC 2045 section 6.7)."""
NO_PLACEHOLDER = ""
"""Stands where a piece ends without a placeholder; nothing is put in its place."""

_DOTS = re.compile(rb"^\.+", re.MULTILINE)
_TOO_LONG = re.compile(rb"^(?=.{77})(.+)(=20|=09)$", re.MULTILINE)
"""A line that the space before its end has made too long; the library does not count it."""

_RUN = re.compile(rb"(?<= ) +")
_QUOTED_SPACE, _QUOTED_TAB = b"\xff", b"\xfe"
"""Stand for a space and a tab that are to be quoted, since UTF-8 has no such bytes."""

Encoding = Literal["quoted-printable", "base64"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A part's body on the wire, with the CRLF that ends its last line."""

    encoding: Encoding
    pieces: Sequence[bytes]

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


def encode(text: str) -> Encoded:
    """A part in whichever encoding is shorter; all line ends become CRLF."""
    lines = _lines(text)
    raw = lines.encode("utf-8", "replace")
    if _rather_base64(len(raw), len(raw) - len(lines)):
        return Encoded("base64", (_base64(raw.replace(b"\n", b"\r\n")),))
    return Encoded("quoted-printable", (_quoted(raw) + b"\r\n",))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _rather_base64(size: int, beyond_ascii: int) -> bool:
    """Each byte beyond ASCII takes three in quoted-printable; base64 adds a third to all. Most such
    characters have two or three bytes, so it pays from about one character in ten."""
    return 10 * beyond_ascii > size


def _quoted(raw: bytes, *, goes_on: bool = False) -> bytes:
    """Quoted-printable without a dot at the beginning of a line (RFC 2049 section 3), so that none
    is to be doubled on the way (RFC 5321 section 4.5.2). With ``goes_on`` other text may follow: a
    soft line break ends the last line, unless that has an end."""
    if b"  " in raw:
        raw = _RUN.sub(lambda spaces: _QUOTED_SPACE * len(spaces[0]), raw)
    if b"\t" in raw:
        raw = raw.replace(b"\t", _QUOTED_TAB)
    lines = binascii.b2a_qp(raw, istext=True)
    lines = lines.replace(b"=FF", b"=20").replace(b"=FE", b"=09")
    if b" \n" in raw:
        lines = _TOO_LONG.sub(rb"\1=\n\2", lines)
    if goes_on and raw and not raw.endswith(b"\n"):
        if len(lines) - lines.rfind(b"\n") - 1 == LONGEST_LINE:  # no room for the "=" of the break
            last = 3 if lines[-3:-2] == b"=" else 1
            lines = lines[:-last] + b"=\n" + lines[-last:]
        lines += b"=\n"
    if lines.startswith(b".") or b"\n." in lines:
        lines = _DOTS.sub(lambda dots: b"=2E=\n" * len(dots[0]), lines)
    return lines.replace(b"\n", b"\r\n")


def _base64(raw: bytes) -> bytes:
    """Base64 in lines of 76 characters (RFC 2045 section 6.8)."""
    text = binascii.b2a_base64(raw, newline=False)
    lines = [text[start : start + LONGEST_LINE] for start in range(0, len(text), LONGEST_LINE)]
    return b"".join([line + b"\r\n" for line in lines])


class Placeholders:
    """Links that are not known yet: the composition's ``Links``, the same for every delivery.

    Each stands for one link of a copy and is filled in when that copy is put together. A mark of
    this object's own keeps anything that articles or readers write from being taken for a
    placeholder.
    """

    def __init__(self) -> None:
        self._mark = f"slot{secrets.token_hex(8)}"
        self.pattern = re.compile(f"({self._mark}[a-z]+[0-9]*x)")
        self.meanings = _Meanings(self._mark)

    def click(self, delivery_id: int, story_id: int) -> str:
        return f"{self._mark}click{story_id}x"

    def feedback(self, delivery_id: int, story_id: int, kind: Literal["more", "less"]) -> str:
        return f"{self._mark}{kind}{story_id}x"

    def unsubscribe(self, delivery_id: int) -> str:
        return f"{self._mark}unsubscribex"

    def preferences(self, delivery_id: int) -> str:
        return f"{self._mark}preferencesx"

    def view(self, delivery_id: int) -> str:
        return f"{self._mark}viewx"

    def keep(self, delivery_id: int) -> str:
        return f"{self._mark}keepx"


class _Meanings(dict[str, tuple[str, int | None]]):
    """What each placeholder stands for: the kind of link, and its story (None for links of the
    copy)."""

    def __init__(self, mark: str) -> None:
        super().__init__()
        self._mark = mark

    def __missing__(self, placeholder: str) -> tuple[str, int | None]:
        kind = placeholder[len(self._mark) : -1].rstrip("0123456789")
        story = placeholder[len(self._mark) + len(kind) : -1]
        self[placeholder] = found = kind, int(story) if story else None
        return found


class LinkValues:
    """The links of one copy. ``links`` makes what placeholders mean, the same each time it is
    asked."""

    __slots__ = ("_links", "_meanings", "_on_the_wire")

    def __init__(
        self,
        placeholders: Placeholders,
        links: Callable[[Iterable[tuple[str, int | None]]], list[bytes]],
    ) -> None:
        self._meanings = placeholders.meanings
        self._links = links
        self._on_the_wire = {NO_PLACEHOLDER: b""}

    def on_the_wire(self, placeholders: Sequence[str]) -> Iterable[bytes]:
        """How the link of each of these stands in a part."""
        made, meanings = self._on_the_wire, self._meanings
        new = set(placeholders).difference(made)
        links = self._links(map(meanings.__getitem__, new))
        for placeholder, url in zip(new, links, strict=True):
            if len(url) < LONGEST_LINE and b"=" not in url and url.isascii():
                made[placeholder] = url + SOFT_BREAK
            else:
                made[placeholder] = _quoted(url, goes_on=True)
        return map(made.__getitem__, placeholders)

    def link(self, placeholder: str) -> bytes:
        """The link itself."""
        return self._links([self._meanings[placeholder]])[0]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A piece of text (in parts, if it was joined of several), and how it looks on the wire: texts
    (``bytes``) and placeholders (``str``) by turns, beginning with a text and ending with a
    placeholder."""

    texts: tuple[str, ...]
    chunks: tuple[bytes | str, ...]
    size: int
    beyond_ascii: int


class FragmentEncoder:
    """Puts pieces of text together as one encoded part; ``clean`` is applied to each first. Safe to
    share between threads."""

    def __init__(self, placeholders: Placeholders, clean: Callable[[str], str] = str) -> None:
        self._pattern = placeholders.pattern
        self._clean = clean

    def set(self, text: str) -> Piece:
        """A text as a piece."""
        # The pattern is one group, so texts and placeholders come by turns.
        parts = self._pattern.split(self._clean(text))
        chunks: list[bytes | str] = []
        size = beyond_ascii = 0
        for part, placeholder in itertools.zip_longest(
            parts[::2], parts[1::2], fillvalue=NO_PLACEHOLDER
        ):
            lines = _lines(part)
            raw = lines.encode("utf-8", "replace")
            size, beyond_ascii = size + len(raw), beyond_ascii + len(raw) - len(lines)
            chunks += [_quoted(raw, goes_on=True), placeholder]
        return Piece((text,), tuple(chunks), size, beyond_ascii)

    def join(self, pieces: Sequence[Piece]) -> Piece:
        """Several pieces as one: where none ends with a placeholder, its text goes with the
        next."""
        chunks: list[Any] = [b""]
        for piece in pieces:
            chunks[-1] += piece.chunks[0]
            chunks += piece.chunks[1:]
            if chunks[-1] == NO_PLACEHOLDER:
                chunks.pop()
            else:
                chunks.append(b"")
        return Piece(
            tuple([text for piece in pieces for text in piece.texts]),
            (*chunks, NO_PLACEHOLDER),
            sum(piece.size for piece in pieces),
            sum(piece.beyond_ascii for piece in pieces),
        )

    def part(self, pieces: Sequence[Piece], link_values: LinkValues) -> Encoded:
        """The part of these pieces, each placeholder replaced by its link."""
        chunks: list[Any] = []
        size = beyond_ascii = 0
        for piece in pieces:
            chunks += piece.chunks
            size += piece.size
            beyond_ascii += piece.beyond_ascii
        if _rather_base64(size, beyond_ascii):
            return encode(self.text(pieces, link_values))
        chunks[1::2] = link_values.on_the_wire(chunks[1::2])
        chunks.append(b"\r\n")
        return Encoded("quoted-printable", chunks)

    def size(self, pieces: Sequence[Piece], link_values: LinkValues) -> int:
        """Bytes of what the part of these pieces says (UTF-8)."""
        counted = Counter(str(one) for piece in pieces for one in piece.chunks[1::2] if one)
        links = sum(number * len(link_values.link(one)) for one, number in counted.items())
        return links + sum(piece.size for piece in pieces)

    def text(self, pieces: Sequence[Piece], link_values: LinkValues) -> str:
        """What the part of these pieces says once it is decoded."""
        whole = self._clean("".join([text for piece in pieces for text in piece.texts]))
        return self._pattern.sub(
            lambda placeholder: link_values.link(placeholder[0]).decode(), whole
        )
