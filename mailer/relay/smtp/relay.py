"""Relays that speak SMTP, as their URLs name them."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from mailer.relay import urls
from mailer.relay.smtp.connection import Connection
from mailer.relay.smtp.smarthost import Auth, Smarthost, StartTls
from recommender.errors import ConfigurationError
from recommender.safety.hosts import ascii_host
from recommender.settings.limits import Rates

_MODES: dict[str, StartTls] = {"require": "require", "optional": "optional", "never": "never"}
_AUTH: dict[str, Auth] = {"password": "password", "xoauth2": "xoauth2"}
_OPTIONS = (
    "starttls=require|optional|never, rate=14/second, weight=3, cafile=/path/to/ca.pem, "
    "auth=xoauth2 and, with it, tokenfile=/path/to/token"
)


@dataclass(frozen=True)
class Relay(Smarthost):
    """A smarthost as one of the relays: as ``transport.Relay``."""

    weight: int = 0
    rates: Rates = ()

    def connect(self, timeout: float) -> Connection:
        """A session. TransportError when none can be opened."""
        return Connection(self, timeout)

    def check(self, timeout: float) -> str:
        """Open a session and end it."""
        self.connect(timeout).close()
        return f"{self.name} answers"

    def __repr__(self) -> str:
        return f"Relay({self.name!r})"  # never the password

    def __hash__(self) -> int:
        return hash((self.host, self.port))  # of all fields it would be made anew for every message


def from_url(url: str, *, number: int, folder: Path) -> Relay:  # noqa: ARG001  (as all have it)
    """``smtp://user:password@host:port?starttls=require``, relay ``number`` of ``smtp_url``; no
    file is kept in ``folder``. ConfigurationError names the key, never a password."""
    form = (
        f"smtp_url: relay {number} is not smtp://user:password@host:port?starttls=require or "
        "smtps://…; write special characters of user and password as %40 for @ and so on"
    )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host else ascii_host(host)
    except ValueError as error:
        raise ConfigurationError(form) from error
    if parts.scheme not in ("smtp", "smtps") or parts.path not in ("", "/"):
        raise ConfigurationError(form)
    options = parse_qs(parts.query, keep_blank_values=True)
    token_file = options.pop("tokenfile", [""])[-1]
    without = parts.password is None and not token_file
    if parts.fragment or "#" in url or (parts.username is None) != without:
        raise ConfigurationError(form)
    mode = options.pop("starttls", ["optional" if urls.is_local(host) else "require"])[-1]
    cafile, auth = options.pop("cafile", [""])[-1], options.pop("auth", ["password"])[-1]
    rates, weight = urls.rates(options, number), urls.weight(options)
    unknown = options or mode not in _MODES or auth not in _AUTH
    if unknown or weight is None or (token_file and auth != "xoauth2"):
        raise ConfigurationError(f"smtp_url: relay {number}: the only options are {_OPTIONS}")
    implicit = parts.scheme == "smtps"
    if mode != "require" and parts.username is not None and not (implicit or urls.is_local(host)):
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
        weight=weight,
        rates=rates,
        cafile=urls.certificates(cafile, number),
        auth=_AUTH[auth],
        token_file=Path(token_file) if token_file else None,
    )
