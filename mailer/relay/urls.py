"""What relays of all kinds have in common in their URLs: a rate, a weight, certificates."""

import ipaddress
import ssl
from pathlib import Path

from recommender.errors import ConfigurationError
from recommender.settings import limits
from recommender.settings.limits import Rates

Options = dict[str, list[str]]
"""The options of a URL, as ``parse_qs`` gives them."""


def weight(options: Options) -> int | None:
    """Take ``weight=3`` out of ``options``: a relay's share of the messages, 0 for one in reserve;
    None when it is no number."""
    text = options.pop("weight", ["0"])[-1]
    return int(text) if text.isdecimal() else None


def rates(options: Options, number: int) -> Rates:
    """Take ``rate=14/second&rate=50000/day`` out of ``options``: commas already part one relay
    from the next. ConfigurationError names relay ``number``."""
    texts = options.pop("rate", [])
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


def certificates(file: str, number: int) -> Path | None:
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
