"""DKIM signatures (RFC 6376), relaxed/relaxed, with RSA or Ed25519 (RFC 8463).

Every field that a forger could use is covered, the list fields as RFC 8058 section 4 demands, and
each is named once more than it stands, so that none can be added. Fields that a relay sets anew can
be left out: a signature over them would break there, and none of them is required (RFC 6376 section
5.4.1). It signs and prints what to publish; it never verifies, and never looks anything up.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from recommender.errors import ConfigurationError

COVERED = (
    *(b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"reply-to"),
    *(b"list-unsubscribe", b"list-unsubscribe-post", b"list-id", b"feedback-id"),
    *(b"content-language", b"mime-version", b"content-type", b"content-transfer-encoding"),
)
"""Signed where they stand, and all of them against being added (RFC 6376 section 8.15)."""
SET_ANEW = frozenset({"date", "message-id"})
"""Fields that Amazon SES and some other relays replace."""
SMALLEST_RSA = 1024
"""Bits; verifiers ignore signatures by shorter keys (RFC 8301 section 3.2)."""
_PADDING, _SHA256 = PKCS1v15(), hashes.SHA256()
_LINE = 72
_SPACES = re.compile(rb"  +")


@dataclass(frozen=True)
class Signer:
    """A private key and where its public half is published: ``selector._domainkey.domain``.
    ``unsigned`` are names of fields, in small letters, that the signature does not cover."""

    domain: str
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey
    unsigned: frozenset[str] = frozenset()

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"

    @cached_property
    def _covered(self) -> tuple[bytes, ...]:
        return tuple([name for name in COVERED if name.decode() not in self.unsigned])

    def sign(self, fields: Sequence[bytes], body: bytes, at: datetime) -> bytes:
        """The DKIM-Signature field of a message.

        ``fields`` are its header fields, each whole with its CRLF and each name standing once;
        ``body`` is in the relaxed form as it stands (``parts`` writes no other): to look for what
        is not would cost as much as the hash.
        """
        found = dict(map(_relaxed, fields))
        signed = tuple([name for name in self._covered if name in found])
        digest = hashlib.sha256(body).digest()
        tags = (
            f"v=1; a={self.algorithm}; c=relaxed/relaxed; d={self.domain};\r\n"
            f" s={self.selector}; t={int(at.timestamp())};\r\n"
            f" h={_names((*signed, *self._covered))};\r\n"
            f" bh={b64encode(digest).decode()};\r\n b="
        ).encode("ascii")
        lines = [name + b":" + found[name] + b"\r\n" for name in signed]
        own = b"dkim-signature:" + b" ".join(tags.split())
        signature = b64encode(self._signature(b"".join([*lines, own])))
        pieces = [signature[start : start + _LINE] for start in range(0, len(signature), _LINE)]
        return b"DKIM-Signature: " + tags + b"\r\n ".join(pieces) + b"\r\n"

    def _signature(self, data: bytes) -> bytes:
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(data, _PADDING, _SHA256)
        return self.key.sign(hashlib.sha256(data).digest())  # RFC 8463 section 3

    def dns_record(self) -> tuple[str, str]:
        """Name and value of the TXT record to publish (RFC 6376 section 3.6.1, RFC 8463)."""
        public = self.key.public_key()
        encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        kind = "rsa"
        if isinstance(self.key, Ed25519PrivateKey):
            encoding, form = serialization.Encoding.Raw, serialization.PublicFormat.Raw
            kind = "ed25519"
        value = b64encode(public.public_bytes(encoding, form)).decode()
        return f"{self.selector}._domainkey.{self.domain}", f"v=DKIM1; k={kind}; p={value}"


def load(
    path: Path, *, selector: str | None, domain: str, unsigned: frozenset[str] = frozenset()
) -> Signer:
    """The signer of the key in ``path`` (PEM). ConfigurationError names the key that is wrong."""
    if not selector:
        raise ConfigurationError("dkim_selector: must be set together with dkim_key")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ConfigurationError(f"dkim_key: cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            f"dkim_key: {path} is not a private key in PEM form without a passphrase"
        ) from error
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ConfigurationError(f"dkim_key: {path} is neither an RSA nor an Ed25519 key")
    if isinstance(key, RSAPrivateKey) and key.key_size < SMALLEST_RSA:
        raise ConfigurationError(
            f"dkim_key: {path} has {key.key_size} bits; verifiers want {SMALLEST_RSA}, better 2048"
        )
    return Signer(domain, selector, key, unsigned)


def relaxed_body(body: bytes) -> bytes:
    """A body that ends in CRLF, in the relaxed form (RFC 6376 section 3.4.4)."""
    lines = _SPACES.sub(b" ", body.replace(b"\t", b" ")).replace(b" \r\n", b"\r\n")
    if lines.endswith(b"\r\n\r\n") or lines == b"\r\n":  # empty lines at the end do not count
        lines = lines.rstrip(b"\r\n")
        return lines + b"\r\n" if lines else b""
    return lines


@lru_cache(maxsize=1_000)
def _relaxed(field: bytes) -> tuple[bytes, bytes]:
    """Name and value of a field in the relaxed form (RFC 6376 section 3.4.2)."""
    name, _, value = field.partition(b":")
    return name.strip().lower(), b" ".join(value.split())


@lru_cache(maxsize=100)
def _names(names: tuple[bytes, ...]) -> str:
    """A list of field names, folded behind colons."""
    text, length = "", 3
    for name in names:
        if length + len(name) + 1 > _LINE:
            text, length = text + "\r\n ", 1
        text += f"{name.decode()}:"
        length += len(name) + 1
    return text.removesuffix(":")
