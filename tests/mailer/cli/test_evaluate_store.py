"""``newsletter evaluate --from-store`` from the outside."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.cli import run
from mailer.delivery import campaign
from recommender.models import Delivery, DeliveryState
from recommender.settings import Settings
from recommender.storage import database
from tests.promises.conftest import add_readers, add_stories, configured, engine, home

from .conftest import last_object

__all__ = ["configured", "engine", "home"]


def test_a_replay_says_what_is_known_and_what_is_not(
    engine: Engine,
    configured: Callable[..., Settings],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = configured()
    monkeypatch.setenv("NEWSLETTER_HOME", str(settings.home))
    if settings.database_url is not None:
        monkeypatch.setenv("NEWSLETTER_DATABASE_URL", settings.store_url)
    assert run(["evaluate", "--from-store"]) == 1
    assert "none was sent" in capsys.readouterr().err
    add_stories(engine, now - timedelta(hours=1))
    add_readers(engine, now - timedelta(hours=1), 12)
    campaign.plan(engine, settings, period="2026-W48", now=now)
    with database.writing(engine) as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.SENT))
    command = ["evaluate", "--from-store", "--setting", "diversity=0.5"]
    assert run([*command, "--json"]) == 0
    found = last_object(capsys.readouterr().out)
    assert (found["editions"], found["copies"], found["answers"]) == (["weekly-2026-W48"], 12, 0)
    assert found["position_bias"]["from_the_data"] is False
    assert set(found["systems"]) == {"settings of now", "house digest", "diversity=0.5"}
    assert {one["verdict"] for one in found["systems"].values()} == {"undecided"}
    assert run(command) == 0
    shown = capsys.readouterr().out
    assert "cannot be told" in shown
    assert "nobody has answered anything yet" in shown
    assert "0.0000" not in shown  # numbers that say nothing


def test_what_does_not_go_together_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "--from-store", "--articles", "a.jsonl"]) == 2
    assert "it takes no files" in capsys.readouterr().err
    assert run(["evaluate"]) == 2
    assert "--from-store" in capsys.readouterr().err
