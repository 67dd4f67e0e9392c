"""The guard: mail that does harm is stopped, by edition, domain and relay, and said why."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.delivery.summary import Summary
from mailer.edition import status
from mailer.ledger import editions
from mailer.throttling import guard
from mailer.throttling.circuit_breaker import CircuitBreaker
from mailer.throttling.guard import INTERVAL, Guard, Tally, Thresholds
from recommender.articles import intake as article_intake
from recommender.articles import jsonl
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Event,
    EventKind,
    Newsletter,
    Status,
    Subscriber,
    TemplateVersion,
)
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import fields, intake

S = DeliveryState
LIMITS = Thresholds(copies=100)
HARD = {"kind": "hard", "status": "5.1.1", "words": "", "about": "mailbox"}
Add = Callable[..., list[int]]


def edition_of(store: Engine, period: str, now: datetime) -> int:
    with database.writing(store) as session:
        if session.get(TemplateVersion, "t") is None:
            session.add(TemplateVersion(hash="t", name="weekly", html="", text="", at=now))
        found = Edition(
            newsletter=session.scalars(sa.select(Newsletter)).one(),
            period=period,
            state=EditionState.SENDING,
            template_hash="t",
            planned_at=now,
            started_at=now,
        )
        session.add(found)
        session.flush()
        return found.id


@pytest.fixture
def edition(store: Engine, now: datetime) -> int:
    return edition_of(store, "2026-W48", now)


@pytest.fixture
def add(store: Engine, now: datetime) -> Add:
    """``add(edition, number, state, domain=, **columns)``: copies in a state; their row ids."""

    def run(
        edition: int, number: int, state: S, domain: str = "example.com", **columns: Any
    ) -> list[int]:
        with database.writing(store) as session:
            first = (session.scalar(sa.select(sa.func.max(Subscriber.id))) or 0) + 1
            ids = list(range(first, first + number))
            readers = [
                {
                    "id": key, "email": f"r{key}@{domain}", "address_hash": f"{key:064}",
                    "status": Status.ACTIVE, "created_at": now, "updated_at": now,
                }
                for key in ids
            ]  # fmt: skip
            copies = [
                {
                    "id": key, "edition_id": edition, "subscriber_id": key, "number": key,
                    "state": state, "due_at": now, "template_hash": "t", "attempts": 1,
                    "relay": "relay.example.net:25",
                    "settled_at": None if state == S.DEFERRED else now,
                } | columns
                for key in ids
            ]  # fmt: skip
            session.execute(sa.insert(Subscriber), readers)
            session.execute(sa.insert(Delivery), copies)
        return ids

    return run


def answer(
    store: Engine, copies: list[int], kind: EventKind, at: datetime, data: dict[str, Any]
) -> None:
    with database.writing(store) as session:
        rows = [
            {"at": at, "kind": kind, "subscriber_id": one, "delivery_id": one, "data": data}
            for one in copies
        ]
        session.execute(sa.insert(Event), rows)


def look(store: Engine, edition: int, now: datetime, limits: Thresholds = LIMITS) -> str | None:
    return CircuitBreaker(edition, 1, Guard(edition, limits)).look(store, now)


@pytest.mark.parametrize(
    ("tally", "why"),
    [
        (Tally(1000, complained=3), None),  # 0.3 % is what providers bear
        (Tally(1000, complained=4), "0.40 % complaints (4 of 1000 copies), more than 0.3 %"),
        (Tally(499, complained=400), None),  # a small list
        (Tally(500, complained=2), None),  # one or two say nothing
        (Tally(1000, bounced=50), None),
        (Tally(1000, bounced=51), "5.10 % bounces (51 of 1000 copies), more than 5 %"),
        (Tally(1000, deferred=501), "50.10 % deferrals (501 of 1000 copies), more than 50 %"),
    ],
)
def test_a_share_above_its_threshold_stops_unless_it_is_of_a_few(
    tally: Tally, why: str | None
) -> None:
    found = guard.verdict({"": tally}, Thresholds())
    assert found == (None if why is None else f"stopped: {why}")


def test_one_stops_nothing_where_the_threshold_is_one() -> None:
    all_bad = Tally(1000, bounced=1000, deferred=1000, complained=1000)
    assert guard.verdict({"": all_bad}, Thresholds(1, 1, 1, 1)) is None


def test_complaints_stop_an_edition_and_resuming_judges_what_comes_after(
    store: Engine, edition: int, add: Add, now: datetime
) -> None:
    copies = add(edition, 200, S.SENT)
    later = now + timedelta(minutes=1)
    assert look(store, edition, later) is None
    answer(store, copies[:3], EventKind.COMPLAINT, later, {})
    why = look(store, edition, later)
    assert why is not None
    assert "1.50 % complaints (3 of 200 copies" in why
    with database.reading(store) as session:
        row = session.get_one(Edition, edition)
        assert (row.state, row.why) == (EditionState.PAUSED, why)
        shown = status.status(session, Settings(), row, now=later)
        assert shown["stopped"] == why
    with database.writing(store) as session:
        editions.resume(session, session.get_one(Edition, edition))
    assert look(store, edition, later + timedelta(minutes=1)) is None
    more = add(edition, 100, S.SENT, settled_at=later + timedelta(minutes=2))
    answer(store, more[:3], EventKind.COMPLAINT, later + timedelta(minutes=3), {})
    assert "3.00 % complaints (3 of 100" in str(look(store, edition, later + timedelta(minutes=4)))


def test_bounces_that_come_back_count_with_those_at_once_and_each_copy_once(
    store: Engine, edition: int, add: Add, now: datetime
) -> None:
    copies = add(edition, 195, S.SENT)
    add(edition, 5, S.FAILED, reason="5.1.1")
    answer(store, copies[:5], EventKind.BOUNCE, now, HARD)
    answer(store, copies[:5], EventKind.BOUNCE, now, HARD)  # said twice
    answer(store, copies[5:50], EventKind.BOUNCE, now, {**HARD, "kind": "soft"})
    add(edition, 100, S.FAILED, reason="copy", relay=None)  # could not be made
    with database.reading(store) as session:
        assert guard.tallies(session, edition)[""] == Tally(200, bounced=10)
    assert look(store, edition, now) is None
    answer(store, copies[50:51], EventKind.BOUNCE, now, HARD)
    assert "5.50 % bounces (11 of 200" in str(look(store, edition, now))


@pytest.mark.parametrize(
    ("columns", "where"),
    [
        ({"domain": "strict.example"}, "at strict.example"),
        ({"relay": "two.example.net:25"}, "by two.example.net:25"),
    ],
)
def test_one_domain_or_relay_is_enough(
    store: Engine, edition: int, add: Add, now: datetime, columns: dict[str, str], where: str
) -> None:
    add(edition, 2_000, S.SENT)
    copies = add(edition, 110, S.SENT, **columns)
    answer(store, copies[:7], EventKind.BOUNCE, now, HARD)
    assert f"(7 of 110 copies {where})" in str(look(store, edition, now))


def test_deferrals_of_one_domain_stop_nothing(
    store: Engine, edition: int, add: Add, now: datetime
) -> None:
    add(edition, 500, S.SENT)
    add(edition, 400, S.DEFERRED, domain="slow.example")
    assert look(store, edition, now) is None
    add(edition, 200, S.DEFERRED)
    assert "deferrals (600 of 1100" in str(look(store, edition, now))


def test_complaints_about_the_last_edition_stop_the_next_before_its_first_copy(
    store: Engine, edition: int, add: Add, now: datetime
) -> None:
    copies = add(edition, 200, S.SENT)
    answer(store, copies[:2], EventKind.COMPLAINT, now + timedelta(days=2), {})
    later = now + timedelta(days=6)
    following = edition_of(store, "2026-W49", later)
    assert look(store, following, later) is None
    answer(store, copies[2:3], EventKind.COMPLAINT, now + timedelta(days=3), {})
    assert "(3 of 200 copies of the last 7 days)" in str(look(store, following, later))
    with database.writing(store) as session:
        editions.resume(session, session.get_one(Edition, following))
    assert look(store, following, later) is None
    at_last = now + timedelta(days=8)
    assert look(store, edition_of(store, "2026-W50", at_last), at_last) is None


def test_it_looks_now_and_then_and_not_at_every_call(
    store: Engine, edition: int, add: Add, now: datetime
) -> None:
    one = Guard(edition, LIMITS)
    with database.reading(store) as session:
        assert one.check(session, now, None) is None
    copies = add(edition, 200, S.SENT)
    answer(store, copies[:9], EventKind.COMPLAINT, now, {})
    with database.reading(store) as session:
        assert one.check(session, now + INTERVAL / 2, None) is None
        assert one.check(session, now + timedelta(minutes=5), None) is not None


def test_a_sender_stops_before_its_first_copy_and_goes_on_when_it_is_resumed(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    settings = Settings(home=tmp_path, guard_copies=10)
    story = {"id": "a", "title": "Dies", "summary": "Of wafers.", "topics": ["Chips"]}
    drafts = jsonl.parse_document(json.dumps(story).encode(), Path("a.jsonl"), now)
    article_intake.import_articles(lambda: database.writing(store), drafts, now=now)
    rows = [
        fields.draft(n, {"email": f"r{n}@example.com", "topics": ["Chips"], "locale": "de"})
        for n in range(12)
    ]
    intake.import_rows(lambda: database.writing(store), rows, file="", now=now)

    def send(moment: datetime) -> Summary:
        planned = campaign.plan(store, settings, period="2026-W48", now=moment)
        return campaign.send(
            store, settings, edition_id=planned, clock=lambda: moment, stop=threading.Event(),
            at_local_time=False,
        )  # fmt: skip

    assert send(now).sent == 12
    with database.reading(store) as session:
        copies = list(session.scalars(sa.select(Delivery.id).order_by(Delivery.id)))
    later = now + timedelta(hours=1)
    answer(store, copies[:3], EventKind.COMPLAINT, later, {})
    rows = [fields.draft(1, {"email": "new@example.com", "topics": ["Chips"]})]
    intake.import_rows(lambda: database.writing(store), rows, file="", now=later)
    held = send(later)
    assert (held.sent, held.state) == (0, "paused")
    assert "25.00 % complaints (3 of 12 copies" in str(held.trouble)
    with database.writing(store) as session:
        editions.resume(session, session.scalars(sa.select(Edition)).one())
    assert send(later + timedelta(minutes=1)).sent == 1
