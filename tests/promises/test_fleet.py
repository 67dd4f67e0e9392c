"""Four workers, two schedulers and PostgreSQL itself, killed at random while an edition goes out:
nobody is missed, nobody gets it twice but who may, every doubt is named.

NEWSLETTER_TEST_READERS is how many readers it goes to, and with it how long it takes.
"""

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.ledger import editions
from recommender import store_opening
from recommender.models import Delivery, DeliveryState, Edition, EditionState, Subscriber
from recommender.storage import database
from tests import fleet
from tests.promises.conftest import add_readers, add_stories

READERS = int(os.environ.get("NEWSLETTER_TEST_READERS", "1200"))
CONNECTIONS = 2
WORKERS, SCHEDULERS = 4, 2
PATIENCE = 480 + READERS / 5
MOST_KILLS = 24 + READERS // 500
S = DeliveryState

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgresql,
    pytest.mark.timeout(PATIENCE + 120),
]


@dataclass(frozen=True)
class Place:
    """Where something runs: with which words before its command, at which address."""

    prefix: tuple[str, ...] = ()
    address: str = fleet.HERE


@dataclass
class Fleet:
    """The processes of a fleet; whoever is killed is started again in the same place."""

    home: Path
    server: fleet.Server
    relay: fleet.Relay
    places: list[Place]
    settings: dict[str, str]
    kills: Counter[str] = field(default_factory=Counter)
    processes: "list[tuple[str, Place, subprocess.Popen[str]]]" = field(default_factory=list)

    def start(self, kind: str, place: Place) -> None:
        url = f"smtp://{self.relay.host}:{self.relay.port}?starttls=never"
        process = fleet.command(
            self.home, self.server.url, url, kind, prefix=place.prefix, **self.settings
        )
        self.processes.append((kind, place, process))

    def let_work(self, chance: random.Random) -> None:
        """Wait until some more messages are out, or for as long as the slowest machine may take to
        begin; and then until the middle of something."""
        before, until = sum(self.relay.accepted().values()), time.monotonic() + 30
        while time.monotonic() < until:
            if sum(self.relay.accepted().values()) >= before + READERS // 40:
                break
            time.sleep(0.1)
        time.sleep(chance.random())

    def harm(self, chance: random.Random) -> None:
        """Kill one of them, or the server, and start it again."""
        if chance.random() < 0.25:
            self.kills["server"] += 1
            self.server.kill()
            time.sleep(chance.random() * 2)
            self.server.start()
            return
        victim = chance.choice(self.processes)
        self.processes.remove(victim)
        kind, place, process = victim
        self.kills[kind] += 1
        process.kill()
        process.communicate()
        self.start(kind, place)

    def tend(self) -> None:
        """Start again who ended by itself, having met no server when it began: as systemd does."""
        for entry in list(self.processes):
            kind, place, process = entry
            if process.poll() is not None:
                said, _ = process.communicate()
                assert "cannot open the store" in said, (kind, said)
                self.processes.remove(entry)
                self.start(kind, place)

    def end(self) -> None:
        self.tend()
        for _, _, process in self.processes:
            process.send_signal(signal.SIGTERM)
        for kind, _, process in self.processes:
            said, _ = process.communicate(timeout=60)
            early = process.returncode == -signal.SIGTERM and not said  # before it could hear it
            assert process.returncode == 0 or early, (kind, said)


