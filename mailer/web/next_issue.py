"""When a reader's next issue comes, in a sentence of the pages."""

from zoneinfo import ZoneInfo

from sqlalchemy.orm import object_session

from mailer.preview import upcoming
from mailer.web.site import Site
from recommender.models import Subscriber


def sentence(site: Site, reader: Subscriber) -> str:
    """When the next issue comes; empty when none does. ``reader`` is of an open session."""
    session = object_session(reader)
    if session is None:
        raise ValueError("the reader is not of an open session")
    due = upcoming.next_due(session, site.settings, reader, site.clock())
    if due is None:
        return ""
    zone = reader.timezone or site.settings.timezone
    local = due.astimezone(ZoneInfo(zone))
    _ = site.language.text
    return _(
        "Your next issue comes on %(day)s at %(hour)s (%(zone)s).",
        day=site.language.day(local.date(), "full"),
        hour=f"{local:%H:%M}",
        zone=zone.replace("_", " "),
    )
