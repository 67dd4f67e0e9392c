"""Postmark as a relay: ``postmark://TOKEN@stream``."""

import re
from pathlib import Path

from mailer.relay.http import relay as http
from mailer.relay.postmark.api import Postmark

FORM = (
    "postmark://TOKEN@broadcast (a server's API token, and the ID of a message stream; options are "
    "rate=10/second, weight=3, cafile=/path/to/ca.pem and endpoint=https://host)"
)
HOST = "api.postmarkapp.com"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,100}")
_STREAM = re.compile(r"[a-z0-9_-]{1,60}")


def from_url(url: str, *, number: int, folder: Path) -> http.Relay:  # noqa: ARG001  (as all have it)
    """As ``registry.FromUrl``; no file is kept in ``folder``."""
    parsed = http.Url(url, FORM, number)
    token, stream = parsed.user, parsed.host
    fits = _TOKEN.fullmatch(token) and _STREAM.fullmatch(stream)
    if not fits or parsed.password is not None:
        raise parsed.wrong()
    return parsed.relay(f"postmark:{stream}", HOST, lambda _: Postmark(token, stream))
