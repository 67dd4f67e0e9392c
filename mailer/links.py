"""Signed, scoped links: every address a reader's copy carries.

A token is a version, small numbers (delivery, story) and 128 bits of keyed BLAKE2s (RFC 7693) over
them, with a key of its scope's own, in base64url: short enough for a header, and worthless for any
other purpose. No address and no other data of a reader is ever part of a URL. The first secret
signs; all of them are accepted, so that keys can be changed without breaking links already sent.
Links that open what is the reader's also carry a key kept with the reader, so that they can be
revoked. It never touches the store. itsdangerous is not used here: its tokens are JSON, half as
long again and five times as slow to make, and an issue carries some thirty of them.
"""

import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from recommender.errors import NewsletterError

Scope = Literal[
    "click",
    "feedback",
    "unsubscribe",
    "preferences",
    "view",
    "keep",
    "confirm",
    "manage",
    "address",
    "undo",
]
Kind = Literal["less", "more"]
PATHS: dict[Scope, str] = {
    "click": "c",
    "feedback": "f",
    "unsubscribe": "unsubscribe",
    "preferences": "preferences",
    "view": "view",
    "keep": "keep",
    "confirm": "confirm",
    "manage": "preferences",
    "address": "address",
    "undo": "undo",
}
Keyed = hashlib.blake2s
"""A hash that has taken in its key, to be copied for each code."""
KINDS: tuple[Kind, ...] = ("less", "more")
"""What the third number of a ``feedback`` token stands for."""
OF_COPIES: tuple[Scope, ...] = ("click", "unsubscribe", "preferences", "view", "keep")
"""Scopes that are a kind of link by themselves."""
SIGNATURE = 16
"""Bytes of the authentication code: 128 bits."""
LONGEST = 120
"""Characters a token may have; more than three numbers of 64 bits ever take."""
LARGEST = 2**63
"""No key of the store is as large, and no moment in seconds."""
_VERSION = b"\x01"
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST}}}")
_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


class TokenError(NewsletterError):
    """A token is not one of ours, was changed, or is for something else."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a passing link is for. ``key`` must still be the one that is kept with the reader (for a
    change of address: with the change), or the link was revoked."""

    subscriber_id: int
    key: int
    expires: datetime


Target = tuple[str, int | None]
"""Where a link of a copy leads: its kind (click, more, less, unsubscribe, preferences, view, keep)
and, where it has one, its story."""


class _Forms(dict[Target, tuple[bytes, Scope, bytes]]):
    """What is the same in the links of all copies to a target: what they begin with, the scope, and
    the end of what is signed. Made from the same by kind."""

    def __init__(self, kinds: Mapping[str, tuple[bytes, Scope, bytes]]) -> None:
        super().__init__()
        self._kinds = kinds

    def __missing__(self, target: Target) -> tuple[bytes, Scope, bytes]:
        kind, story = target
        prefix, scope, end = self._kinds[kind]
        self[target] = form = prefix, scope, b"" if story is None else _varint(story) + end
        return form


class _Begun(dict[Scope, Keyed]):
    """The codes of one copy's links by scope, as far as all links of a scope have it in common."""

    def __init__(self, keys: Mapping[Scope, Sequence[Keyed]], start: bytes) -> None:
        super().__init__()
        self._keys = keys
        self._start = start

    def __missing__(self, scope: Scope) -> Keyed:
        code = self._keys[scope][0].copy()
        code.update(self._start)
        self[scope] = code
        return code


