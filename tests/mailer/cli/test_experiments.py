"""``newsletter experiments`` from the outside."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.cli import run
from mailer.delivery import campaign
from recommender.models import Delivery, DeliveryState, Event, EventKind
from recommender.settings import Settings
from recommender.storage import database
from tests.promises.conftest import add_readers, add_stories, configured, engine, home

from .conftest import last_object

__all__ = ["configured", "engine", "home"]
B = "diversity=0.9,calibration=0,quota=0"


@pytest.fixture
def settings(configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> Settings:
    made = configured()
    monkeypatch.setenv("NEWSLETTER_HOME", str(made.home))
    if made.database_url is not None:
        monkeypatch.setenv("NEWSLETTER_DATABASE_URL", made.store_url)
    return made


def test_an_ab_test_is_started_looked_at_and_stopped(
    engine: Engine, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    add_stories(engine, now - timedelta(hours=1))
    add_readers(engine, now - timedelta(hours=1), 200)
    assert run(["experiments", "list"]) == 0
    assert "no experiments yet" in capsys.readouterr().out
    assert run(["experiments", "start", "spread", "--ab", B]) == 0
    assert "half of them each" in capsys.readouterr().out
    campaign.plan(engine, settings, period="2026-W48", now=now + timedelta(minutes=1))
    with database.writing(engine) as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.SENT))
        for copy in session.scalars(sa.select(Delivery).order_by(Delivery.id)):
            if copy.id % 10 < {"a": 3, "b": 8}[str(copy.arm)]:
                session.add(Event(
                    at=now, kind=EventKind.MORE, delivery_id=copy.id, verified=True,
                    subscriber_id=copy.subscriber_id, story_id=copy.story_ids[0],
                ))  # fmt: skip
    assert run(["experiments", "result", "spread", "--json"]) == 0
    found = last_object(capsys.readouterr().out)
    assert (found["better"], found["editions"]) == ("b", ["weekly-2026-W48"])
    assert found["arms"]["a"]["readers"] + found["arms"]["b"]["readers"] == 200
    assert found["difference"]["low"] > 0
    assert run(["experiments", "result", "spread"]) == 0
    assert "so b is better, and that is certain" in capsys.readouterr().out
    assert run(["experiments", "stop", "spread", "--by", "Ada"]) == 0
    assert run(["experiments", "list", "--json"]) == 0
    rows = last_object(capsys.readouterr().out)["experiments"]
    assert [(row["name"], row["stopped_by"]) for row in rows] == [("spread", "Ada")]


def test_interleaving_and_subjects_wait_for_their_editions(
    engine: Engine, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["experiments", "start", "both", "--interleave", B, "--share", "0.5"]) == 0
    assert "for 50% of the readers, in each issue" in capsys.readouterr().out
    assert run(["experiments", "result", "both"]) == 0
    assert "too few answers" in capsys.readouterr().out
    subjects = ["--subject", "Chips", "--subject", "Robots", "--period", "2026-W50"]
    assert run(["experiments", "start", "names", *subjects]) == 0
    assert "2 subjects are tried with 20% of the readers of 2026-W50" in capsys.readouterr().out
    assert run(["experiments", "result", "names"]) == 0
    assert "not certain yet" in capsys.readouterr().out
    assert run(["experiments", "list"]) == 0
    assert "Chips · Robots" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ([], 2, "give one of --interleave, --ab and --subject"),
        (["--ab", "diversty=1"], 1, "did you mean diversity?"),
        (["--interleave", ""], 1, "nothing to compare"),
        (["--subject", "One"], 1, "2 to 4 different subjects"),
        (["--ab", B, "--share", "2"], 2, "share"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    given: list[str], status: int, words: str, settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(["experiments", "start", "x", *given]) == status
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
