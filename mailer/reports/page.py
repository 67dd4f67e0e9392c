"""The report of an edition as one self-contained HTML page with plots; it loads nothing."""

from datetime import datetime
from typing import Any

from mailer.rendering import look as looks
from mailer.rendering import standalone
from mailer.rendering.look import Look
from mailer.reports import gain

GROUPS = {
    "segments": ("Segments", "segment"),
    "topics": ("Topics readers asked for", "topic"),
    "roles": ("Roles", "role"),
    "positions": ("Positions in the issue", "position"),
    "relays": ("Relays", "relay"),
    "domains": ("Domains", "domain"),
}
"""What each group is called, and one row of it."""
STEPS = {
    "due": "due",
    "sent": "sent",
    "delivered": "delivered",
    "clicked": "clicked a story",
    "unsubscribed": "unsubscribed",
    "complained": "complained",
    "bounced": "bounced",
}
MOST_ROWS = 25
"""Rows of a table; the JSON has all."""


def page(document: dict[str, Any], *, made_at: datetime, look: Look | None = None) -> str:
    """The page of a report (``edition_report.report`` and the edition's own document)."""
    rates = [
        row["click_rate"]["high"]
        for name in ("stories", "sponsors", *GROUPS)
        for row in document[name][:MOST_ROWS]
        if row["click_rate"]
    ]
    return standalone.page(
        "report.html",
        look or looks.look(),
        report=document,
        gain=gain.sentence(document["gain"]) if document["gain"] else "",
        made_at=made_at,
        steps=STEPS,
        groups={name: words for name, words in GROUPS.items() if document[name]},
        most=MOST_ROWS,
        widest=max(rates, default=0.0) or 1.0,
    )
