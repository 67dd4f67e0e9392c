"""Mailgun as a relay: domains in any writing."""

from pathlib import Path

from mailer.relay.mailgun import relay as mailgun


def test_a_domain_is_asked_for_in_ascii() -> None:
    url = "mailgun://key-0123456789@grüße.example?region=eu"
    relay = mailgun.from_url(url, number=1, folder=Path("unused"))
    assert (relay.name, relay.host) == ("mailgun:xn--gre-6ka8l.example", "api.eu.mailgun.net")
