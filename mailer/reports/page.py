"""The report of an edition as one self-contained HTML page with plots; it loads nothing."""

from datetime import datetime
from typing import Any

import jinja2

from mailer.reports import gain
from recommender import resources

GROUPS = {
    "segments": "Segments",
    "topics": "Topics readers asked for",
    "roles": "Roles",
    "positions": "Positions in the issue",
    "relays": "Relays",
    "domains": "Domains",
}
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


def page(document: dict[str, Any], *, made_at: datetime) -> str:
    """The page of a report (``edition_report.report`` and the edition's own document)."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.folder("templates") / "web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    rates = [
        row["click_rate"]["high"]
        for name in ("stories", "sponsors", *GROUPS)
        for row in document[name][:MOST_ROWS]
        if row["click_rate"]
    ]
    return environment.get_template("report.html").render(
        report=document,
        gain=gain.sentence(document["gain"]) if document["gain"] else "",
        made_at=made_at,
        steps=STEPS,
        groups={name: title for name, title in GROUPS.items() if document[name]},
        most=MOST_ROWS,
        widest=max(rates, default=0.0) or 1.0,
    )
