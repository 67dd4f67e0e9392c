"""What the DNS says of the sender is judged as receivers judge it (RFC 7208, 6376, 7489)."""

from pathlib import Path

import dns.resolver
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mailer.delivery import messages
from mailer.diagnosis import dns_lookup, sender_authentication
from mailer.diagnosis.dns_lookup import Lookup
from mailer.diagnosis.finding import Finding
from recommender.settings import Settings
from tests.mailer.diagnosis.dns_server import Records, serving

DOMAIN = "news.gazette.ch"
WELL = {
    (DOMAIN, "TXT"): ['"v=spf1 include:relay.net ~all"'],
    (DOMAIN, "MX"): ["10 mx.gazette.ch."],
    ("relay.net", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 -all"'],
    ("_dmarc.gazette.ch", "TXT"): ['"v=DMARC1; p=reject; " "rua=mailto:d@gazette.ch"'],
}


def examined(records: Records, *, live: bool = True, **values: object) -> list[Finding]:
    settings = Settings(sender=f"News <hello@{DOMAIN}>", **values)  # type: ignore[arg-type]
    with serving(records) as resolver:
        return sender_authentication.check(settings, Lookup(resolver), live=live)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "dkim.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(pem, form, plain))
    return path


def test_a_sender_with_all_its_records_passes(key: Path) -> None:
    settings = Settings(sender=f"hello@{DOMAIN}", dkim_key=key, dkim_selector="s1")
    name, value = messages.signers(settings)[0].dns_record()
    found = examined({**WELL, (name, "TXT"): [f'"{value}"']}, dkim_key=key, dkim_selector="s1")
    assert [(one.state, one.what) for one in found] == [
        ("ok", "SPF"),
        ("ok", "DKIM"),
        ("ok", "DMARC"),
    ]
    assert "1 of 10 lookups" in found[0].found
    assert "p=reject" in found[2].found


def test_a_sender_without_any_is_told_what_to_publish(key: Path) -> None:
    found = examined({}, dkim_key=key, dkim_selector="s1")
    assert [(one.state, one.what) for one in found] == [
        ("warning", "SPF"),
        ("error", "DKIM"),
        ("warning", "DMARC"),
        ("warning", "MX"),
    ]
    assert found[0].what_to_do.startswith(f'publish: {DOMAIN}. TXT "v=spf1')
    assert found[1].what_to_do.startswith(
        f's1._domainkey.{DOMAIN}. TXT "v=DKIM1'.join(["publish: ", ""])
    )
    assert found[2].what_to_do.startswith(f'publish: _dmarc.{DOMAIN}. TXT "v=DMARC1; p=none')


@pytest.mark.parametrize(
    ("published", "why"),
    [
        ("v=DKIM1; k=ed25519; p=AAAA", "has another key than dkim_key"),
        ("v=DKIM1; k=ed25519; p=", "has a revoked key"),
        ("something else", "has no DKIM key"),
    ],
)
def test_a_key_that_would_fail_every_signature_is_an_error(
    key: Path, published: str, why: str
) -> None:
    records = {**WELL, (f"s1._domainkey.{DOMAIN}", "TXT"): [f'"{published}"']}
    dkim = [
        one for one in examined(records, dkim_key=key, dkim_selector="s1") if one.what == "DKIM"
    ]
    assert [(one.state, why in one.found) for one in dkim] == [("error", True)]


def test_a_relay_that_signs_needs_its_selector_only() -> None:
    signed = {**WELL, (f"relay._domainkey.{DOMAIN}", "TXT"): ['"v=DKIM1; p=QUJD"']}
    for records, state in ((signed, "ok"), (WELL, "error")):
        found = examined(records, dkim_selector="relay")
        assert [one.state for one in found if one.what == "DKIM"] == [state]
    assert [one.state for one in examined(WELL) if one.what == "DKIM"] == ["warning"]
    assert [one.state for one in examined(WELL, live=False) if one.what == "DKIM"] == []


def test_two_records_count_as_none() -> None:
    twice = {
        (DOMAIN, "TXT"): ['"v=spf1 a ~all"', '"v=spf1 mx ~all"'],
        ("_dmarc.gazette.ch", "TXT"): ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'],
    }
    found = {one.what: one for one in examined({**WELL, **twice})[:3]}
    assert "2 SPF records" in found["SPF"].found
    assert "2 DMARC records" in found["DMARC"].found


def test_mail_that_cannot_pass_dmarc_is_an_error() -> None:
    elsewhere = {**WELL, ("bounces.net", "TXT"): ['"v=spf1 mx -all"'],
                 ("bounces.net", "MX"): ["10 mx.bounces.net."]}  # fmt: skip
    found = examined(elsewhere, bounce_address="b@bounces.net")
    assert [one.state for one in found if "so no message passes" in one.found] == ["error"]
    strict = {**elsewhere, ("_dmarc.gazette.ch", "TXT"): ['"v=DMARC1; p=none; aspf=s"']}
    assert not [one for one in examined(strict) if "so no message" in one.found]
    own = examined(strict, bounce_address=f"b@sub.{DOMAIN}")
    assert [one.state for one in own if "so no message passes" in one.found] == ["error"]


def test_a_dns_that_does_not_answer_is_said_once_and_is_no_missing_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dns_lookup, "SECONDS", 0.2)
    silent = dns.resolver.Resolver(configure=False)
    silent.nameservers, silent.port = ["127.0.0.1"], 9
    settings = Settings(sender=f"hello@{DOMAIN}")
    for resolver, why in ((silent, "no DNS server answered"), (None, "names no DNS server")):
        [one] = sender_authentication.check(settings, Lookup(resolver), live=True)
        assert (one.state, one.what, why in one.found) == ("warning", "DNS", True)
        assert f"dig TXT {DOMAIN}" in one.what_to_do


def test_names_for_examples_are_not_asked_for() -> None:
    settings = Settings(sender="hello@newsletter.example.org")
    assert sender_authentication.check(settings, Lookup(None), live=False) == []
    [one] = sender_authentication.check(settings, Lookup(None), live=True)
    assert "a name for examples" in one.found
