"""`newsletter alerts` shows what is wrong and tries the ways by which operators are told."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from mailer.monitoring import job_runs
from recommender.models import Feed, OngoingTrouble
from recommender.safety import standard_webhooks
from recommender.storage import database

Run = Callable[..., tuple[int, str, str]]


def test_what_is_wrong_is_listed_as_doctor_says_it(
    newsletter: Run, engine: Engine, now: object
) -> None:
    assert newsletter("alerts", "list") == (0, "nothing is wrong\n", "")
    with database.writing(engine) as session:
        job_runs.note_failure(session, "prune", now, "OverflowError")  # type: ignore[arg-type]
    _, out, _ = newsletter("alerts", "list", "--json")
    (one,) = json.loads(out)["troubles"]
    assert (one["kind"], one["noticed_at"]) == ("job", None)
    words = f"{one['subject']} {one['sentence']}; {one['what_to_do']}"
    assert f"warning  job: {words}" in newsletter("doctor")[1]


def test_a_relay_that_the_service_found_down_is_listed(newsletter: Run, engine: Engine) -> None:
    now = datetime.now(UTC)
    with database.writing(engine) as session:
        session.add(OngoingTrouble(
            kind="relay", subject="mx.example", sentence="takes no mail: refused",
            what_to_do="see that it runs", began_at=now, seen_at=now,
        ))  # fmt: skip
    assert "mx.example takes no mail: refused" in newsletter("alerts", "list")[1]


def test_a_test_alert_goes_out_at_once(newsletter: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    status, _, err = newsletter("alerts", "test")
    assert (status, err.startswith("error: alert_to: neither it nor alert_url is set")) == (1, True)
    monkeypatch.setenv("NEWSLETTER_ALERT_TO", "ops@example.com")
    assert newsletter("alerts", "test") == (0, "mail: sent\n", "")
    (file,) = Path("outbox/service").glob("*.eml")
    assert b"the test of alerts was asked for" in file.read_bytes()


def test_a_way_that_fails_is_said(newsletter: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_ALERT_URL", "http://127.0.0.1:9/")
    status, _, err = newsletter("alerts", "test")
    assert (status, "alert_secret: must be set where alert_url is" in err) == (1, True)
    monkeypatch.setenv("NEWSLETTER_ALERT_SECRET", newsletter("alerts", "secret")[1].strip())
    status, _, err = newsletter("alerts", "test")
    assert (status, "feeds_private = true" in err) == (1, False)
    assert "port 9 is not one of the web" in err


def test_a_secret_that_is_printed_can_be_used(newsletter: Run) -> None:
    standard_webhooks.key(newsletter("alerts", "secret")[1].strip())


def test_a_backup_that_was_made_is_remembered(newsletter: Run, engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL is backed up by its own tools")
    newsletter("store", "backup", "copy.db")
    with database.reading(engine) as session:
        assert job_runs.by_name(session)["backup"].succeeded_at is not None
        assert session.query(Feed).count() == 0
