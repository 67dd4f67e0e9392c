"""Sends test copies: messages that belong to no delivery, past the ledger and its limits."""

from mailer.mime.message import Message
from mailer.relay import registry
from mailer.relay.transport import NoLimits, VerdictKind
from recommender.errors import NewsletterError, TransportError
from recommender.settings import Settings
from recommender.subscribers import addresses


def recipient(address: str) -> str:
    """The address as it is mailed; NewsletterError for what is none."""
    try:
        return addresses.normalise(address)
    except ValueError as error:
        raise NewsletterError(f"{address!r} is no address: {error}") from error


def send(settings: Settings, message: Message, address: str) -> str:
    """Hand a ``message`` to ``address`` to the relay; what it said. TransportError when it was not
    accepted."""
    transport = registry.opener(settings, settings.outbox / "test")(NoLimits())
    try:
        verdict = transport.offer(message, number=0) or transport.commit()
    finally:
        transport.close()
    if verdict.kind != VerdictKind.ACCEPTED:
        raise TransportError(f"{address}: {verdict.kind}: {verdict.reply or 'no answer'}")
    return f"accepted by {verdict.relay}: {verdict.reply}"
