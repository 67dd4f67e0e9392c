"""Workers on PostgreSQL: what is handed out is done once; limits hold for all together; a stop, a
lost connection and a dead leader lose nothing."""

import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import worker_jobs
from mailer.edition.worker_jobs import JobSpec, Task
from mailer.ledger import deliveries
from mailer.service import leadership, workers
from recommender import store_opening
from recommender.errors import StoreAwayError
from recommender.models import DeliveryState, Edition, Heartbeat
from recommender.storage import database, locks
from tests import fleet
from tests.mailer.ledger.test_deliveries import edition, ids, states, take  # noqa: F401  (fixtures)

pytestmark = pytest.mark.postgresql
S = DeliveryState


@pytest.fixture
def store(postgresql_store: Engine) -> Engine:
    return postgresql_store


def waiting(store: Engine) -> list[str]:
    with database.reading(store) as session:
        return list(session.scalars(sa.text("SELECT queueing_lock FROM procrastinate_jobs")))


def pulses(store: Engine) -> list[str]:
    """The processes of which the store has a worker's heartbeat, by number."""
    with database.reading(store) as session:
        signs = sa.select(Heartbeat.process).where(Heartbeat.kind == "worker")
        return [process.rpartition(":")[2] for process in session.scalars(signs)]


def test_a_worker_that_was_killed_leaves_its_heartbeat_and_one_that_was_stopped_does_not(
    store: Engine, tmp_path: Path
) -> None:
    def start() -> "subprocess.Popen[str]":
        url = store.url.render_as_string(hide_password=False)
        process = fleet.command(tmp_path, url, "smtp://127.0.0.1:9", "worker")
        give_up = time.monotonic() + 60
        while str(process.pid) not in pulses(store) and time.monotonic() < give_up:
            time.sleep(0.1)
        return process

    first = start()
    assert pulses(store) == [str(first.pid)]
    first.kill()
    first.communicate()
    assert pulses(store) == [str(first.pid)]
    second = start()
    assert pulses(store) == [str(second.pid)]
    second.terminate()
    second.communicate(timeout=60)
    assert pulses(store) == []


def cut_off(store: Engine, name: str) -> None:
    """Let the server end the connection that holds the lock ``name``, as a restart would."""
    with store.begin() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
                "AND classid::bigint << 32 | objid::bigint = :key"
            ),
            {"key": locks._key(name)},
        )


def test_tickets_are_handed_out_with_the_work_or_not_at_all(store: Engine) -> None:
    with database.reading(store) as session:
        workers.enqueue(
            session, worker_jobs.to_plan(1, range(1, 3 + 1))
        )  # and nothing of it is kept
    assert waiting(store) == []
    with database.writing(store) as session:
        workers.enqueue(session, worker_jobs.to_plan(1, range(1, 3 + 1)))
    assert waiting(store) == ["plan-1-1", "plan-1-2", "plan-1-3"]


def test_a_ticket_that_waits_is_not_handed_out_again(store: Engine) -> None:
    for due in (1_500, 3_500):
        with database.writing(store) as session:
            workers.enqueue(session, worker_jobs.to_deliver(7, due, at_local_time=True))
    assert sorted(waiting(store)) == [f"deliver-7-{number}" for number in (1, 2, 3, 4)]


def test_every_ticket_has_its_function(store: Engine) -> None:
    assert set(workers.FUNCTIONS) == set(Task)
    one = JobSpec(Task.PLAN, "k", {"edition_id": 1, "shard": 1})
    assert workers._job(one).task_kwargs == {"edition_id": 1, "shard": 1}


def test_a_sender_that_is_cut_off_from_the_server_notices(store: Engine) -> None:
    with deliveries.lock(store, "one") as held:
        assert held.alive()
        cut_off(store, "sender-one")
        assert not held.alive()


def test_who_was_taken_for_dead_can_still_say_what_became_of_its_copies(
    store: Engine,
    take: Callable[..., list[int]],  # noqa: F811
    now: datetime,
) -> None:
    with deliveries.lock(store, "one"):
        take("one", 2)
        first, second, *_ = ids(store)
        with database.writing(store) as session:
            deliveries.put_on_wire(session.connection(), [first], owner="one")
        cut_off(store, "sender-one")
        assert deliveries.recover(store, now=now) == (1, 1)
        late = [deliveries.Outcome(copy, S.SENT, reply="250 ok") for copy in (first, second)]
        with database.writing(store) as session:
            assert deliveries.put_on_wire(session.connection(), [second], owner="one") == set()
            deliveries.record(session.connection(), late, owner="one", now=now)
    assert states(store)[:2] == ["sent", "planned"]


def test_work_is_tried_again_while_the_server_is_away(store: Engine) -> None:
    tries: list[int] = []

    def work() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise StoreAwayError("gone")
        return "done"

    assert database.when_available(store, work) == "done"
    with pytest.raises(StoreAwayError):
        database.when_available(store, lambda: _fail(), hurry=lambda: True)


def _fail() -> None:
    raise StoreAwayError("gone")


