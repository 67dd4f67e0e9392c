"""Open an SMTP session: the server has greeted, TLS is on, and we are signed in."""

import smtplib
import socket
import ssl
from functools import lru_cache
from typing import Any

from mailer.relay import sockets
from mailer.relay.smtp import sasl
from mailer.relay.smtp.client import Client, TlsClient
from mailer.relay.smtp.smarthost import Smarthost
from mailer.relay.sockets import Handshakes
from recommender.errors import TransportError
from recommender.safety import escaping


def connect(smarthost: Smarthost, timeout: float) -> Client:
    """A client that was greeted, has turned on TLS and signed in; TransportError says why not."""
    client: Client | None = None
    try:
        client = _greeted(smarthost, timeout)
        if not smarthost.implicit_tls and smarthost.starttls != "never":
            client = _secured(client, smarthost, timeout)
        client.ehlo_or_helo_if_needed()
        if smarthost.user is not None:
            sasl.sign_in(client, smarthost.user, smarthost.secret(), smarthost.auth)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        if client is not None:
            client.close()
        raise TransportError(f"relay {smarthost.name}: {_why(error)}") from error
    return client


def _greeted(smarthost: Smarthost, timeout: float) -> Client:
    if smarthost.implicit_tls:
        # smtplib's types ask for a whole context
        handshakes: Any = Handshakes(smarthost.context, timeout)
        return TlsClient(
            smarthost.host, smarthost.port, _own_name(), timeout=timeout, context=handshakes
        )
    return Client(smarthost.host, smarthost.port, _own_name(), timeout=timeout)


def _secured(client: Client, smarthost: Smarthost, timeout: float) -> Client:
    """STARTTLS as the relay wants it; a new connection where it was optional and failed."""
    required = smarthost.starttls == "require"
    try:
        client.ehlo_or_helo_if_needed()
        if client.has_extn("starttls"):
            # Opportunistic TLS takes any certificate (RFC 7435): it is still better than none.
            chosen: Any = smarthost.context if required else _any_certificate()
            client.starttls(context=Handshakes(chosen, timeout))
            return client
    except (smtplib.SMTPException, OSError, ValueError):
        client.close()
        if required:
            raise
        return _greeted(smarthost, timeout)
    if required:
        client.close()
        raise smtplib.SMTPNotSupportedError("it offers no STARTTLS, which is required")
    return client


def _why(error: Exception) -> str:
    """The cause in a few words, without anything that was a secret."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return f"wrong user or password ({error.smtp_code})"
        case smtplib.SMTPResponseException():
            return f"{error.smtp_code} {escaping.one_line(error.smtp_error)}"
        case OSError():
            return sockets.cause(error)
    return escaping.one_line(str(error))


@lru_cache(maxsize=1)
def _own_name() -> str | None:
    """This machine's name for EHLO, looked up once: a slow resolver would hold up each connection.
    None lets smtplib give an address literal."""
    name = socket.getfqdn()
    return name if "." in name and name.isascii() else None


def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
