"""Which hours of a schedule came before the newsletter did: nobody waits for their editions."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.relay import registry
from recommender.models import Newsletter
from recommender.settings import Settings


def precedes(session: Session, settings: Settings, moment: datetime, *, first: bool) -> bool:
    """Whether the hour ``moment`` was before the newsletter of ``settings`` was made, so that its
    edition is not sent by itself. The ``first`` newsletter, which newsletter.toml describes, sends
    it where no relay is beyond this machine: there things are tried out."""
    query = sa.select(Newsletter.created_at).where(Newsletter.name == settings.newsletter)
    made_at = session.scalar(query)
    if made_at is None or moment >= made_at:
        return False
    return not first or bool(registry.beyond_this_machine(registry.relays(settings)))
