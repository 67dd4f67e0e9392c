"""The providers whose webhooks the settings turn on: how each is verified and parsed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.inbound.webhooks import brevo, mailgun, postmark, sendgrid, ses, sns
from mailer.inbound.webhooks.authentication import Headers
from mailer.inbound.webhooks.event import ProviderEvent
from recommender.settings import Settings


@dataclass(frozen=True)
class Provider:
    """``verify(headers, body, now)`` raises RefusedError or KeyUnavailableError; ``parse(body)``
    returns events or raises UnreadableError."""

    verify: Callable[[Headers, bytes, datetime], None]
    parse: Callable[[bytes], list[ProviderEvent]]


def configured(
    settings: Settings, fetch: Callable[[str], bytes] = sns.fetch
) -> dict[str, Provider]:
    """By name, the providers that have a key in ``settings``; ConfigurationError for a key that is
    none. ``fetch`` gets certificates."""
    found = {}
    most = timedelta(minutes=settings.hooks_max_age_minutes)
    if settings.hooks_ses_topic:
        topics, certificates = ses.topics(settings.hooks_ses_topic), sns.Certificates(fetch)
        found["ses"] = Provider(
            lambda _, body, now: ses.verify(body, topics, certificates, now=now, most=most),
            ses.parse,
        )
    if settings.hooks_sendgrid_key:
        keys = sendgrid.public_keys(settings.hooks_sendgrid_key)
        found["sendgrid"] = Provider(
            lambda headers, body, now: sendgrid.verify(headers, body, keys, now=now, most=most),
            sendgrid.parse,
        )
    if settings.hooks_postmark_secret:
        user = settings.hooks_postmark_secret.get_secret_value()
        found["postmark"] = Provider(
            lambda headers, _body, _now: postmark.verify(headers, user), postmark.parse
        )
    if settings.hooks_mailgun_key:
        key = settings.hooks_mailgun_key.get_secret_value()
        found["mailgun"] = Provider(
            lambda _, body, now: mailgun.verify(body, key, now=now, most=most), mailgun.parse
        )
    if settings.hooks_brevo_secret:
        token = settings.hooks_brevo_secret.get_secret_value()
        found["brevo"] = Provider(
            lambda headers, _body, _now: brevo.verify(headers, token), brevo.parse
        )
    return found
