"""The parts of a message, encoded for the wire: what many copies share is encoded only once.

A part is quoted-printable, or base64 where that is shorter (RFC 2045 section 6). Its text comes in
pieces, as a template yields them; most are the same in every copy, so a ``Typesetter`` remembers
how each looks on the wire. A soft line break joins two pieces, so each can be encoded on its own
(rule 5 of RFC 2045 section 6.7). What differs, the links, stands in the pieces as slots.
"""

import binascii
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

SOFT_BREAK = b"=\r\n"
LONGEST_LINE = 76
"""Characters of an encoded line (RFC 2045 section 6.7)."""
MOST_REMEMBERED = 32 * 1024 * 1024
"""Bytes of encoded pieces a ``Typesetter`` remembers before it starts anew."""

_DOTS = re.compile(rb"^\.+", re.MULTILINE)

Encoding = Literal["quoted-printable", "base64"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A part's body on the wire, with the CRLF that ends its last line."""

    encoding: Encoding
    body: bytes


def encode(text: str) -> Encoded:
    """A part in whichever encoding is shorter; all line ends become CRLF."""
    lines = _lines(text)
    raw = lines.encode("utf-8", "replace")
    if _rather_base64(len(raw), len(raw) - len(lines)):
        return Encoded("base64", _base64(raw.replace(b"\n", b"\r\n")))
    return Encoded("quoted-printable", _quoted(raw) + b"\r\n")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _rather_base64(size: int, beyond_ascii: int) -> bool:
    """Each byte beyond ASCII takes three in quoted-printable; base64 adds a third to all. Most such
    characters have two or three bytes, so it pays from about one character in ten."""
    return 10 * beyond_ascii > size


def _quoted(raw: bytes) -> bytes:
    """Quoted-printable without a dot at the beginning of a line (RFC 2049 section 3), so that none
    is to be doubled on the way (RFC 5321 section 4.5.2)."""
    lines = binascii.b2a_qp(raw, istext=True)
    if lines.startswith(b".") or b"\n." in lines:
        lines = _DOTS.sub(lambda dots: b"=2E=\n" * len(dots[0]), lines)
    return lines.replace(b"\n", b"\r\n")


def _base64(raw: bytes) -> bytes:
    """Base64 in lines of 76 characters (RFC 2045 section 6.8)."""
    text = binascii.b2a_base64(raw, newline=False)
    lines = [text[start : start + LONGEST_LINE] for start in range(0, len(text), LONGEST_LINE)]
    return b"".join([line + b"\r\n" for line in lines])


class Slots:
    """Links that are not known yet: the composition's ``Links``, the same for every delivery.

    Each stands for one link of a copy and is filled in when that copy is put together. A mark of
    this object's own keeps anything that articles or readers write from being taken for a slot.
    """

    def __init__(self) -> None:
        self._mark = f"slot{secrets.token_hex(8)}"
        self.pattern = re.compile(f"({self._mark}[a-z]+[0-9]*x)")
        self._meanings: dict[str, tuple[str, int]] = {}

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

    def meaning(self, slot: str) -> tuple[str, int]:
        """What a slot stands for: the kind of link, and its story (0 for links of the copy)."""
        found = self._meanings.get(slot)
        if found is None:
            kind = slot[len(self._mark) : -1].rstrip("0123456789")
            found = kind, int(slot[len(self._mark) + len(kind) : -1] or 0)
            self._meanings[slot] = found
        return found


class Filling(dict[str, bytes]):
    """The links of one copy: from slots to how each stands on the wire. ``link`` makes the link of
    a slot, the same each time it is asked."""

    def __init__(self, link: Callable[[str], str]) -> None:
        super().__init__()
        self.link = link

    def __missing__(self, slot: str) -> bytes:
        self[slot] = found = _on_the_wire(self.link(slot))
        return found


@dataclass(frozen=True, slots=True)
class _Piece:
    """How a piece looks on the wire: texts and, between them, slots (as ``str``)."""

    chunks: tuple[bytes | str, ...]
    size: int
    beyond_ascii: int


class Typesetter:
    """Puts pieces of text together as one encoded part; ``clean`` is applied to each first. Safe to
    share between threads."""

    def __init__(self, slots: Slots, clean: Callable[[str], str] = str) -> None:
        self._pattern = slots.pattern
        self._clean = clean
        self._known: dict[str, _Piece] = {}
        self._remembered = 0

    def set(self, pieces: Sequence[str], filling: Filling) -> Encoded:
        """The part of these pieces, each slot replaced by its link."""
        known = self._known
        chunks: list[bytes | str] = []
        size = beyond_ascii = 0
        for text in pieces:
            piece = known.get(text) or self._learn(text)
            chunks += piece.chunks
            size += piece.size
            beyond_ascii += piece.beyond_ascii
        if _rather_base64(size, beyond_ascii):
            whole = self._clean("".join(pieces))
            whole = self._pattern.sub(lambda slot: filling.link(slot[0]), whole)
            return encode(whole)
        filled = [filling[chunk] if isinstance(chunk, str) else chunk for chunk in chunks]
        filled.append(b"\r\n")
        return Encoded("quoted-printable", b"".join(filled))

    def _learn(self, text: str) -> _Piece:
        chunks: list[bytes | str] = []
        size = beyond_ascii = 0
        for part in self._pattern.split(self._clean(text)):
            if self._pattern.fullmatch(part):
                chunks.append(part)
            elif part:
                lines = _lines(part)
                raw = lines.encode("utf-8", "replace")
                size, beyond_ascii = size + len(raw), beyond_ascii + len(raw) - len(lines)
                end = b"" if raw.endswith(b"\n") else SOFT_BREAK
                chunks.append(_quoted(raw) + end)
        piece = _Piece(tuple(chunks), size, beyond_ascii)
        if self._remembered > MOST_REMEMBERED:
            self._known, self._remembered = {}, 0
        self._known[str(text)] = piece
        self._remembered += 2 * size + 200
        return piece


def _on_the_wire(url: str) -> bytes:
    raw = url.encode("utf-8", "replace")
    if len(raw) < LONGEST_LINE and b"=" not in raw and url.isascii():
        return raw + SOFT_BREAK
    return _quoted(raw) + SOFT_BREAK
