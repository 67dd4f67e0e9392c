"""Relays of HTTP APIs: read from their URLs, checked, stopped by what stops them, and spared."""

from pathlib import Path

import pytest

from mailer.relay import registry
from mailer.relay.relay_pool import RelayPool
from mailer.relay.transport import Relay, Verdict, VerdictKind
from recommender.errors import ConfigurationError, TransportError
from recommender.settings.limits import Rate
from tests.providers import DOMAIN, Fault, Provider, running

from ...relaying import MESSAGE, way_out

ACCEPTED, DEFERRED, HELD = VerdictKind.ACCEPTED, VerdictKind.DEFERRED, VerdictKind.HELD
KINDS = ("ses", "postmark", "mailgun")


def relays(text: str) -> tuple[Relay, ...]:
    return registry.parse(text, Path("unused"))


def test_relays_are_read_from_one_line_with_those_of_smtp() -> None:
    found = relays(
        "ses://AKIDEXAMPLE000000:wJalr%2FXUtnFEMI%2BK7@eu-west-1?rate=14/second&configuration=news,"
        "postmark://0123-4567-89ab@broadcast?weight=2, mailgun://key-0123456789@mg.example.org,"
        "mailgun://key-0123456789@mg.example.org?region=eu,smtp://localhost"
    )
    assert [(one.name, one.host) for one in found] == [
        ("ses:eu-west-1:news", "email.eu-west-1.amazonaws.com"),
        ("postmark:broadcast", "api.postmarkapp.com"),
        ("mailgun:mg.example.org", "api.mailgun.net"),
        ("mailgun:mg.example.org", "api.eu.mailgun.net"),
        ("localhost:25", "localhost"),
    ]
    assert (found[0].rates, found[1].weight) == ((Rate(1, 14),), 2)
    assert found[2] != found[3]


@pytest.mark.parametrize(
    "text",
    [
        *("ses://hush@eu-west-1", "ses://AKIDEXAMPLE000000:hush@eu-west-1", "ses://eu-west-1"),
        "ses://AKIDEXAMPLE000000:hushhush/hushhush@eu-west-1",
        "ses://AKIDEXAMPLE000000:hushhushhushhush@mars",
        "ses://AKIDEXAMPLE000000:hushhushhushhush@eu-west-1:25",
        "ses://AKIDEXAMPLE000000:hushhushhushhush@eu-west-1?configuration=a%20b",
        "ses://AKIDEXAMPLE000000:hushhushhushhush@eu-west-1?colour=red",
        "ses://AKIDEXAMPLE000000:hushhushhushhush@eu-west-1?endpoint=http://elsewhere.example",
        "ses://AKIDEXAMPLE000000:hushhushhushhush@eu-west-1?endpoint=ftp://x.example",
        "ses://AKIDEXAMPLE000000:hushhushhushhush@eu-west-1?endpoint=https://h/path",
        *("postmark://hushhush", "postmark://hushhush:x@broadcast", "postmark://hu%0Ash@broadcast"),
        *("postmark://hushhush@Broad.cast%20", "postmark://hushhush@b/c", "postmark://["),
        *("mailgun://hushhush@", "mailgun://hushhush@mg.example.org?region=mars"),
        *("mailgun://hushhush@mg.example.org?cafile=/nowhere.pem", "mailgun://hushhush@m?rate=x"),
        "mailgun://hushhush@mg.example.org#x",
    ],
)
def test_a_wrong_url_names_the_key_and_no_secret(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^smtp_url: relay 1") as caught:
        relays(text)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_the_check_says_whether_mail_would_be_taken_and_sends_none(kind: str) -> None:
    with running(Provider()) as provider:
        [relay] = relays(provider.url(kind))
        said = relay.check(1)
    assert said.startswith(f"{relay.name}: answers")
    assert provider.taken == []


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("AKIDEXAMPLE000000", "AKIDEXAMPLE000001"), ("6b2f", "7b2f"), ("key-3", "key-4")],
)
def test_the_check_knows_wrong_credentials(wrong: str, right: str) -> None:
    for kind in KINDS:
        with running(Provider()) as provider:
            url = provider.url(kind)
            if wrong not in url:
                continue
            [relay] = relays(url.replace(wrong, right))
            with pytest.raises(TransportError, match=rf"relay {kind}:.*HTTP 40[13]"):
                relay.check(1)


def test_a_key_that_may_only_send_is_good_enough() -> None:
    with running(Provider(restricted=True)) as provider:
        [relay] = relays(provider.url("ses"))
        assert "may not look at the account" in relay.check(1)


def test_the_check_says_what_a_server_that_leaves_has_done() -> None:
    with running(Provider(script=[b""])) as provider:
        [relay] = relays(provider.url("mailgun"))
        with pytest.raises(TransportError, match=f"relay mailgun:{DOMAIN}: the server closed"):
            relay.check(1)


def pool_of(*providers: Provider) -> RelayPool:
    found = tuple(one for each in providers for one in relays(each.url("mailgun")))
    return RelayPool(found, timeout=1, messages_per_connection=100)


def test_wrong_credentials_stop_the_relay_at_once() -> None:
    with running(Provider(script=[Fault(401), Fault(401)])) as provider:
        pool = pool_of(provider)
        with way_out(pool) as transport:
            assert transport.offer(MESSAGE, number=1) is None
            assert transport.commit().kind is DEFERRED
            with pytest.raises(TransportError, match="HTTP 401"):
                transport.offer(MESSAGE, number=2)
    assert len(provider.calls) == 1


def test_a_provider_out_of_order_is_left_for_the_next_relay() -> None:
    with (
        running(Provider(script=[Fault(500)] * 3)) as first,
        running(Provider()) as second,
        way_out(pool_of(first, second)) as transport,
    ):
        kinds = []
        for number in range(5):
            assert transport.offer(MESSAGE, number=number) is None
            kinds.append(transport.commit().kind)
    assert kinds == [DEFERRED] * 3 + [ACCEPTED] * 2
    assert (len(first.taken), len(second.taken)) == (0, 2)


def test_retry_after_is_kept_to() -> None:
    with running(Provider(script=[Fault(429, b"{}", {"Retry-After": "90"})])) as provider:
        pool = pool_of(provider)
        with way_out(pool) as transport:
            assert transport.offer(MESSAGE, number=1) is None
            assert transport.commit().kind is DEFERRED
            held = transport.offer(MESSAGE, number=2)
        assert isinstance(held, Verdict)
        assert held.kind is HELD
        assert 80 < pool.health.rests(pool.relays[0]) <= 90
    assert len(provider.calls) == 1
