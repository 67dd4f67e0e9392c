"""Postmark as a relay: its name says by which stream."""

from pathlib import Path

from mailer.relay.postmark import relay as postmark


def test_the_stream_is_the_place() -> None:
    url = "postmark://0123-4567-89ab@my_stream"
    relay = postmark.from_url(url, number=1, folder=Path("unused"))
    assert relay.name == "postmark:my_stream"
