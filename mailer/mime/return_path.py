"""Variable envelope return paths (VERP): an envelope sender that names its copy.

``bounces+TAG@host``: the tag is an authentication code and the number of the copy, in hexadecimal,
since servers may change the case of an address. It knows no message and no store.
"""

import hmac
import re
from collections.abc import Sequence
from functools import lru_cache

METADATA = "copy"
"""The name of the metadata with the tag, where a provider keeps some with a message."""
LONGEST_LOCAL = 64
"""Characters before the ``@`` (RFC 5321 section 4.5.3.1.1)."""
_CODE = 20
_TAG = re.compile(r"\+([0-9a-f]{21,36})@", re.IGNORECASE)


def tagged(address: str, secret: bytes, delivery_id: int) -> str:
    """``address`` for one copy; as it is when the tag would make it too long."""
    local, _, domain = address.rpartition("@")
    tag = f"{_code(secret, delivery_id)}{delivery_id:x}"
    fits = len(local.encode()) + 1 + len(tag) <= LONGEST_LOCAL
    return f"{local}+{tag}@{domain}" if fits else address


def tags(text: str) -> list[str]:
    """What may be tags in a field that holds addresses."""
    return _TAG.findall(text[:2_000].lower())


def copy_of(tag: str, secrets: Sequence[bytes]) -> int | None:
    """The number of the copy, if the tag is one that we made."""
    code, number = tag[:_CODE], int(tag[_CODE:], 16)
    genuine = [hmac.compare_digest(code, _code(secret, number)) for secret in secrets]
    return number if any(genuine) and number < 2**63 else None


def _code(secret: bytes, delivery_id: int) -> str:
    return hmac.digest(_key(secret), str(delivery_id).encode(), "sha256").hex()[:_CODE]


@lru_cache(maxsize=8)
def _key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"return-path", "sha256")
