"""One edition, several sends: a segment first, then the rest; each reader has one copy."""

import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.delivery.summary import Summary
from mailer.edition import planning, shards, status
from mailer.ledger import editions
from mailer.preview import upcoming
from mailer.rendering.templates import Template
from mailer.service import publishing
from mailer.service.context import SchedulerContext
from recommender import segments, settings
from recommender.models import Delivery, DeliveryState, Edition, EditionState, Status, Subscriber
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import audience, fields
from recommender.subscribers import intake as readers
from tests.promises.conftest import SUBJECTS, add_readers, add_stories

PERIOD = "2026-W48"
HOUR = datetime(2026, 11, 26, 8, 1, tzinfo=UTC)


@pytest.fixture
def configured(store: Engine, now: datetime, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings for a store with stories, twelve readers and two segments that overlap."""
    add_stories(store, now - timedelta(hours=1))
    add_readers(store, now - timedelta(hours=1), 12)
    with database.writing(store) as session:
        emails = list(session.scalars(sa.select(Subscriber.email).order_by(Subscriber.id)))
        for name, members in (("pilots", emails[:3]), ("recent", emails[2:7])):
            segments.create(session, name, f"email in ({quoted(members)})", now=now)
    home = tmp_path_factory.mktemp("home")
    return settings.load(environment={"NEWSLETTER_HOME": str(home)})


def join(store: Engine, number: int, now: datetime) -> None:
    """One more reader, who confirms."""
    row = {"email": f"reader{number}@example.com", "topics": {SUBJECTS[0]: 3}}
    readers.import_rows(
        lambda: database.writing(store), [fields.draft(number, row)], file="new", now=now
    )


def quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def plan(store: Engine, configured: Settings, now: datetime, segment: str | None = None) -> int:
    return campaign.plan(store, configured, period=PERIOD, now=now, segment=segment)


def send(store: Engine, configured: Settings, now: datetime, segment: str | None = None) -> Summary:
    """As `newsletter editions send` does it; the sum holds."""
    with database.reading(store) as session:
        before = campaign.settled(session, configured, PERIOD, segment=segment, since=now)
    done = campaign.send(
        store,
        configured,
        edition_id=plan(store, configured, now, segment),
        clock=lambda: now,
        stop=threading.Event(),
        at_local_time=False,
        segment=segment,
        since=now,
        before=before,
    )
    parts = done.sent + done.failed + done.deferred + done.in_doubt + sum(done.skipped.values())
    assert done.due == parts
    return done


def hour(store: Engine, configured: Settings, now: datetime) -> list[str]:
    heard: list[str] = []
    service = SchedulerContext(store, configured, lambda: now, threading.Event(), heard.append)
    publishing.publish(service)
    return heard


def copies(store: Engine) -> Counter[int]:
    with database.reading(store) as session:
        return Counter(session.scalars(sa.select(Delivery.subscriber_id)))


def edition(store: Engine) -> Edition:
    with database.reading(store) as session:
        return session.scalars(sa.select(Edition).options(sa.orm.joinedload("*"))).one()


def test_segments_first_and_then_the_rest(
    store: Engine, configured: Settings, now: datetime
) -> None:
    sent = [send(store, configured, now, name).sent for name in ("pilots", "recent", None, None)]
    assert sent == [3, 4, 5, 0]
    assert edition(store).state == EditionState.FINISHED
    assert set(copies(store).values()) == {1}


def test_a_send_to_a_segment_leaves_other_copies_that_wait(
    store: Engine, configured: Settings, now: datetime
) -> None:
    plan(store, configured, now)
    assert (send(store, configured, now, "pilots").due, edition(store).state) == (3, "sending")
    assert send(store, configured, now).sent == 9


def test_the_hour_sends_to_the_rest_once_and_late_readers_wait(
    store: Engine, configured: Settings, now: datetime
) -> None:
    send(store, configured, now, "pilots")
    join(store, 12, now)
    hour(store, configured, HOUR)
    assert sum(copies(store).values()) == 13
    join(store, 13, HOUR)
    assert hour(store, configured, HOUR + timedelta(minutes=5)) == []
    with database.reading(store) as session:
        missing = status.missing(session, session.get_one(Edition, 1), now=HOUR)
    assert missing["not_in_it_yet"] == 1


def test_a_planning_that_died_for_the_second_segment_goes_on(
    store: Engine, configured: Settings, template: Template, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(shards, "SIZE", 2)
    send(store, configured, now, "pilots")
    planning.plan(
        store, configured, template, period=PERIOD, now=now, segment="recent",
        stopped=lambda: True,
    )  # fmt: skip
    assert edition(store).state == EditionState.SENDING
    send(store, configured, now)
    assert (len(copies(store)), set(copies(store).values())) == (12, {1})


def test_two_at_once_plan_two_segments_and_give_nobody_two(
    store: Engine, configured: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SIZE", 1)
    both = [
        threading.Thread(target=plan, args=(store, configured, now, name))
        for name in ("pilots", "recent")
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert (len(copies(store)), set(copies(store).values())) == (7, {1})


def test_cancelling_ends_a_planning_that_was_left(
    store: Engine, configured: Settings, template: Template, now: datetime
) -> None:
    send(store, configured, now, "pilots")
    planning.plan(store, configured, template, period=PERIOD, now=now, stopped=lambda: True)
    with database.writing(store) as session:
        editions.cancel(session, session.get_one(Edition, 1), now=now)
    plan(store, configured, now)
    assert len(copies(store)) == 3


def test_a_reader_is_promised_the_next_edition_once_they_are_in_this_one(
    store: Engine, configured: Settings, now: datetime
) -> None:
    send(store, configured, now, "pilots")
    with database.reading(store) as session:
        people = session.scalars(sa.select(Subscriber).order_by(Subscriber.id)).all()
        weeks = [upcoming.next_period(session, configured, people[at], now) for at in (0, 9)]
    assert weeks == ["2026-W49", "2026-W48"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_order_everybody_has_one_copy(
    store: Engine, configured: Settings, template: Template, now: datetime, seed: int
) -> None:
    chance, people = random.Random(seed), 12
    for _ in range(8):
        segment = chance.choice(["pilots", "recent", None])
        match chance.choice(["plan", "send", "join", "leave", "kill"]):
            case "plan":
                plan(store, configured, now, segment)
            case "send":
                send(store, configured, now, segment)
            case "join":
                join(store, people, now)
                people += 1
            case "leave":
                with database.writing(store) as session:
                    first = chance.randint(1, people)
                    gone = sa.update(Subscriber).where(Subscriber.id == first)
                    session.execute(gone.values(status=Status.UNSUBSCRIBED))
            case "kill":
                planning.plan(
                    store, configured, template, period=PERIOD, now=now, segment=segment,
                    stopped=lambda: True,
                )  # fmt: skip
    hour(store, configured, HOUR)
    with database.reading(store) as session:
        ready = set(session.scalars(sa.select(Subscriber.id).where(audience.mailable())))
        sent = sa.select(Delivery.subscriber_id).where(Delivery.state == DeliveryState.SENT)
        assert ready <= set(session.scalars(sent))
    assert set(copies(store).values()) == {1}
    assert edition(store).state == EditionState.FINISHED
