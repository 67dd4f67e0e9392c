"""Two readers who become one: nothing of either is lost, and the more careful word holds."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer import merging
from mailer.merging import Merge
from recommender import segments
from recommender.corrections import Author
from recommender.errors import ConflictError
from recommender.models import (
    Base,
    Event,
    EventKind,
    Newsletter,
    Status,
    Subscriber,
    Subscription,
)
from recommender.storage import database
from recommender.subscribers import consent, fields, intake, records

A, B = "a@example.com", "b@example.com"
READERS: list[dict[str, Any]] = [
    {
        "email": A,
        "roles": ["CTO"],
        "topics": {"Chips": 2, "Film": -1, "Space": 1},
        "attributes": {"plan": "pro", "tags": ["vip"]},
    },
    {
        "email": B,
        "name": "Reader",
        "roles": ["CTO", "Editor"],
        "topics": {"Chips": 3, "Film": 3, "Space": -2, "Ships": 1},
        "locale": "de",
        "attributes": {"plan": "free", "tags": ["vip", "trial"], "city": "Bremen"},
    },
]


@pytest.fixture
def pair(store: Engine, now: datetime) -> Engine:
    rows = [fields.draft(line, values) for line, values in enumerate(READERS)]
    intake.import_rows(lambda: database.writing(store), rows, file="", now=now)
    return store


def merge(pair: Engine, now: datetime) -> Merge:
    with database.writing(pair) as session:
        kept, gone = records.find(session, A), records.find(session, B)
        return merging.merge(session, kept, gone, author=Author("jane", now))


def held(pair: Engine) -> dict[str, Any]:
    with database.reading(pair) as session:
        return records.everything(session, records.find(session, A))


def test_interests_history_and_lists_of_both_are_the_one_readers(
    pair: Engine, now: datetime
) -> None:
    with database.writing(pair) as session:
        other = records.find(session, B)
        session.add(Event(at=now, kind=EventKind.MORE, subscriber_id=other.id))
        segments.create(session, "list", None, now=now)
        segments.add_members(session, "list", [A, B])
        other.last_active_at = now + timedelta(days=1)
    done = merge(pair, now)
    assert (done.topics, done.roles, done.answers, done.events) == (1, 1, 1, 1)
    found = held(pair)
    assert found["topics"] == {"Chips": 3, "Film": -1, "Space": -2, "Ships": 1}
    assert sorted(found["roles"]) == ["CTO", "Editor"]
    assert (found["name"], found["locale"]) == ("Reader", "de")
    assert found["attributes"] == {"plan": "pro", "tags": ["vip", "trial"], "city": "Bremen"}
    assert [event["kind"] for event in found["events"]] == ["more"]
    assert [event["source"] for event in found["consent"]] == ["import", "import", "merge"]
    assert found["segments"] == ["list"]
    assert found["last_active_at"] == (now + timedelta(days=1)).isoformat()
    (logged,) = found["corrections"]
    assert (logged["by"], logged["kind"]) == ("jane", "merge")
    assert B not in str(found)
    with database.reading(pair) as session:
        assert session.scalar(sa.select(sa.func.count(Subscriber.id))) == 1


@pytest.mark.parametrize(
    ("mine", "other", "after"),
    [
        ("active", "active", "active"),
        ("active", "paused", "paused"),
        ("active", "unsubscribed", "unsubscribed"),
        ("unsubscribed", "active", "unsubscribed"),
        ("unsubscribed", "complained", "complained"),
        ("active", "bounced", "bounced"),
        ("pending", "active", "pending"),
        ("active", "pending", "active"),
    ],
)
def test_the_more_careful_status_holds(
    pair: Engine, now: datetime, mine: str, other: str, after: str
) -> None:
    with database.writing(pair) as session:
        for email, status in ((A, mine), (B, other)):
            who = records.find(session, email)
            consent.change(session, who, Status(status), source="test", now=now, proof={})
            who.paused_until = now if status == "paused" else None
    assert merge(pair, now).status == after
    with database.reading(pair) as session:
        found = records.find(session, A)
        assert (found.status, found.paused_until) == (after, now if after == "paused" else None)


@pytest.mark.parametrize(("reason", "follows"), [("complaint", "complaint"), ("bounce", None)])
def test_a_suppression_stays_and_one_that_is_not_of_the_mailbox_goes_along(
    pair: Engine, now: datetime, reason: str, follows: str | None
) -> None:
    with database.writing(pair) as session:
        consent.suppress(session, B, reason=reason, now=now, proof={})
    merge(pair, now)
    with database.reading(pair) as session:
        assert consent.reason_of(session, B) == reason
        assert consent.reason_of(session, A) == follows


def test_who_is_erased_after_it_comes_back_under_neither_address(
    pair: Engine, now: datetime
) -> None:
    merge(pair, now)
    with database.writing(pair) as session:
        consent.erase(session, A, now=now)
        assert consent.reason_of(session, A) == consent.reason_of(session, B) == consent.ERASED


def test_one_reader_cannot_be_merged_into_themselves(pair: Engine, now: datetime) -> None:
    with database.writing(pair) as session:
        kept = records.find(session, A)
        with pytest.raises(ConflictError):
            merging.merge(session, kept, kept, author=Author("jane", now))


def test_a_newsletter_that_either_has_left_stays_left(pair: Engine, now: datetime) -> None:
    with database.writing(pair) as session:
        ids = [records.find(session, email).id for email in (A, B)]
        for name, who, subscribed in (
            ("one", 1, False), ("two", 0, False), ("two", 1, True), ("three", 0, True),
            ("three", 1, False),
        ):  # fmt: skip
            newsletter = session.scalar(sa.select(Newsletter).where(Newsletter.name == name))
            if newsletter is None:
                newsletter = Newsletter(name=name, created_at=now)
                session.add(newsletter)
                session.flush()
            session.add(
                Subscription(
                    newsletter_id=newsletter.id,
                    subscriber_id=ids[who],
                    subscribed=subscribed,
                    at=now,
                    proof={},
                )
            )
    merge(pair, now)
    with database.reading(pair) as session:
        rows = session.scalars(sa.select(Subscription)).all()
        assert [(row.subscriber_id, row.subscribed) for row in rows] == [(ids[0], False)] * 3


def test_no_table_of_what_is_held_of_readers_is_forgotten() -> None:
    """A table that refers to readers must be merged; then it is listed here."""
    merged = {
        "address_changes", "consent_events", "corrections", "deliveries", "events",
        "inbound_messages", "segment_members", "subscriber_roles", "subscriber_topics",
        "subscriptions", "webhook_events",
    }  # fmt: skip
    refer = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(key.column.table.name == "subscribers" for key in table.foreign_keys)
    }
    assert refer == merged
