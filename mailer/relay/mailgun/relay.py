"""Mailgun as a relay: ``mailgun://KEY@domain?region=eu``."""

import re
from pathlib import Path

from mailer.relay.http import relay as http
from mailer.relay.mailgun.api import Mailgun
from recommender.safety.hosts import ascii_host

FORM = (
    "mailgun://KEY@domain?region=eu (an API key, and the sending domain; region is us or eu; "
    "further options are rate=10/second, weight=3, cafile=/path/to/ca.pem and "
    "endpoint=https://host)"
)
_HOSTS = {"us": "api.mailgun.net", "eu": "api.eu.mailgun.net"}
_KEY = re.compile(r"[!-~]{8,200}")
_DOMAIN = re.compile(r"[a-z0-9.-]{3,253}")


def from_url(url: str, *, number: int, folder: Path) -> http.Relay:  # noqa: ARG001  (as all have it)
    """As ``registry.FromUrl``; no file is kept in ``folder``."""
    parsed = http.Url(url, FORM, number)
    key, region = parsed.user, parsed.options.pop("region", ["us"])[-1]
    try:
        domain = ascii_host(parsed.host)
    except ValueError as error:
        raise parsed.wrong() from error
    fits = _KEY.fullmatch(key) and _DOMAIN.fullmatch(domain)
    if not fits or region not in _HOSTS or parsed.password is not None:
        raise parsed.wrong()
    return parsed.relay(f"mailgun:{domain}", _HOSTS[region], lambda _: Mailgun(key, domain))
