"""Header fields as bytes: free text, mailboxes, encoded words, folding.

Written here because the standard library folds long structured fields into encoded words and may
put two of them side by side without a space; mailbox providers refuse both. No text can start a new
field or reach past its own: control and direction characters are gone before anything is encoded.
It knows the syntax of a field, never which fields a message has. Sources: RFC 5322, 2047, 6532.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

from email_validator import EmailNotValidError, validate_email

LINE = 76
"""Characters of a line that may hold encoded words (RFC 2047 section 2)."""
LONGEST_WORD = 60
"""A longer run without a space is encoded, since a plain one cannot be folded."""
_FRAME = len("=?utf-8?b??=")
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ASCII = re.compile(r"[\x20-\x7e]*")
_PLAIN = r'[^\s\x00-\x20\x7f-\x9f()<>\[\]\\,;:"@]+'
_ADDRESS = re.compile(rf"{_PLAIN}@({_PLAIN}|\[[A-Za-z0-9.:-]+\])")
"""A domain, or an address literal in brackets (RFC 5321 section 4.1.3)."""
_Piece = TypeVar("_Piece", str, bytes)
_AS_THEY_ARE = {c: c for c in map(chr, range(128)) if c.isalnum() or c in "!*+-/"} | {" ": "_"}


def plain(text: str) -> str:
    """One line without control characters, direction marks and half characters."""
    return " ".join(_CONTROL.sub(" ", text).split())


def free_text(name: str, text: str) -> bytes:
    """The field ``name`` with any text (``unstructured`` in RFC 5322), CRLF included."""
    value = plain(text)
    words = value.split(" ")
    if not _can_stay(value, words):
        words = encoded_words(value, LINE - len(f"{name}: "))
    return folded(name, words)


def mailbox(name: str, display: str, address: str) -> bytes:
    """The field ``name`` with ``display <address>``; ``address`` is one that ``on_the_wire`` gave,
    or a List-Id label."""
    display = plain(display)
    words = display.split(" ")
    if not display:
        words = []
    elif not _can_stay(display, words):
        words = encoded_words(display, LINE - len(f"{name}: "))
    elif not _ATOMS.fullmatch(display):
        escaped = display.replace("\\", "\\\\").replace('"', '\\"')
        words = f'"{escaped}"'.split(" ")  # a quoted string may be folded at its spaces, too
    return folded(name, [*words, f"<{address}>"])


def folded(name: str, words: list[str]) -> bytes:
    """``name: words`` on as few lines of LINE characters as hold them, folded at spaces only."""
    lines, line = [], f"{name}: {words[0]}"
    for word in words[1:]:
        if len(line) + 1 + len(word) > LINE:
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line]).encode("utf-8") + b"\r\n"


def encoded_words(text: str, first: int = 75) -> list[str]:
    """``text`` as encoded words (RFC 2047), whichever encoding is shorter; the first word has at
    most ``first`` characters, the others 75. No character is cut in two."""
    quoted = [_quoted(character) for character in text]
    raw = [character.encode("utf-8", "replace") for character in text]
    room, rest = first - _FRAME, 75 - _FRAME
    if sum(map(len, quoted)) <= sum(map(len, raw)) * 4 / 3:
        return [f"=?utf-8?q?{''.join(chunk)}?=" for chunk in _chunks(quoted, room, rest)]
    chunks = _chunks(raw, room // 4 * 3, rest // 4 * 3)
    return [f"=?utf-8?b?{b64encode(b''.join(chunk)).decode()}?=" for chunk in chunks]


def _chunks(pieces: Sequence[_Piece], first: int, others: int) -> Iterator[list[_Piece]]:
    """``pieces`` in groups whose lengths together are at most ``first``, then ``others``."""
    chunk: list[_Piece] = []
    left = first
    for piece in pieces:
        if len(piece) > left:
            yield chunk
            chunk, left = [], others
        chunk.append(piece)
        left -= len(piece)
    yield chunk


def _quoted(character: str) -> str:
    """The Q encoding in its narrowest form, fit for a display name, too (RFC 2047 section 5.3)."""
    safe = _AS_THEY_ARE.get(character)
    return safe or "".join(f"={byte:02X}" for byte in character.encode("utf-8", "replace"))


def _can_stay(value: str, words: list[str]) -> bool:
    """Whether a text needs no encoding: ASCII, not mistaken for encoded words, foldable."""
    short = len(value) <= LONGEST_WORD or max(map(len, words)) <= LONGEST_WORD
    return _ASCII.fullmatch(value) is not None and "=?" not in value and short


def on_the_wire(address: str) -> str:
    """An address as SMTP and headers carry it: the domain in ASCII, the local part as it is.

    What is still not ASCII needs SMTPUTF8 (RFC 6531). Raises ValueError for what is no address, so
    that nothing else can follow it in a header or a command.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"{address!r} is not an address")
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{ascii_domain(domain)}"


@lru_cache(maxsize=10_000)
def ascii_domain(domain: str) -> str:
    """A domain in A-labels (IDNA 2008, as email-validator reads it); ValueError if it has none."""
    if domain.isascii():
        return domain
    try:
        checked = validate_email(f"a@{domain}", check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"{domain!r} is not a domain: {error}") from error
    return str(checked.ascii_domain)
