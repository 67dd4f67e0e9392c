"""The consent log: whatever changes a reader's status is in it, with time, source and proof."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from recommender.models import ConsentEvent, Status, Subscriber
from recommender.storage import database
from recommender.subscribers import consent, fields, intake, records, self_service

WHO = "reader@example.com"


def every_way(store: Engine, now: datetime) -> None:
    """A reader's status changes in each way the store knows, one a day."""

    def load(number: int, **values: object) -> None:
        rows = [fields.draft(number, {"email": WHO, **values})]
        moment = now + timedelta(days=number)
        intake.import_rows(lambda: database.writing(store), rows, file="list.csv", now=moment)

    with database.writing(store) as session:
        draft = fields.draft(0, {"email": WHO})
        self_service.request(session, draft, now=now, proof={"from": "192.0.2.1"})
    with database.writing(store) as session:
        reader = records.find(session, WHO)
        self_service.confirm(
            session, reader, now=now + timedelta(days=1), proof={"from": "192.0.2.1"}
        )
    load(2, status="paused")
    load(3, status="active")
    with database.writing(store) as session:
        reader = records.find(session, WHO)
        until = now + timedelta(days=5)
        self_service.pause(session, reader, until, now=now + timedelta(days=4), proof={"page": "p"})
        assert self_service.resume_paused(session, now=now + timedelta(days=5)) == 1
        proof = {"delivery": 7, "one_click": True}
        consent.change(
            session,
            reader,
            Status.UNSUBSCRIBED,
            source="unsubscribe",
            now=now + timedelta(days=6),
            proof=proof,
        )
        self_service.confirm(
            session, reader, now=now + timedelta(days=7), proof={"from": "192.0.2.1"}
        )
        consent.suppress(
            session,
            WHO,
            reason="bounce",
            now=now + timedelta(days=8),
            proof={"reply": "550 5.1.1 no such user"},
            status=Status.BOUNCED,
        )


def log(session: Session) -> list[ConsentEvent]:
    return list(session.scalars(sa.select(ConsentEvent).order_by(ConsentEvent.id)))


def test_every_change_of_status_is_logged_with_time_source_and_proof(
    store: Engine, now: datetime
) -> None:
    every_way(store, now)
    with database.reading(store) as session:
        events = log(session)
        status = session.scalars(sa.select(Subscriber.status)).one()
    assert [event.source for event in events] == [
        "subscribe", "confirm", "import", "import", "preferences", "pause over", "unsubscribe",
        "confirm", "bounce",
    ]  # fmt: skip
    assert [event.at for event in events] == [now + timedelta(days=day) for day in range(9)]
    assert all(event.proof for event in events)
    befores = [event.before for event in events]
    assert befores == [None, *(event.after for event in events[:-1])]  # no step is missing
    assert events[-1].after == status == Status.BOUNCED


def test_what_changes_nothing_is_not_logged(store: Engine, now: datetime) -> None:
    every_way(store, now)
    with database.writing(store) as session:
        before = len(log(session))
        consent.suppress(session, WHO, reason="complaint", now=now, proof={"again": True})
        reader = records.find(session, WHO)
        assert not self_service.confirm(session, reader, now=now, proof={"from": "192.0.2.1"})
        assert len(log(session)) == before


def test_an_export_holds_the_whole_log(store: Engine, now: datetime) -> None:
    every_way(store, now)
    with database.reading(store) as session:
        held = records.everything(session, records.find(session, WHO))
    assert len(held["consent"]) == 9
    assert held["consent"][-1]["proof"] == {"reply": "550 5.1.1 no such user"}
    assert held["suppressed"] == "bounce"
