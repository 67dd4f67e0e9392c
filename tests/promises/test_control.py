"""An edition that is being sent, steered from another terminal."""

import json
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from benchmarks.fault_injection import edition
from benchmarks.fault_injection.edition import PERIOD, Case
from recommender.models import Delivery, DeliveryState
from recommender.storage import database

COPIES = 120
S = DeliveryState


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("control") / "newsletter.db"
    edition.prepare(f"sqlite:///{file}", COPIES)
    return file


def states(found: Case) -> Counter[DeliveryState]:
    with database.reading(found.engine) as session:
        return Counter(session.scalars(sa.select(Delivery.state)))


def summary(output: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    assert document["due"] == (
        document["sent"]
        + document["failed"]
        + document["deferred"]
        + sum(document["skipped"].values())
        + document["in_doubt"]
    )
    return document


@pytest.mark.slow
def test_paused_resumed_and_cancelled_while_it_is_sent(planned: Path) -> None:
    with edition.case("control", planned, answer_after=2) as found:
        sender = found.start()
        found.wait_for(sender, 6)
        shown = json.loads(found.run("editions", "show", "--period", PERIOD, "--json"))
        assert (shown["state"], shown["rate"] > 0, shown["eta"] is not None) == (
            "sending", True, True,
        )  # fmt: skip
        found.run("editions", "pause", "--period", PERIOD)
        asked = time.monotonic()
        out, _ = sender.communicate(timeout=60)
        assert time.monotonic() - asked < 10
        first = summary(out)
        assert (sender.returncode, first["in_doubt"]) == (0, 0)
        assert states(found) == {S.SENT: first["sent"], S.PLANNED: COPIES - first["sent"]}

        found.run("editions", "resume", "--period", PERIOD)
        sender = found.start()
        found.wait_for(sender, 4)
        found.run("editions", "cancel", "--period", PERIOD)
        out, _ = sender.communicate(timeout=60)
        second = summary(out)
        assert (sender.returncode, second["state"], second["in_doubt"]) == (0, "cancelled", 0)
        sent = first["sent"] + second["sent"]
        assert second["skipped"] == {"cancelled": COPIES - sent}
        assert states(found) == {S.SENT: sent, S.SKIPPED: COPIES - sent}
        assert sum(found.post.taken().values()) == sent


@pytest.mark.slow
def test_a_second_interrupt_ends_it_on_the_spot_and_the_next_run_names_the_doubts(
    planned: Path,
) -> None:
    with edition.case("impatience", planned, answer_after=20) as found:
        sender = found.start()
        found.wait_for(sender, 4)  # taken, and not answered
        sender.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert sender.poll() is None
        struck = time.monotonic()
        sender.send_signal(signal.SIGINT)
        sender.communicate(timeout=60)
        assert time.monotonic() - struck < 3
        assert sender.returncode == -signal.SIGINT
        left = states(found)
        assert left[S.ON_WIRE] == 4
        assert left[S.CLAIMED] + left[S.PLANNED] == COPIES - 4
        found.run("editions", "pause", "--period", PERIOD)
        found.end(found.start())
        assert states(found) == {S.IN_DOUBT: 4, S.PLANNED: COPIES - 4}