@contextmanager
def namespaces(names: list[str]) -> Iterator[list[Place]]:
    """A network of the test's own: a namespace for each name, all on one bridge."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2")
    bridge = f"nl{os.getpid()}"

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    with ExitStack() as undo:
        try:
            ip("link", "add", bridge, "type", "bridge")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
        undo.callback(ip, "link", "del", bridge)
        ip("addr", "add", "10.213.0.1/24", "dev", bridge)
        ip("link", "set", bridge, "up")
        places = []
        for number, name in enumerate(names, 2):
            space, wire = f"{bridge}-{name}", f"{bridge}v{number}"
            ip("netns", "add", space)
            undo.callback(ip, "netns", "del", space)
            ip("link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", space)
            ip("link", "set", wire, "master", bridge, "up")
            ip("-n", space, "addr", "add", f"10.213.0.{number}/24", "dev", "eth0")
            ip("-n", space, "link", "set", "eth0", "up")
            ip("-n", space, "link", "set", "lo", "up")
            places.append(Place(("ip", "netns", "exec", space), f"10.213.0.{number}"))
        yield places


@contextmanager
def standing(home: Path, places: list[Place], **settings: str) -> Iterator[tuple[Fleet, Engine]]:
    """A fleet whose edition is due, with nothing started yet but server and relay. The first place
    is the server's, the second the relay's."""
    now = datetime.now(UTC)
    due = now - timedelta(hours=1)
    settings |= {
        "connections": str(CONNECTIONS),
        "schedule": f"{due:%A %H:%M}",
        "timezone": "UTC",
        "from": "news@example.com",
        "base_url": "https://news.example.com",
        "postal_address": "1 Example Street, Example City",
        "secret_key": "a key that all machines share",
    }
    at, relayed, *others = places
    with (
        fleet.server(at.address, 54_000 + os.getpid() % 1_000, at.prefix) as server,
        fleet.relay(
            home / "accepted", relayed.address, 25_000 + os.getpid() % 1_000, relayed.prefix
        ) as relay,
    ):
        engine = store_opening.open_store(
            server.url, newsletter="weekly", now=due - timedelta(days=1), make=True
        )
        add_stories(engine, due)
        add_readers(engine, due, READERS)
        found = Fleet(home, server, relay, others, settings)
        try:
            yield found, engine
        finally:
            for _, _, process in found.processes:
                process.kill()
                process.communicate()
            engine.dispose()


def state(engine: Engine) -> EditionState | None:
    def look() -> EditionState | None:
        with database.reading(engine) as session:
            return session.scalar(sa.select(Edition.state))

    return database.when_available(engine, look)


def until_it_is_out(found: Fleet, engine: Engine, chance: random.Random) -> None:
    """Start everybody, and do harm every few seconds, until the edition is finished."""
    for number in range(WORKERS):
        found.start("worker", found.places[number])
    for number in range(SCHEDULERS):
        found.start("scheduler", found.places[number])
    give_up = time.monotonic() + PATIENCE
    while state(engine) != EditionState.FINISHED:
        assert time.monotonic() < give_up, found.kills
        found.let_work(chance)
        if state(engine) != EditionState.FINISHED:
            found.tend()
            if sum(found.kills.values()) < MOST_KILLS:
                found.harm(chance)


def judge(found: Fleet, engine: Engine, *, resent: bool) -> None:
    accepted = found.relay.accepted()
    with database.reading(engine) as session:
        rows = session.execute(
            sa.select(Subscriber.email, Delivery.state, Delivery.reply).join(Delivery)
        ).all()
        troubles = editions.troubles(session, session.scalars(sa.select(Edition.id)).one())
    reached = {line.split()[0] for line in accepted}
    sent = {row.email for row in rows if row.state == S.SENT}
    doubts = {row.email for row in rows if row.state == S.IN_DOUBT}
    repeats = sum(accepted.values()) - len(reached)
    print(  # noqa: T201  (the figures, for who asks with -s)
        f"{len(rows)} readers, {dict(found.kills)} killed: {len(doubts)} in doubt, "
        f"{len(doubts - reached)} of them not reached, {repeats} repeats"
    )
    assert len(rows) == len(sent) + len(doubts) == READERS
    assert sent <= reached
    assert doubts == {row["email"] for row in troubles}
    assert all(row.reply for row in rows if row.state == S.IN_DOUBT)
    senders = WORKERS + SCHEDULERS
    at_risk = CONNECTIONS * (
        found.kills["worker"] + found.kills["scheduler"] + senders * found.kills["server"]
    )
    assert len(doubts) <= at_risk
    assert repeats <= (at_risk if resent else 0)


def test_a_fleet_that_is_killed_at_random_misses_nobody(tmp_path: Path) -> None:
    with standing(tmp_path, [Place()] * (WORKERS + 2)) as (found, engine):
        until_it_is_out(found, engine, random.Random(4))
        found.end()
        judge(found, engine, resent=False)


def test_the_same_on_machines_of_their_own_where_doubts_are_sent_again(tmp_path: Path) -> None:
    names = ["store", "relay", *(f"work{number}" for number in range(WORKERS))]
    with (
        namespaces(names) as places,
        standing(tmp_path, places, in_doubt="resend") as (found, engine),
    ):
        until_it_is_out(found, engine, random.Random(5))
        found.end()
        judge(found, engine, resent=True)
