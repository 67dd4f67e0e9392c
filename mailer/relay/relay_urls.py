"""Relays as the setting ``smtp_url`` names them. It opens no connection."""

import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from mailer.relay.smtp_client import Auth, Relay, StartTls
from recommender.errors import ConfigurationError
from recommender.settings import limits

_MODES: dict[str, StartTls] = {"require": "require", "optional": "optional", "never": "never"}
_AUTH: dict[str, Auth] = {"password": "password", "xoauth2": "xoauth2"}
_OPTIONS = (
    "starttls=require|optional|never, rate=14/second, weight=3, cafile=/path/to/ca.pem and "
    "auth=xoauth2"
)


def parse(text: str) -> tuple[Relay, ...]:
    """The relays of ``smtp_url``, in order. ConfigurationError names the key, never a password."""
    urls = [part.strip() for part in text.split(",")]
    found = tuple(_relay(url, number) for number, url in enumerate(urls, 1) if url)
    if not found:
        raise ConfigurationError("smtp_url: names no relay; leave it out to write to the outbox")
    return found


def _relay(url: str, number: int) -> Relay:
    form = (
        f"smtp_url: relay {number} is not smtp://user:password@host:port?starttls=require or "
        "smtps://…; write special characters of user and password as %40 for @ and so on"
    )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(form) from error
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/"):
        raise ConfigurationError(form)
    if parts.fragment or "#" in url or (parts.username is None) != (parts.password is None):
        raise ConfigurationError(form)
    options = parse_qs(parts.query, keep_blank_values=True)
    mode = options.pop("starttls", ["optional" if is_local(host) else "require"])[-1]
    rates, weights = options.pop("rate", []), options.pop("weight", ["0"])
    cafile, auth = options.pop("cafile", [""])[-1], options.pop("auth", ["password"])[-1]
    if options or mode not in _MODES or auth not in _AUTH or not weights[-1].isdecimal():
        raise ConfigurationError(f"smtp_url: relay {number}: the only options are {_OPTIONS}")
    implicit = parts.scheme == "smtps"
    if mode != "require" and parts.username is not None and not (implicit or is_local(host)):
        does = "could send" if mode == "optional" else "sends"
        raise ConfigurationError(
            f"smtp_url: relay {number}: starttls={mode} {does} the password in the clear; "
            "use starttls=require"
        )
    return Relay(
        host=host,
        port=port or (465 if implicit else 587 if parts.username else 25),
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        starttls=_MODES[mode],
        implicit_tls=implicit,
        weight=int(weights[-1]),
        rates=_rates(rates, number),
        cafile=_certificates(cafile, number),
        auth=_AUTH[auth],
    )


def _certificates(file: str, number: int) -> Path | None:
    """The file of certificates to trust, seen to be one before anything is sent."""
    if not file:
        return None
    try:
        ssl.create_default_context(cafile=file)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        why = "it holds no certificate in PEM form"
        if not isinstance(error, ssl.SSLError) and isinstance(error, OSError) and error.strerror:
            why = error.strerror
        raise ConfigurationError(f"smtp_url: relay {number}: cafile {file}: {why}") from error
    return Path(file)


def _rates(texts: Sequence[str], number: int) -> tuple[limits.Rate, ...]:
    """``rate=14/second&rate=50000/day``: commas already part one relay from the next."""
    try:
        return limits.rates(",".join(texts)) if texts else ()
    except ValueError as error:
        raise ConfigurationError(f"smtp_url: relay {number}: {error}") from error


def is_local(host: str) -> bool:
    """Whether ``host`` is this machine's loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