class Links:
    """Makes and reads the links of one publication. Safe to share between threads."""

    def __init__(self, base_url: str, secrets: Sequence[bytes]) -> None:
        if not secrets or not all(secrets):
            raise ValueError("links need at least one secret, and none that is empty")
        self._prefixes = {scope: f"{base_url.rstrip('/')}/{path}/" for scope, path in PATHS.items()}
        self._keys = {
            scope: tuple([_keyed(secret, scope) for secret in secrets]) for scope in PATHS
        }
        scopes: list[tuple[str, Scope, bytes]] = [
            (kind, "feedback", _varint(place)) for place, kind in enumerate(KINDS)
        ]
        scopes += [(scope, scope, b"") for scope in OF_COPIES]
        self._forms = _Forms(
            {kind: (self._prefixes[scope].encode(), scope, end) for kind, scope, end in scopes}
        )

    def click(self, delivery_id: int, story_id: int) -> str:
        """The story itself, by way of a redirect that counts the visit."""
        return self._prefixes["click"] + self.token("click", delivery_id, story_id)

    def feedback(self, delivery_id: int, story_id: int, kind: Kind) -> str:
        """More or less of this; read back, the third number is the place of ``kind`` in KINDS."""
        token = self.token("feedback", delivery_id, story_id, KINDS.index(kind))
        return self._prefixes["feedback"] + token

    def unsubscribe(self, delivery_id: int) -> str:
        """The page, and the RFC 8058 one-click endpoint."""
        return self._prefixes["unsubscribe"] + self.token("unsubscribe", delivery_id)

    def preferences(self, delivery_id: int) -> str:
        """The way to what the reader chose: a forwarded issue carries it too, so it only offers to
        mail a ``manage`` link to the reader."""
        return self._prefixes["preferences"] + self.token("preferences", delivery_id)

    def view(self, delivery_id: int) -> str:
        """The same issue on the web."""
        return self._prefixes["view"] + self.token("view", delivery_id)

    def keep(self, delivery_id: int) -> str:
        """The answer to the question whether the reader still wants their issues."""
        return self._prefixes["keep"] + self.token("keep", delivery_id)

    def confirm(self, subscriber_id: int, key: int, expires: datetime) -> str:
        """The second step of subscribing."""
        return self._passing("confirm", subscriber_id, key, expires)

    def manage(self, subscriber_id: int, key: int, expires: datetime) -> str:
        """What the reader chose, for a while, for whoever reads mail at the reader's address."""
        return self._passing("manage", subscriber_id, key, expires)

    def address(self, subscriber_id: int, key: int, expires: datetime) -> str:
        """The second step of a change of address, mailed to the new one."""
        return self._passing("address", subscriber_id, key, expires)

    def undo(self, message_id: int, key: int, expires: datetime) -> str:
        """Take back what a reply changed: the number is that of the message (``inbound_log``)."""
        return self._passing("undo", message_id, key, expires)

    def _passing(self, scope: Scope, subscriber_id: int, key: int, expires: datetime) -> str:
        token = self.token(scope, subscriber_id, key, int(expires.timestamp()))
        return self._prefixes[scope] + token

    def holder(self, scope: Scope, token: str, now: datetime) -> Holder:
        """Whom a ``confirm``, ``manage`` or ``address`` token is for; TokenError once it has
        expired."""
        numbers = self.read(scope, token)
        if len(numbers) != 3 or numbers[2] < now.timestamp():
            raise TokenError("this link has expired")
        try:
            return Holder(numbers[0], numbers[1], datetime.fromtimestamp(numbers[2], UTC))
        except (ValueError, OverflowError, OSError) as error:
            raise TokenError("this link has no date") from error

    def of_test(self, scope: Scope, token: str) -> bool:
        """Whether the token stands in a copy to look at, which belongs to no delivery (0)."""
        try:
            return self.read(scope, token)[:1] == (0,)
        except TokenError:
            return False

    def of_copy(self, delivery_id: int) -> Callable[[Iterable[Target]], list[bytes]]:
        """What makes the links of one copy to several targets."""
        start, forms, encode = _VERSION + _varint(delivery_id), self._forms, binascii.b2a_base64
        begun = _Begun(self._keys, start)

        def links(targets: Iterable[Target]) -> list[bytes]:
            # As ``token``, with nothing called that need not be: the inner loop of sending.
            made = []
            for target in targets:
                prefix, scope, end = forms[target]
                code = begun[scope].copy()
                code.update(end)
                token = encode(start + end + code.digest(), newline=False)
                made.append(prefix + token.translate(_TO_URL, b"="))
            return made

        return links

    def token(self, scope: Scope, *numbers: int) -> str:
        """``numbers`` (not negative, below LARGEST) signed for ``scope``."""
        payload = _VERSION + b"".join(map(_varint, numbers))
        return _token(_sealed(self._keys[scope][0], payload)).decode("ascii")

    def read(self, scope: Scope, token: str) -> tuple[int, ...]:
        """The numbers of a token made for ``scope``; TokenError for anything else.

        There is one way to write a token: what differs in any character is refused.
        """
        if not _TOKEN.fullmatch(token):
            raise TokenError("this link is damaged")
        try:
            text = token.encode("ascii").translate(_FROM_URL) + b"=" * (-len(token) % 4)
            raw = binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error as error:
            raise TokenError("this link is damaged") from error
        payload = raw[:-SIGNATURE]
        spelt_as_ours = binascii.b2a_base64(raw, newline=False) == text
        valid = [hmac.compare_digest(_sealed(key, payload), raw) for key in self._keys[scope]]
        if not any(valid) or not spelt_as_ours or payload[:1] != _VERSION:
            raise TokenError("this link is damaged or for something else")
        numbers = _numbers(payload[1:])
        if any(number >= LARGEST for number in numbers):
            raise TokenError("this link is for something that cannot be")
        return numbers


def _keyed(secret: bytes, scope: Scope) -> Keyed:
    key = hmac.digest(secret, f"links:{scope}".encode(), "sha256")
    return hashlib.blake2s(digest_size=SIGNATURE, key=key)


def _sealed(key: Keyed, payload: bytes) -> bytes:
    """``payload`` and its authentication code."""
    code = key.copy()
    code.update(payload)
    return payload + code.digest()


def _token(sealed: bytes) -> bytes:
    return binascii.b2a_base64(sealed, newline=False).translate(_TO_URL, b"=")


@lru_cache(maxsize=10_000)
def _varint(number: int) -> bytes:
    """LEB128, as in Protocol Buffers."""
    if not 0 <= number < 2**64:
        raise ValueError(f"{number} cannot be part of a link")
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _numbers(payload: bytes) -> tuple[int, ...]:
    numbers, value, shift = [], 0, 0
    for byte in payload:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    return tuple(numbers)
