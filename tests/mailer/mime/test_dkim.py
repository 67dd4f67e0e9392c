"""DKIM: what is signed verifies elsewhere, and a change or an addition is noticed."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dkim as dkimpy
import listunsub
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.mime import dkim, message
from mailer.mime.dkim import SET_ANEW, Signer
from mailer.mime.message import Identity, Message
from recommender.errors import ConfigurationError

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
RSA = Signer("news.example.org", "s1", rsa.generate_private_key(65537, 2048))
ED25519 = Signer("news.example.org", "s2", ed25519.Ed25519PrivateKey.generate())
both = pytest.mark.parametrize("signer", [RSA, ED25519], ids=["rsa", "ed25519"])
FOLDED_NAME = "A brief of Größe " * 9


def build(*signers: Signer, text: str = "Hello", html: str = "<p>Hello</p>") -> Message:
    identity = Identity(
        from_name=FOLDED_NAME,
        from_address="newsletter@news.example.org",
        reply_to="editors@news.example.org",
        envelope_from="bounces@news.example.org",
        list_id="weekly.news.example.org",
        list_name=FOLDED_NAME,
        edition="weekly-2026-W48",
        secret=b"a secret",
        signers=signers,
        unsubscribe_address="leave@news.example.org",
    )
    return message.build(
        identity,
        delivery_id=12,
        recipient="reader@example.com",
        subject="Five generations – of TPUs, " * 5,
        html=html,
        text=text,
        unsubscribe_url=f"https://news.example.org/unsubscribe/{'x' * 200}",
        now=NOW,
    )


def published(*signers: Signer) -> Callable[..., bytes | None]:
    """The name server of the sending domain."""
    records = dict(signer.dns_record() for signer in signers)

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        found = records.get(name.decode().rstrip("."))
        return None if found is None else found.encode()

    return look_up


def verifies(data: bytes, signer: Signer, at: int = 0) -> bool:
    try:
        return bool(dkimpy.DKIM(data).verify(at, dnsfunc=published(signer)))
    except dkimpy.DKIMException:
        return False


@both
@given(text=st.text(max_size=300), html=st.text(st.sampled_from("a \t\r\n=é"), max_size=300))
@example("", "")
@example("x \t\n\n  \n\n", "\n\n\n")
def test_an_independent_verifier_agrees(signer: Signer, text: str, html: str) -> None:
    assert verifies(build(signer, text=text, html=html).data, signer)


def test_two_keys_sign_side_by_side() -> None:
    data = build(ED25519, RSA).data
    assert data.count(b"DKIM-Signature:") == 2
    assert verifies(data, ED25519, 0)
    assert verifies(data, RSA, 1)


COVERED = [
    *("From", "Reply-To", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Id"),
    *("List-Unsubscribe-Post", "Feedback-ID", "MIME-Version", "Content-Type", "Content-Language"),
]


@both
@pytest.mark.parametrize("name", COVERED)
def test_no_field_can_be_changed_taken_away_or_added(signer: Signer, name: str) -> None:
    data = build(signer).data
    field = re.search(rf"(?m)^{name}: .*\r\n(?:[ \t].*\r\n)*".encode(), data)
    assert field is not None
    changed = field[0].replace(b": ", b": x", 1)
    assert not verifies(data.replace(field[0], changed), signer)
    assert not verifies(data.replace(field[0], b""), signer)
    assert not verifies(f"{name}: forged\r\n".encode() + data, signer)
    assert not verifies(data.replace(field[0], field[0] + f"{name}: forged\r\n".encode()), signer)


def test_fields_that_a_relay_sets_anew_can_be_left_unsigned() -> None:
    signer = replace(RSA, unsigned=SET_ANEW)
    data = build(signer).data
    for name in ("Date", "Message-ID"):
        assert verifies(
            re.sub(rf"(?m)^{name}: .*\r$".encode(), b"%b: anew\r" % name.encode(), data), signer
        )
    assert not verifies(data.replace(b"Subject: ", b"Subject: x", 1), signer)


@both
def test_the_body_counts_but_for_white_space_at_the_ends(signer: Signer) -> None:
    data = build(signer, text="one two").data
    assert not verifies(data.replace(b"one two", b"one too"), signer)
    assert not verifies(data + b"more\r\n", signer)
    assert verifies(data.replace(b"one two", b"one   two \t"), signer)
    assert verifies(data + b"\r\n\r\n", signer)


def test_a_relay_may_fold_headers_anew() -> None:
    data = build(RSA).data
    assert verifies(data.replace(b"Subject: ", b"subject:\r\n\t ", 1), RSA)


def test_the_list_fields_are_covered_as_one_click_unsubscribe_demands() -> None:
    data = build(RSA).data
    signature = data.partition(b"\r\nFrom")[0].decode()
    found = re.sub(r"\s+", " ", signature.partition(":")[2])
    assert listunsub.dkim_covers(found)
    tags = dict(tag.strip().split("=", 1) for tag in found.split(";"))
    assert (tags["c"], tags["a"], tags["d"]) == ("relaxed/relaxed", "rsa-sha256", RSA.domain)
    assert tags["t"] == str(int(NOW.timestamp()))
    assert "l" not in tags
    assert max(map(len, data.partition(b"\r\nFrom")[0].split(b"\r\n"))) <= 78


@given(st.text(st.sampled_from("ab \t\r\n"), max_size=60))
@example("")
@example(" \r\n\t\r\n")
@example("a \r\n \r\n")
def test_the_relaxed_body_is_what_the_verifier_makes_of_it(text: str) -> None:
    body = text.replace("\r", "").replace("\n", "\r\n").encode() + b"\r\n"
    assert dkim.relaxed_body(body) == dkimpy.canonicalization.Relaxed.canonicalize_body(body)


def write(folder: Path, key: PrivateKeyTypes) -> Path:
    path = folder / "key.pem"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return path


@both
def test_a_key_comes_from_a_file(signer: Signer, tmp_path: Path) -> None:
    loaded = dkim.load(write(tmp_path, signer.key), selector="s", domain="news.example.org")
    assert loaded.algorithm == signer.algorithm
    name, value = loaded.dns_record()
    assert name == "s._domainkey.news.example.org"
    assert value.startswith(f"v=DKIM1; k={signer.algorithm.partition('-')[0]}; p=")


def test_a_key_that_cannot_sign_is_named(tmp_path: Path) -> None:
    key = write(tmp_path, RSA.key)
    with pytest.raises(ConfigurationError, match=r"^dkim_selector: "):
        dkim.load(key, selector=None, domain="x.org")
    with pytest.raises(ConfigurationError, match=r"^dkim_key: cannot read .*No such file"):
        dkim.load(tmp_path / "none", selector="s", domain="x.org")
    for wrong in (ec.generate_private_key(ec.SECP256R1()), dsa.generate_private_key(2048)):
        with pytest.raises(ConfigurationError, match="neither an RSA nor an Ed25519 key"):
            dkim.load(write(tmp_path, wrong), selector="s", domain="x.org")
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secured = RSA.key.private_bytes(encoding, form, serialization.BestAvailableEncryption(b"pass"))
    for content in (b"", b"no key", key.read_bytes()[:200], secured):
        key.write_bytes(content)
        with pytest.raises(ConfigurationError, match="not a private key in PEM form"):
            dkim.load(key, selector="s", domain="x.org")
