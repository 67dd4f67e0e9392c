"""Signed, scoped links: every address a reader's copy carries.

A token is a version, small numbers (delivery, story) and a truncated HMAC-SHA256 over its scope and
them, in base64url: short enough for a header, and worthless for any other purpose. No address and
no other data of a reader is ever part of a URL. The first secret signs; all of them are accepted,
so that keys can be changed without breaking links already sent. It never touches the store.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import Literal

from recommender.errors import NewsletterError

Scope = Literal["click", "more", "less", "unsubscribe", "preferences", "view", "confirm"]
PATHS: dict[Scope, str] = {
    "click": "c",
    "more": "f",
    "less": "f",
    "unsubscribe": "unsubscribe",
    "preferences": "preferences",
    "view": "view",
    "confirm": "confirm",
}
VERSION = 1
SIGNATURE = 16
"""Bytes of HMAC kept: 128 bits (RFC 2104 section 5 asks for at least half of the digest)."""


class TokenError(NewsletterError):
    """A token is not one of ours, was changed, or is for something else."""


class Links:
    """Makes and reads the links of one publication."""

    def __init__(self, base_url: str, secrets: Sequence[bytes]) -> None:
        self._base = base_url.rstrip("/")
        self._keys = {
            scope: [hmac.digest(secret, f"links:{scope}".encode(), "sha256") for secret in secrets]
            for scope in PATHS
        }

    def click(self, delivery_id: int, story_id: int) -> str:
        """The story itself, by way of a redirect that counts the visit."""
        return self._url("click", delivery_id, story_id)

    def feedback(self, delivery_id: int, story_id: int, kind: Literal["more", "less"]) -> str:
        return self._url(kind, delivery_id, story_id)

    def unsubscribe(self, delivery_id: int) -> str:
        """The page, and the RFC 8058 one-click endpoint."""
        return self._url("unsubscribe", delivery_id)

    def preferences(self, delivery_id: int) -> str:
        return self._url("preferences", delivery_id)

    def view(self, delivery_id: int) -> str:
        """The same issue on the web."""
        return self._url("view", delivery_id)

    def confirm(self, subscriber_id: int) -> str:
        return self._url("confirm", subscriber_id)

    def _url(self, scope: Scope, *numbers: int) -> str:
        return f"{self._base}/{PATHS[scope]}/{self.token(scope, *numbers)}"

    def token(self, scope: Scope, *numbers: int) -> str:
        """``numbers`` (not negative) signed for ``scope``."""
        payload = bytes([VERSION]) + b"".join(map(_varint, numbers))
        signature = hmac.digest(self._keys[scope][0], payload, "sha256")[:SIGNATURE]
        return base64.urlsafe_b64encode(payload + signature).rstrip(b"=").decode("ascii")

    def read(self, scope: Scope, token: str) -> tuple[int, ...]:
        """The numbers of a token made for ``scope``; TokenError for anything else."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (UnicodeEncodeError, binascii.Error, ValueError) as error:
            raise TokenError("this link is damaged") from error
        payload, signature = raw[:-SIGNATURE], raw[-SIGNATURE:]
        valid = [
            hmac.compare_digest(hmac.digest(key, payload, "sha256")[:SIGNATURE], signature)
            for key in self._keys[scope]
        ]
        if not any(valid) or payload[:1] != bytes([VERSION]):
            raise TokenError("this link is damaged or for something else")
        return _numbers(payload[1:])


def _varint(number: int) -> bytes:
    """LEB128, as in Protocol Buffers."""
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