def test_when_the_leader_is_cut_off_another_leads(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leadership, "STANDBY_SECONDS", 0.2)
    monkeypatch.setattr(leadership, "LOOK_SECONDS", 0.1)
    leading: list[str] = []
    began: list[str] = []
    stop = threading.Event()

    def lead(name: str) -> threading.Thread:
        @contextmanager
        def work(leave: threading.Event) -> Iterator[None]:
            leading.append(name)
            began.append(name)
            yield
            assert leave.is_set()
            leading.remove(name)

        thread = threading.Thread(target=leadership.lead, args=(store, stop, work, lambda _: None))
        thread.start()
        return thread

    def until(told: Callable[[], bool]) -> None:
        give_up = time.monotonic() + 30
        while not told():
            assert time.monotonic() < give_up, began
            time.sleep(0.05)

    threads = [lead("one"), lead("two")]
    for times in (1, 2, 3):
        until(lambda times=times: len(began) == times and len(leading) == 1)  # type: ignore[misc]
        cut_off(store, leadership.LEADER)
    until(lambda: len(began) == 4 and len(leading) == 1)
    stop.set()
    for thread in threads:
        thread.join()
    assert leading == []


@pytest.fixture
def server() -> Iterator[fleet.Server]:
    """A server of this test's own, to be killed, with a store on it."""
    with fleet.server(fleet.HERE, 53_000 + os.getpid() % 1_000) as found:
        now = datetime.now(UTC)
        store_opening.open_store(found.url, newsletter="weekly", now=now, make=True).dispose()
        yield found


@pytest.mark.slow
def test_a_worker_stops_in_time_though_the_server_is_away(
    server: fleet.Server, tmp_path: Path
) -> None:
    workers = [fleet.command(tmp_path, server.url, "smtp://127.0.0.1:9", "worker") for _ in "ab"]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()
    server.kill()
    for worker, seconds in zip(workers, (1, 12), strict=True):
        time.sleep(seconds)
        asked = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        said, _ = worker.communicate(timeout=60)
        assert (worker.returncode, _event(said.splitlines()[-1])) == (0, "stopped")
        assert time.monotonic() - asked < 10


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_when_the_leading_scheduler_is_killed_another_leads_within_a_minute(
    tmp_path: Path, store: Engine
) -> None:
    from tests.promises.conftest import add_readers, add_stories

    due = datetime.now(UTC) - timedelta(hours=1)
    add_stories(store, due)
    add_readers(store, due, 60)
    url = store.url.render_as_string(hide_password=False)
    settings = {"schedule": f"{due:%A %H:%M}", "timezone": "UTC", "rate": "20 per 3 seconds"}
    settings |= {"connections": "2"}
    with fleet.relay(tmp_path / "accepted", fleet.HERE, 25_800) as relay:
        to = f"smtp://{relay.host}:{relay.port}?starttls=never"
        leader = fleet.command(tmp_path, url, to, "scheduler", **settings)
        assert leader.stdout is not None
        assert _event(leader.stdout.readline()) == "running"
        other = fleet.command(tmp_path, url, to, "scheduler", **settings)
        assert other.stdout is not None
        assert _event(other.stdout.readline()).startswith("standing by")
        while not relay.accepted():  # it is in the middle of the edition
            time.sleep(0.05)
        leader.kill()
        killed = time.monotonic()
        leader.communicate()
        assert "running" in map(_event, iter(other.stdout.readline, ""))
        assert time.monotonic() - killed < 60
        while _edition_states(store) != ["finished"]:  # one edition, and it is done
            time.sleep(0.2)
        other.send_signal(signal.SIGTERM)
        other.communicate(timeout=60)
        accepted = relay.accepted()
    left = Counter(states(store))
    assert set(left) <= {"sent", "in_doubt"}
    assert left.total() == 60
    assert left["in_doubt"] <= 2  # its connections
    assert set(accepted.values()) == {1}


def _event(line: str) -> str:
    """The event of an entry of the log."""
    return str(json.loads(line)["event"])


def _edition_states(store: Engine) -> list[str]:
    with database.reading(store) as session:
        return [str(state) for state in session.scalars(sa.select(Edition.state))]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_rate_holds_for_two_workers_together(tmp_path: Path, store: Engine) -> None:
    from tests.promises.conftest import add_readers, add_stories

    now = datetime.now().astimezone()
    add_stories(store, now - timedelta(hours=1))
    add_readers(store, now - timedelta(hours=1), 60)
    url = store.url.render_as_string(hide_password=False)
    with fleet.relay(tmp_path / "accepted", fleet.HERE, 25_700) as relay:
        to = f"smtp://{relay.host}:{relay.port}?starttls=never"
        helpers = [
            fleet.command(tmp_path, url, to, "worker", rate="20 per 3 seconds") for _ in range(2)
        ]
        for helper in helpers:
            assert helper.stdout is not None
            helper.stdout.readline()
        send = fleet.command(
            tmp_path,
            url,
            to,
            "editions",
            "send",
            "--yes",
            "--period",
            "2026-W48",
            rate="20 per 3 seconds",
        )
        said, _ = send.communicate(timeout=200)
        for helper in helpers:
            helper.send_signal(signal.SIGTERM)
            helper.communicate(timeout=60)
            assert helper.returncode == 0
        moments = relay.moments()
    assert len(moments) == 60, said
    assert all(later - earlier > 2.9 for earlier, later in zip(moments, moments[20:], strict=False))
