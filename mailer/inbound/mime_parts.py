"""A message from outside, taken apart: fields and parts, in time that grows with its size only.

What is too large, too deep or too many is left out, never an error: a stranger wrote it. It walks
where the standard library's parser recurses, folds nothing, and judges nothing.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 10
MOST_PARTS = 100
MOST_FIELDS = 1_000
LONGEST_HEADER = 262_144
"""Bytes of a message's header that are read."""
WITHIN = frozenset({"message/rfc822", "message/global"})
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_END_OF_HEADER = re.compile(rb"(?:^|\n)\r?\n")
_BOUNDARY = re.compile(
    r"\bboundary\s{0,9}=\s{0,9}(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE
)
_CHARSET = re.compile(r"\bcharset\s{0,9}=\s{0,9}[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_KNOWN = re.compile(
    "utf-?(7|8|16)|iso-?(8859|2022)|windows-?\\d|cp\\d|koi8|gb|big5|euc|shift|us-ascii|latin",
    re.IGNORECASE,
)
"""Names of character sets; Python's codecs have others that cost more than their text is long."""


@dataclass(frozen=True)
class Part:
    """One part: its fields (names in small letters, values unfolded) and its body, decoded.
    ``depth`` is 0 for the message itself; ``returned``: the header of a message within it."""

    fields: tuple[tuple[str, str], ...]
    kind: str
    body: bytes
    depth: int
    returned: bool

    def value(self, name: str) -> str:
        """The first value of a field; empty when there is none."""
        return next(iter(self.values(name)), "")

    def values(self, *names: str) -> list[str]:
        return [value for known, value in self.fields if known in names]

    @property
    def text(self) -> str:
        """Its body in the character set it names, else in UTF-8 or what can be made of that."""
        found = _CHARSET.search(self.value("content-type"))
        charset = found[1].lower() if found and _KNOWN.match(found[1]) else "windows-1252"
        charset = "gb18030" if charset.startswith("gb") else charset
        stateful = charset.startswith(("iso-2022", "utf-16", "utf-7"))
        for name in (charset, "utf-8") if stateful else ("utf-8", charset):
            try:
                return self.body.decode(name)
            except (LookupError, ValueError):
                continue
        return self.body.decode("utf-8", "replace")


def parse_message(data: bytes) -> list[Part]:
    """The message and its parts, outermost first, in their order."""
    if b"\n" not in data:  # lines that end in CR alone
        data = data.replace(b"\r", b"\n")
    waiting = [(data, 0, False)]
    found: list[Part] = []
    while waiting and len(found) < MOST_PARTS:
        piece, depth, returned = waiting.pop()
        part = _part(piece, depth, returned=returned)
        found.append(part)
        if depth < DEEPEST:
            inner = [(piece, depth + 1, part.kind in WITHIN) for piece in _inner(part)]
            waiting.extend(reversed(inner))
    return found


def fields(block: bytes) -> tuple[tuple[str, str], ...]:
    """The fields of a header, or of a block of a report."""
    lines = _FOLD.sub(b"", block[:LONGEST_HEADER]).split(b"\n", MOST_FIELDS)[:MOST_FIELDS]
    pairs = (line.partition(b":") for line in lines)
    return tuple(
        (name.strip().lower().decode("ascii", "replace"), value.strip().decode("utf-8", "replace"))
        for name, colon, value in pairs
        if colon
    )


def _part(piece: bytes, depth: int, *, returned: bool) -> Part:
    end = _END_OF_HEADER.search(piece)
    head, body = (piece[: end.start()], piece[end.end() :]) if end else (piece, b"")
    known = fields(head)
    plain = Part(known, "", body, depth, returned)
    kind = plain.value("content-type").partition(";")[0].strip().lower() or "text/plain"
    encoding = plain.value("content-transfer-encoding").lower()
    if not kind.startswith("multipart/"):
        body = _decoded(body, encoding)
    return Part(known, kind, body, depth, returned)


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:
            letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
            return base64.b64decode(letters[: len(letters) // 4 * 4])
    return quopri.decodestring(body) if encoding == "quoted-printable" else body


def _inner(part: Part) -> Iterator[bytes]:
    """What a part consists of: the parts of a multipart, the message in a message."""
    if part.kind in WITHIN:
        yield part.body
        return
    found = _BOUNDARY.search(part.value("content-type"))
    if not part.kind.startswith("multipart/") or found is None:
        return
    name = re.escape((found[1] or found[2]).encode("utf-8", "replace"))
    start: int | None = None
    line = re.compile(rb"(?:^|(?<=\n))--" + name + rb"(--)?[ \t]*\r?(?:\n|$)")
    for number, frame in enumerate(line.finditer(part.body)):
        if start is not None:
            yield part.body[start : frame.start()]
        start = None if frame[1] else frame.end()
        if frame[1] or number > MOST_PARTS:
            return
    if start is not None:  # it was cut off
        yield part.body[start:]
