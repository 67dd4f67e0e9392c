"""Real copies of a planned edition, made and checked for conformance before any of them goes out.

Readers are drawn at random over the whole edition, the same ones each time. Nothing is sent,
claimed or recorded.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer import conformance
from mailer.conformance import Level
from mailer.delivery import messages
from mailer.delivery.messages import CopyRequest
from mailer.edition import snapshot
from mailer.ledger import deliveries
from recommender.models import Delivery, DeliveryState, Edition, Subscriber
from recommender.settings import Settings

READERS = 25
"""How many copies of an edition are looked at."""
NEIGHBOURS = 20
"""How many copies are looked through for one that is still to be sent."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with so many ``messages`` of a sample of ``of``, with an example of it."""

    rule: str
    level: Level
    what: str
    messages: int
    of: int

    def sentence(self) -> str:
        return f"{self.messages} of {self.of} messages break {self.rule!r}: {self.what}"


def check(
    session: Session,
    settings: Settings,
    edition: Edition,
    now: datetime,
    states: Sequence[DeliveryState] = deliveries.OPEN,
) -> tuple[list[Finding], int]:
    """What a sample of the edition's copies in ``states`` breaks, worst first; how many there
    were. ConfigurationError when they cannot be made."""
    copies = _drawn(session, edition.id, states)
    if not copies:
        return [], 0
    factory = messages.factory(session, presentable(settings), edition)
    broken: dict[tuple[str, Level], list[str]] = {}
    for copy in copies:
        message = factory.message(copy, now)
        findings = conformance.check(message.data, recipient=copy.recipient, now=now)
        for rule, first in {(one.rule, one.level): one.what for one in reversed(findings)}.items():
            broken.setdefault(rule, []).append(first)
    summed_up = [
        Finding(rule, level, what[0], len(what), len(copies))
        for (rule, level), what in broken.items()
    ]
    return sorted(summed_up, key=lambda one: (one.level != "must", -one.messages)), len(copies)


def presentable(settings: Settings) -> Settings:
    """The same where the address of the pages is one for real readers. One for trying things out
    breaks rules in every message, which is the configuration's fault and not the edition's."""
    address = urlsplit(settings.base_url)
    if address.scheme == "https" and address.port is None:
        return settings
    return settings.replace(base_url=type(settings).model_fields["base_url"].default)


def _drawn(session: Session, edition_id: int, states: Sequence[DeliveryState]) -> list[CopyRequest]:
    """Copies of readers at random; all of a small edition."""
    first = _after(session, edition_id, 0, READERS + 1)
    if len(first) > READERS:
        query = sa.select(sa.func.max(Delivery.subscriber_id))
        last = session.scalar(query.where(Delivery.edition_id == edition_id)) or 0
        draw = random.Random(edition_id)  # noqa: S311  (the same readers each time)
        places = [draw.randint(first[0].subscriber_id, last) for _ in range(READERS)]
        runs = [_after(session, edition_id, place, NEIGHBOURS) for place in places]
    else:
        runs = [[row] for row in first]
    copies = {}
    for run in runs:
        row = next((row for row in run if row.state in states and row.picks != "[]"), None)
        if row is not None:
            copies[row.id] = CopyRequest(
                delivery_id=row.id,
                recipient=row.email,
                picks=snapshot.picks(row.picks),
                reader=snapshot.reader(row.reader),
            )
    return list(copies.values())


def _after(session: Session, edition_id: int, reader: int, most: int) -> Sequence[Any]:
    """Copies of the readers from this id on, along the index of the ledger's unique key."""
    return session.execute(
        sa.select(
            *(Delivery.id, Delivery.subscriber_id, Delivery.state, Subscriber.email),
            sa.cast(Delivery.picks, sa.Text).label("picks"),
            sa.cast(Delivery.reader, sa.Text).label("reader"),
        )
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.edition_id == edition_id, Delivery.subscriber_id >= reader)
        .order_by(Delivery.subscriber_id)
        .limit(most)
    ).all()
