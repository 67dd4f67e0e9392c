"""Sunset: silent readers are asked once and then paused; any sign of life keeps them."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.edition import retention, sunset
from mailer.edition.edition_settings import EditionSettings
from recommender.articles import intake as article_intake
from recommender.articles import jsonl
from recommender.corrections import Author
from recommender.models import Delivery, DeliveryState, Event, EventKind, Status, Subscriber
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import consent, correction, fields, intake, records

TOPICS = ("Chess", "Gardening", "Sailing", "Cooking")
WORDS = (
    "oak", "amber", "violin", "glacier", "pepper", "lantern", "marble", "falcon", "cotton",
    "harbour", "thunder", "saffron", "pebble", "meadow",
)  # fmt: skip
SILENT, ALIVE = "silent@example.com", "alive@example.com"
Week = Callable[[int], datetime]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path, sunset_weeks=4, picks=1, base_url="https://news.example.org/letter"
    )


@pytest.fixture
def readers(store: Engine, now: datetime) -> Engine:
    """Two readers, and a story a week for each of their topics."""
    lines = [
        {
            "id": f"{topic}-{n}", "topics": [topic], "title": f"{topic} {WORDS[n]}",
            "summary": f"On {topic} and {WORDS[n]}, with {WORDS[-n]}.",
            "url": f"https://{topic.lower()}.example.com/{n}",
            "published_at": (now + timedelta(weeks=n, days=-1)).isoformat(),
        }
        for n in range(13)
        for topic in TOPICS
    ]  # fmt: skip
    drafts = jsonl.parse_document(
        json.dumps(lines).encode(), Path("a.json"), now + timedelta(weeks=15)
    )
    article_intake.import_articles(lambda: database.writing(store), drafts, now=now)
    rows = [
        fields.draft(n, {"email": email, "topics": ["Chess", "Gardening"]})
        for n, email in enumerate((SILENT, ALIVE))
    ]
    intake.import_rows(lambda: database.writing(store), rows, file="", now=now)
    return store


@pytest.fixture
def week(readers: Engine, settings: Settings, now: datetime) -> Week:
    """``week(n)`` plans and sends the edition of the n-th week; its moment."""

    def run(number: int) -> datetime:
        moment = now + timedelta(weeks=number)
        year, of_year, _ = moment.isocalendar()
        period = f"{year}-W{of_year:02}"
        planned = campaign.plan(readers, settings, period=period, now=moment)
        done = campaign.send(
            readers, settings, edition_id=planned, clock=lambda: moment, stop=threading.Event(),
            at_local_time=False, inspect=False,
        )  # fmt: skip
        assert done.trouble is None
        return moment

    return run


def hear(readers: Engine, email: str, at: datetime) -> None:
    with database.writing(readers) as session:
        records.find(session, email).last_active_at = at


def asked(readers: Engine) -> list[str]:
    """Whom the latest edition asked."""
    with database.reading(readers) as session:
        latest = sa.select(sa.func.max(Delivery.edition_id)).scalar_subquery()
        query = (
            sa.select(Subscriber.email, Delivery.reader)
            .join(Delivery)
            .where(Delivery.edition_id == latest)
        )
        return [email for email, shown in session.execute(query) if shown.get("asked")]


def status(readers: Engine, email: str) -> Status:
    with database.reading(readers) as session:
        return records.find(session, email).status


def test_a_silent_reader_is_asked_once_in_their_issue_and_then_paused(
    readers: Engine, settings: Settings, week: Week
) -> None:
    for number in range(12):
        at = week(number)
        hear(readers, ALIVE, at)
        assert asked(readers) == ([SILENT] if number == 5 else [])
        if number == 6:  # keep_copies_days may be less than the weeks in which one may answer
            with database.writing(readers) as session:
                retention.slim(session, list(session.scalars(sa.select(Delivery.id))))
        paused = number > 9
        assert status(readers, SILENT) == (Status.PAUSED if paused else Status.ACTIVE)
    assert status(readers, ALIVE) == Status.ACTIVE
    mail = [path.read_text() for path in settings.outbox.glob(f"*/*-{SILENT}.eml")]
    assert sum("Do you still want this?" in text for text in mail) == 1
    (question,) = [text for text in mail if "Do you still want this?" in text]
    assert "/keep/" in question
    with database.reading(readers) as session:
        log = records.everything(session, records.find(session, SILENT))["consent"]
        assert (log[-1]["source"], log[-1]["proof"]["weeks"]) == ("sunset", 4)
        assert session.scalar(sa.select(sa.func.count(Delivery.id))) == 12 + 10


def test_a_sign_of_life_after_the_question_ends_it_until_the_next_silence(
    readers: Engine, week: Week
) -> None:
    for number in range(12):
        at = week(number)
        hear(readers, ALIVE, at)
        if number == 6:
            hear(readers, SILENT, at)
        assert asked(readers) == ([SILENT] if number in (5, 11) else [])
    assert status(readers, SILENT) == Status.ACTIVE


def test_who_is_made_active_again_is_asked_again_before_another_pause(
    readers: Engine, week: Week
) -> None:
    for number in range(13):
        at = week(number)
        if number == 10:
            assert status(readers, SILENT) == Status.PAUSED
            with database.writing(readers) as session:
                who = records.find(session, SILENT)
                active = correction.Changes(status=Status.ACTIVE)
                correction.update(session, who, active, author=Author("jane", at))
    assert status(readers, SILENT) == Status.ACTIVE


def test_who_got_only_issues_without_the_question_is_asked_anew_and_not_paused(
    readers: Engine, week: Week
) -> None:
    for number in range(12):
        at = week(number)
        hear(readers, ALIVE, at)
        assert asked(readers) == ([SILENT] if number in (5, 10) else [])
        if number == 5:
            with database.writing(readers) as session:
                latest = sa.select(sa.func.max(Delivery.edition_id)).scalar_subquery()
                undone = {"state": DeliveryState.SKIPPED, "reason": "cancelled"}
                session.execute(
                    sa.update(Delivery).where(Delivery.edition_id == latest).values(**undone),
                    execution_options={"synchronize_session": False},
                )
    assert status(readers, SILENT) == Status.ACTIVE


def test_opens_are_no_sign_of_life(readers: Engine, week: Week) -> None:
    for number in range(6):
        at = week(number)
        hear(readers, ALIVE, at)
        with database.writing(readers) as session:
            who = records.find(session, SILENT)
            session.add(Event(at=at, kind=EventKind.OPEN, subscriber_id=who.id))
    assert asked(readers) == [SILENT]


def test_nobody_is_asked_who_got_no_issue_and_nobody_paused_whose_question_never_went_out(
    readers: Engine, settings: Settings, week: Week, now: datetime
) -> None:
    week(9)  # the first issue after nine weeks
    assert asked(readers) == []
    with database.writing(readers) as session:
        who = records.find(session, SILENT)
        consent.change(session, who, Status.ACTIVE, source="test", now=now, proof={})
        sunset.note_asked(session, [who.id], now + timedelta(weeks=10))
        session.execute(sa.update(Delivery).values(state=DeliveryState.FAILED))
        assert sunset.pause_silent(session, settings, now=now + timedelta(weeks=20)) == 0


@pytest.mark.parametrize("changes", [{"sunset_weeks": 0}, {"tracking": False}])
def test_it_is_off_by_default_and_without_tracking(
    readers: Engine, settings: Settings, now: datetime, changes: dict[str, object]
) -> None:
    weeks = EditionSettings.of(settings.replace(**changes)).sunset_weeks
    with database.reading(readers) as session:
        assert weeks == Settings().sunset_weeks == 0
        assert sunset.to_ask(session, weeks, [1, 2], now + timedelta(weeks=50)) == frozenset()
