"""Readers of an edition by group are as many as a recount reader by reader finds, whether all but
a few got a copy or only a few did."""

import random
from collections import Counter, defaultdict
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.reports import edition_report, reader_groups, story_numbers
from recommender import segments
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    EditionStory,
    Event,
    EventKind,
    Role,
    Status,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
    TemplateVersion,
    Topic,
)
from recommender.storage import database
from tests.promises.conftest import add_stories

READERS = 60


def fill(session: Session, now: datetime, *, share: float) -> Edition:
    """Two editions that a ``share`` of the readers are in, with every kind of answer; the first."""
    chance = random.Random(4)
    session.add(TemplateVersion(hash="t", name="t", html="", text="", at=now))
    session.flush()
    for week in (48, 49):
        session.add(Edition(newsletter_id=1, period=f"2026-W{week}", template_hash="t",
                            planned_at=now, state=EditionState.SENDING))  # fmt: skip
    session.flush()
    segments.create(session, "few", 'email ends with "@b.example"', now=now)
    topics, roles = (
        list(session.scalars(sa.select(Topic.id))),
        list(session.scalars(sa.select(Role.id))),
    )
    stories = list(session.scalars(sa.text("SELECT id FROM stories ORDER BY id LIMIT 8")))
    for story in stories:
        content = {"article": "a", "story": f"{story}", "title": f"{story}"}
        session.add(EditionStory(edition_id=1, story_id=story, content=content))
    for number in range(1, READERS + 1):
        host = chance.choice(("a.example", "b.example", "c.example"))
        row = Subscriber(email=f"r{number}@{host}", address_hash=f"{number}", link_key=number,
                         status=Status.ACTIVE, created_at=now, updated_at=now)  # fmt: skip
        session.add(row)
        session.flush()
        for topic in chance.sample(topics[:6], chance.randrange(4)):
            session.add(SubscriberTopic(subscriber_id=row.id, topic_id=topic,
                                        weight=chance.choice((-2, 1, 3))))  # fmt: skip
        for role in chance.sample(roles[:3], chance.randrange(3)):
            session.add(SubscriberRole(subscriber_id=row.id, role_id=role))
        for edition in (1, 2):
            if chance.random() < share:
                _copy(session, chance, (edition, row.id, number), stories, now)
    session.flush()
    return session.get_one(Edition, 1)


def _copy(
    session: Session,
    chance: random.Random,
    of: tuple[int, int, int],
    stories: list[int],
    now: datetime,
) -> None:
    edition, reader, number = of
    sent = chance.random() < 0.8
    state = DeliveryState.SENT if sent else chance.choice(list(DeliveryState))
    copy = Delivery(
        edition_id=edition, subscriber_id=reader, number=number, state=state, due_at=now,
        story_ids=chance.sample(stories, chance.randrange(4)), template_hash="t",
        relay=chance.choice((None, "one", "two")),
    )  # fmt: skip
    session.add(copy)
    session.flush()
    for _ in range(chance.randrange(4)):
        story = chance.choice([None, *stories])
        session.add(Event(at=now, kind=chance.choice(list(EventKind)), subscriber_id=reader,
                          delivery_id=copy.id, story_id=story,
                          verified=chance.random() < 0.8))  # fmt: skip


def keys(session: Session, reader: Subscriber) -> set[tuple[str, str]]:
    """The groups that a reader is in."""
    topics = {("topics", one.topic.name) for one in reader.topics if one.weight > 0}
    roles = {("roles", one.role.name) for one in reader.roles} or {("roles", "none stated")}
    host = reader.email.partition("@")[2]
    few = {("segments", "few")} if host == "b.example" else set()
    return {*topics, *roles, *few, ("domains", host)}


@pytest.mark.parametrize("share", [0.95, 0.3])
def test_groups_and_stories_are_those_of_a_recount(
    store: Engine, now: datetime, share: float
) -> None:
    add_stories(store, now)
    wanted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    picked: Counter[tuple[str, int, int]] = Counter()
    with database.writing(store) as session:
        edition = fill(session, now, share=share)
        for copy in session.scalars(sa.select(Delivery).where(Delivery.edition_id == edition.id)):
            events = [
                one
                for one in session.scalars(sa.select(Event).where(Event.delivery_id == copy.id))
                if one.verified
            ]
            kinds = {name for name, kind in reader_groups.ANSWERS.items()
                     if any(one.kind == kind for one in events)}  # fmt: skip
            sent = copy.state == DeliveryState.SENT
            steps = {"due", *kinds} | ({"sent"} if sent else set())
            if sent and "bounced" not in kinds:
                steps.add("delivered")
            reader = session.get_one(Subscriber, copy.subscriber_id)
            for key in {*keys(session, reader), ("relays", copy.relay or "none yet")}:
                wanted[key].update(steps)
            answered = {
                (name, one.story_id)
                for one in events
                for name, kind in story_numbers.ANSWERS.items()
                if one.kind == kind
            }
            for position, story in enumerate(copy.story_ids, 1):
                picked["readers", story, position] += sent
                for name in story_numbers.ANSWERS:
                    picked[name, story, position] += (name, story) in answered
        told = edition_report.report(session, edition, now=now)
    found = {
        (group, row["name"]): Counter({
            step: row[step] for step in (*edition_report.STEPS, "more", "less") if row[step]
        })
        for group in ("segments", "topics", "roles", "relays", "domains")
        for row in told[group]
    }  # fmt: skip
    assert found == {key: numbers for key, numbers in wanted.items() if numbers["due"]}
    for name in ("readers", *story_numbers.ANSWERS):
        for row in told["stories"]:
            mine = sum(n for (of, story, _), n in picked.items()
                       if (of, story) == (name, int(row["title"])))  # fmt: skip
            assert row[name] == mine, (name, row)
        for row in told["positions"]:
            mine = sum(n for (of, _, place), n in picked.items()
                       if (of, place) == (name, row["name"]))  # fmt: skip
            assert row[name] == mine, (name, row)
