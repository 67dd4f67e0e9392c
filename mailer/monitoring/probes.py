"""What asking around last found: whether each relay took a connection, how long it and the store
took to answer, until when the certificate of ``base_url`` is good.

One process of a store asks (``mailer.service.alerting``); what it found is kept in the store, so
that ``/metrics`` and ``/admin`` of any process show it without asking again. The caller commits.
"""

from datetime import UTC, datetime

import msgspec
from sqlalchemy.orm import Session

from recommender.models import Property
from recommender.storage import bulk

NAME = "probes"


class RelayProbe(msgspec.Struct, frozen=True):
    """A relay that was asked: whether it would take mail, and its answer's time in seconds."""

    name: str
    up: bool
    seconds: float


class Probes(msgspec.Struct, frozen=True):
    """What was found at ``asked_at``. ``store_seconds`` is how long a write took;
    ``certificate_until`` when the certificate of ``base_url`` expires, None when nobody knows."""

    asked_at: datetime
    relays: tuple[RelayProbe, ...] = ()
    relays_at: datetime | None = None
    store_seconds: float = 0.0
    certificate_until: datetime | None = None


NEVER = Probes(datetime.fromtimestamp(0, UTC))
"""What is known before anybody asked."""


def note(session: Session, found: Probes) -> None:
    """Keep what was found, in place of what was."""
    value = msgspec.json.encode(found).decode()
    new = bulk.insert(session, Property).values(name=NAME, value=value)
    session.execute(
        new.on_conflict_do_update(index_elements=["name"], set_={"value": new.excluded.value})
    )


def latest(session: Session) -> Probes:
    """What was found last; ``NEVER`` when nobody asked, or another version did."""
    kept = session.get(Property, NAME, populate_existing=True)
    try:
        return NEVER if kept is None else msgspec.json.decode(kept.value, type=Probes)
    except msgspec.MsgspecError:
        return NEVER
