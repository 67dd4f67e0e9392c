"""Alerts as they leave: a mail for a person, a signed JSON document for a machine.

The mail goes the same way as mail that readers ask for, beside the ledger. Both have an id that
stays the same when they are sent again, so that whoever gets one twice can tell.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from mailer import localization, transactional
from recommender.errors import NewsletterError
from recommender.models import Alert, Turn
from recommender.safety import http_client, standard_webhooks
from recommender.settings import Settings, mailbox

SECONDS = 15.0
"""For an answer of ``alert_url``."""
MAX_ANSWER = 100_000
"""Bytes of an answer that are taken, and not looked at."""
MAX_SUBJECT = 150
AGENT = "newsletter-recommender (alerts)"


class NotTakenError(NewsletterError):
    """The server at ``alert_url`` did not take an alert."""


def mail(settings: Settings, alerts: Sequence[Alert]) -> None:
    """Send alerts of one moment as one mail to ``alert_to``. TransportError when it was not
    taken."""
    made = alerts[0].made_at
    message = transactional.compose(
        settings,
        mailbox(settings.alert_to or "")[1],
        f"[{settings.title}] {headline(alerts)}",
        [paragraph(alert) for alert in alerts],
        made,
        localization.choose("en"),
        automatic="auto-generated",
    )
    transactional.send(settings, message, made)


def headline(alerts: Sequence[Alert]) -> str:
    """What is the matter, in one line."""
    first = alerts[0]
    line = f"{first.subject} is well again" if first.turn == Turn.OVER else _matter(first)
    if len(alerts) > 1:
        line = f"{len(alerts)} things, first: {line}"
    line = " ".join(line.split())
    return line if len(line) <= MAX_SUBJECT else f"{line[: MAX_SUBJECT - 1]}…"


def _matter(alert: Alert) -> str:
    return f"{alert.subject} {alert.sentence}"


def paragraph(alert: Alert) -> str:
    """One alert in a few sentences."""
    began = f"{alert.began_at:%Y-%m-%d %H:%M} UTC"
    if alert.turn == Turn.OVER:
        over = f"{alert.made_at:%Y-%m-%d %H:%M} UTC"
        return f"Over: {_matter(alert)}\n  From {began} to {over}. There is nothing to do."
    return f"{_matter(alert)}\n  Since {began}. What to do: {alert.what_to_do}."


def post(settings: Settings, alert: Alert, now: datetime) -> None:
    """Send an alert to ``alert_url``. FetchError or NotTakenError when it was not taken."""
    if settings.alert_url is None or settings.alert_secret is None:
        raise NotTakenError("alert_url is not set any more")
    body = json.dumps(document(alert, settings.newsletter), ensure_ascii=False).encode()
    unique = f"{alert.id} {alert.turn} {alert.kind} {alert.subject} {alert.made_at.isoformat()}"
    identifier = f"msg_{sha256(unique.encode()).hexdigest()[:32]}"
    headers = standard_webhooks.headers(
        settings.alert_secret.get_secret_value(), identifier, int(now.timestamp()), body
    )
    answer = http_client.post(
        settings.alert_url.get_secret_value(),
        {"User-Agent": AGENT, "Content-Type": "application/json", **headers},
        body,
        http_client.Limits(SECONDS, MAX_ANSWER, settings.feeds_private),
    )
    if not 200 <= answer.status < 300:
        raise NotTakenError(f"the server answered {answer.status} {answer.reason}".strip())


def document(alert: Alert, newsletter: str) -> dict[str, object]:
    """What a machine is told, as JSON."""
    return {
        "type": f"trouble.{alert.turn}",
        "timestamp": alert.made_at.astimezone(UTC).isoformat(),
        "data": {
            "newsletter": newsletter,
            "kind": alert.kind,
            "subject": alert.subject,
            "sentence": alert.sentence,
            "what_to_do": alert.what_to_do,
            "began_at": alert.began_at.astimezone(UTC).isoformat(),
            "ended_at": (
                alert.made_at.astimezone(UTC).isoformat() if alert.turn == Turn.OVER else None
            ),
        },
    }
