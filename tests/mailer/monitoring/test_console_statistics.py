"""The numbers of the first page are counted now and then, and taken as they are in between."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.monitoring import console_statistics
from recommender.models import (
    ConsentEvent,
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Property,
    Status,
    Subscriber,
    TemplateVersion,
)
from recommender.storage import database


def fill(session: sa.orm.Session, now: datetime) -> None:
    session.add(TemplateVersion(hash="t", name="t", html="", text="", at=now))
    session.flush()
    done = now - timedelta(days=4)
    session.add(Edition(newsletter_id=1, period="2026-W47", template_hash="t", planned_at=done,
                        state=EditionState.FINISHED, finished_at=done))  # fmt: skip
    states = (DeliveryState.SENT, DeliveryState.SENT, DeliveryState.FAILED)
    for number, state in enumerate(states, 1):
        email, times = f"r{number}@d{number % 2}.ch", {"created_at": now, "updated_at": now}
        row = Subscriber(email=email, address_hash=f"{number}", link_key=number,
                         status=Status.ACTIVE, **times)  # fmt: skip
        session.add(row)
        session.flush()
        session.add(Delivery(edition_id=1, subscriber_id=row.id, number=number, state=state,
                             due_at=done, settled_at=done, attempts=1,
                             template_hash="t"))  # fmt: skip
        came = {"subscriber_id": row.id, "source": "import", "proof": {}}
        session.add(ConsentEvent(at=now, before=None, after=Status.ACTIVE, **came))
    week = timedelta(days=7)
    session.add(
        ConsentEvent(at=now - week, before=Status.ACTIVE, after=Status.UNSUBSCRIBED, **came)
    )
    session.flush()


def test_readers_domains_and_weeks_are_counted(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        fill(session, now)
        numbers = console_statistics.count(session, None, now)
    assert numbers.readers["active"] == 3
    assert (numbers.domains_of, numbers.domains_final) == (1, True)
    assert [(one.domain, one.tried, one.bounced) for one in numbers.domains] == [
        ("d1.ch", 2, 1), ("d0.ch", 1, 0),
    ]  # fmt: skip
    assert [(one.monday, one.came, one.went) for one in numbers.weeks[:3]] == [
        ("2026-11-23", 3, 0), ("2026-11-16", 0, 1), ("2026-11-09", 0, 0),
    ]  # fmt: skip


def test_what_is_kept_is_taken_until_it_is_old(sqlite_store: Engine, now: datetime) -> None:
    with database.writing(sqlite_store) as session:
        fill(session, now)
        console_statistics.note(session, console_statistics.count(session, None, now))
        session.execute(sa.update(Subscriber).values(status=Status.PAUSED))
        session.execute(sa.delete(Delivery))
        minutes = timedelta(minutes=1)
        assert console_statistics.current(session, now + 9 * minutes).readers["active"] == 3
        later = console_statistics.current(session, now + 11 * minutes)
        assert (later.readers["active"], later.readers["paused"]) == (0, 3)
        assert later.domains_of == 0  # no edition with copies that were sent is there any more
        console_statistics.note(session, later, 5.0)  # counting takes long: nobody who asks does it
        assert console_statistics.current(session, now + 60 * minutes).at == now + 11 * minutes
        kept = session.get(Property, console_statistics.NAME)
        assert kept is not None
        kept.value = "{}"
        session.flush()
        assert console_statistics.latest(session) is None
