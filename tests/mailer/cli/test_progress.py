"""Sending as it is watched and held back from the command line."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.throttling import circuit_breaker
from recommender.models import Delivery, DeliveryState
from recommender.storage import database

Run = Callable[..., tuple[int, str, str]]


def answer(newsletter: Run, *arguments: str) -> dict[str, Any]:
    status, out, err = newsletter(*arguments, "--json")
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return found


def test_an_edition_is_shown_by_its_name_with_what_holds_it_back(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_WARM_UP", "50, 100")
    newsletter("editions", "plan", "--yes", "--period", "2026-W48")
    shown = answer(newsletter, "editions", "show", "weekly-2026-W48")
    assert (shown["progress"], shown["rate"], shown["eta"]) == (0, 0, None)
    assert (shown["paused_domains"], shown["relays"]) == ([], {})
    assert shown["warm_up"] == "day 1 of 2, 0 of 50 messages sent"
    assert shown["next_due"] is not None
    assert answer(newsletter, "editions", "show", "2026-W48")["edition"] == "weekly-2026-W48"


def test_an_edition_that_was_sent_is_done(newsletter: Run) -> None:
    newsletter("editions", "send", "--yes", "--period", "2026-W48")
    shown = answer(newsletter, "editions", "show", "--period", "2026-W48")
    assert (shown["progress"], shown["eta"]) == (1, None)
    assert shown["relays"] == {"outbox": 1.0}
    _, out, _ = newsletter("editions", "list")
    assert "100%" in out
    _, out, _ = newsletter("editions", "show", "weekly-2026-W48")
    assert "messages per second" in out


def test_a_stopped_edition_ends_the_command_with_the_reason(
    newsletter: Run, engine: Engine, now: datetime
) -> None:
    newsletter("editions", "plan", "--yes", "--period", "2026-W48")
    why = "stopped: 60 of 100 copies bounced or were deferred, more than 10%"
    with database.writing(engine) as session:
        edition = session.scalars(sa.select(Delivery.edition_id).limit(1)).one()
        assert circuit_breaker.stop(session, edition, why, now=now)
    status, _, err = newsletter("editions", "send", "--yes", "--period", "2026-W48")
    assert status == 1
    assert err == f"error: weekly-2026-W48 {why}; `newsletter editions resume` overrides that\n"
    assert newsletter("editions", "resume", "--period", "2026-W48")[0] == 0
    assert newsletter("editions", "send", "--yes", "--period", "2026-W48")[0] == 0
    with database.reading(engine) as session:
        states = set(session.scalars(sa.select(Delivery.state)))
    assert states <= {DeliveryState.SENT, DeliveryState.SKIPPED}


def test_doctor_says_where_the_warm_up_stands(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_WARM_UP", "50, 100")
    _, out, _ = newsletter("doctor")
    assert "warm-up: day 1 of 2, 0 of 50 messages sent" in out


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("RATE", "fast"),
        ("DOMAIN_RATES", "gmail.com"),
        ("DOMAIN_RATES", '{"gmail.com": 20}'),
        ("WARM_UP", "50, many"),
        ("QUIET_HOURS", "night"),
        ("STOP_WHEN_BOUNCING", "2"),
    ],
)
def test_a_limit_that_cannot_be_read_names_its_key(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    monkeypatch.setenv(f"NEWSLETTER_{key}", value)
    status, _, err = newsletter("editions", "list")
    assert status != 0
    assert err.startswith(f"error: NEWSLETTER_{key}: ")
    assert err.count("\n") == 1
