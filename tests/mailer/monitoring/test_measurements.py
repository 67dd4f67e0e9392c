"""Every metric has its help and its unit, and says what the store says."""

from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.monitoring import job_runs, measurements, probes
from mailer.monitoring.probes import Probes, RelayProbe
from recommender.models import Delivery, DeliveryState, Edition, EditionState, Feed, TemplateVersion
from recommender.settings import Settings
from recommender.storage import database


def values(store: Engine, home: Path, now: datetime) -> dict[str, float]:
    found = measurements.measure(store, Settings(home=home), now)
    return {
        "{}{}".format(
            sample.name.removeprefix("newsletter_"),
            "".join(f" {value}" for value in sample.labels.values()),
        ): sample.value
        for family in found.collect()
        for sample in family.samples
    }


def test_the_queue_is_counted_by_what_its_copies_wait_for(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    ago = now - timedelta(minutes=3)
    later = now + timedelta(hours=1)
    copies = [
        (DeliveryState.PLANNED, ago), (DeliveryState.PLANNED, later), (DeliveryState.DEFERRED, now),
        (DeliveryState.DEFERRED, later), (DeliveryState.ON_WIRE, ago), (DeliveryState.SENT, ago),
    ]  # fmt: skip
    with database.writing(store) as session:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(sa.text("PRAGMA defer_foreign_keys = on"))
        session.add(TemplateVersion(hash="t", name="t", html="", text="", at=now))
        session.flush()
        edition = Edition(newsletter_id=1, period="2026-W48", template_hash="t", planned_at=now,
                          state=EditionState.SENDING)  # fmt: skip
        session.add(edition)
        session.flush()
        readers = _readers(session, len(copies), now)
        for number, (state, due) in enumerate(copies):
            settled = ago if state == DeliveryState.SENT else None
            values_ = {"number": number + 1, "due_at": due, "settled_at": settled}
            session.add(Delivery(edition_id=edition.id, subscriber_id=readers[number], state=state,
                                 template_hash="t", **values_))  # fmt: skip
    found = values(store, tmp_path, now)
    names = ("due", "waiting", "deferred", "in_hand")
    queue = {name: found[f"queue_copies {name}"] for name in names}
    assert queue == {"due": 2, "waiting": 1, "deferred": 1, "in_hand": 1}
    assert found["queue_oldest_seconds"] == 180
    assert found["recent_sent_copies"] == 1
    assert found["deliveries weekly-2026-W48 sent"] == 1


def _readers(session: sa.orm.Session, number: int, now: datetime) -> list[int]:
    from recommender.models import Status, Subscriber

    rows = [
        Subscriber(email=f"r{one}@example.com", address_hash=str(one), status=Status.ACTIVE,
                   link_key=one, created_at=now, updated_at=now)
        for one in range(number)
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def test_jobs_feeds_backups_and_probes_are_there(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    with database.writing(store) as session:
        job_runs.note_begin(session, "deliver", now)
        job_runs.note_success(session, "deliver", now + timedelta(seconds=7))
        job_runs.note_success(session, "backup", now - timedelta(days=1))
        for name, problem, paused in (("a", None, None), ("b", "500", None), ("c", "410", now)):
            session.add(Feed(url=f"https://{name}.ch/", added_at=now, fetched_at=now,
                             problem=problem, paused_at=paused, succeeded_at=now))  # fmt: skip
        relays = (RelayProbe("mx:25", True, 0.25), RelayProbe("b:25", False, 10.0))
        probes.note(session, Probes(now, relays, now, 0.5, now + timedelta(days=30)))
    found = values(store, tmp_path, now)
    assert found["job_last_success_timestamp_seconds deliver"] == now.timestamp() + 7
    assert found["job_last_duration_seconds deliver"] == 7
    assert found["backup_last_success_timestamp_seconds"] == now.timestamp() - 86_400
    assert [found[f"feeds {state}"] for state in ("well", "failing", "gone", "paused")] == [
        1, 1, 1, 0,
    ]  # fmt: skip
    assert (found["relay_up mx:25"], found["relay_up b:25"]) == (1, 0)
    assert found["relay_response_seconds mx:25"] == 0.25
    assert found["store_write_seconds"] == 0.5
    assert found["certificate_expiry_timestamp_seconds"] == now.timestamp() + 30 * 86_400
    assert found["store_up"] == 1
    assert found[f"disk_free_bytes {tmp_path}"] > 0


def test_a_store_that_cannot_be_read_is_a_measurement(tmp_path: Path, now: datetime) -> None:
    away = database.connect(f"sqlite:///{tmp_path / 'none.db'}")
    found = values(away, tmp_path, now)
    away.dispose()
    assert found["store_up"] == 0
    assert found["trouble store the store"] == 1
    assert "edition_overdue_seconds" not in found
