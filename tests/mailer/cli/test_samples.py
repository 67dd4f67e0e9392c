"""An edition whose messages break a rule is stopped before the first of them, and named."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import samples
from mailer.edition import templates
from mailer.ledger import deliveries
from mailer.rendering.templates import compile_template
from recommender import resources, settings
from recommender.models import Edition
from recommender.storage import database
from tests.mailer.edition.test_frequency import plan, readers, ready

from .conftest import Run

__all__ = ["ready"]


def planned_with_html(newsletter: Run, old: str, new: str) -> None:
    """Plan an edition, its template changed as by somebody who edits it."""
    assert newsletter("editions", "plan")[0] == 0
    found = settings.load()
    template = compile_template(resources.folder("templates") / "email")
    assert old in template.html
    changed = replace(template, html=template.html.replace(old, new))
    engine = database.connect(found.store_url)
    with database.writing(engine) as session:
        templates.save(session, changed, found.secret, datetime.now(UTC))
    engine.dispose()


def outbox() -> list[Path]:
    return sorted(settings.load().home.glob("outbox/*/*.eml"))


def test_a_rule_that_is_broken_stops_the_send_before_the_first_message(newsletter: Run) -> None:
    planned_with_html(newsletter, "{{ issue.unsubscribe_url }}", "https://e.org/nowhere")
    status, out, error = newsletter("editions", "send", "--json")
    summary = json.loads(out)
    assert (status, summary["sent"], summary["deferred"], summary["due"]) == (1, 0, 12, 12)
    assert summary["state"] == "planned"
    assert error.startswith("error: weekly-")
    assert error.count("\n") == 1
    assert "12 of 12 messages break" in error
    assert "unsubscribe link" in error
    assert outbox() == []
    status, out, _ = newsletter("doctor", "--json")
    checks = json.loads(out)["checks"]
    assert status == 1
    assert any(one["state"] == "error" and "12 of 12" in one["found"] for one in checks)


def test_it_is_sent_all_the_same_by_whoever_says_so(newsletter: Run) -> None:
    planned_with_html(newsletter, "{{ issue.unsubscribe_url }}", "https://e.org/nowhere")
    status, _, error = newsletter("editions", "send", "--despite-findings")
    assert (status, error) == (0, "")
    assert len(outbox()) == 12


def test_an_edition_for_trying_things_out_is_not_stopped_by_its_address(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_BASE_URL", "http://127.0.0.1:8000")
    assert newsletter("editions", "send")[0] == 0
    messages = [message_from_bytes(path.read_bytes()) for path in outbox()]
    assert len(messages) == 12
    assert all("<http://127.0.0.1:8000/" in one["List-Unsubscribe"] for one in messages)


def test_the_sample_is_spread_over_the_readers_and_the_same_each_time(
    ready: Engine, now: datetime, tmp_path: Path
) -> None:
    readers(ready, now, *({} for _ in range(400)))
    plan(ready, tmp_path, ["2026-W48"], now)
    with database.reading(ready) as session:
        edition = session.scalars(sa.select(Edition)).one()
        drawn = [samples._drawn(session, edition.id, deliveries.OPEN) for _ in range(2)]
        places = sorted(copy.delivery_id for copy in drawn[0])
        findings, number = samples.check(
            session, settings.Settings(home=tmp_path), edition, now + timedelta(hours=1)
        )
    assert drawn[0] == drawn[1]
    assert 20 <= len(places) == number <= samples.READERS
    assert places[0] < 100
    assert places[-1] > 300
    assert [one for one in findings if one.level == "must"] == []
