"""The same button pressed twice at the same moment: nothing fails, and it is done once."""

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.web import app
from recommender.models import ConsentEvent, Status, Subscriber, SubscriberTopic
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import consent, fields, intake, records, self_service

WHO = "twice@example.com"
HANDS = 6


def at_once(press: Callable[[], object]) -> list[BaseException]:
    """Press with several hands; what went wrong."""
    wrong: list[BaseException] = []
    ready = threading.Barrier(HANDS)

    def hand() -> None:
        ready.wait()
        try:
            press()
        except BaseException as error:  # noqa: BLE001  (what went wrong is the outcome)
            wrong.append(error)

    hands = [threading.Thread(target=hand) for _ in range(HANDS)]
    for one in hands:
        one.start()
    for one in hands:
        one.join()
    return wrong


def test_subscribing_makes_one_reader(store: Engine, now: datetime) -> None:
    def press() -> None:
        with database.writing(store) as session:
            draft = fields.draft(1, {"email": WHO, "topics": {"AI Strategy": 1}})
            assert self_service.request(session, draft, now=now, proof={}) is not None

    for _ in range(5):
        assert at_once(press) == []
    with database.reading(store) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Subscriber)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(ConsentEvent)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(SubscriberTopic)) == 1


@pytest.fixture
def reader(store: Engine, now: datetime) -> int:
    rows = [fields.draft(1, {"email": WHO, "status": "pending", "topics": {"AI Strategy": 1}})]
    intake.import_rows(lambda: database.writing(store), rows, file="test", now=now)
    with database.reading(store) as session:
        return records.find(session, WHO).id


def changes(store: Engine) -> int:
    with database.reading(store) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(ConsentEvent)) or 0


def test_confirming_choosing_muting_and_leaving_are_done_once(
    store: Engine, reader: int, now: datetime
) -> None:
    def confirm(session: Session, mine: Subscriber) -> None:
        assert self_service.confirm(session, mine, now=now, proof={})

    def choose(session: Session, mine: Subscriber) -> None:
        self_service.choose(
            session, mine, roles=["CTO"], topics={"TPU Development": 3, "AI Strategy": 1}, now=now
        )

    def mute(session: Session, mine: Subscriber) -> None:
        self_service.mute(session, mine, "Robotics", now=now)

    def leave(session: Session, mine: Subscriber) -> None:
        consent.change(session, mine, Status.UNSUBSCRIBED, source="page", now=now, proof={})

    for act, noted in ((confirm, 2), (choose, 2), (mute, 2), (leave, 3)):

        def press(act: Callable[[Session, Subscriber], None] = act) -> None:
            with database.writing(store) as session:
                mine = records.lock(session, reader)
                assert mine is not None
                act(session, mine)

        for _ in range(3):
            assert at_once(press) == [], act.__name__
        assert changes(store) == noted, act.__name__


def test_the_page_answers_every_click_on_subscribe(
    store: Engine, now: datetime, tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from starlette.testclient import TestClient

    settings = Settings(home=tmp_path_factory.mktemp("home"), base_url="https://news.example.org")
    with TestClient(app.create(store, settings, lambda: now), base_url=settings.base_url) as client:
        found: list[int] = []
        wrong = at_once(
            lambda: found.append(client.post("/subscribe", data={"email": WHO}).status_code)
        )
    assert wrong == []
    assert set(found) <= {200, 429}  # so many in an hour are too many
    assert capfd.readouterr().err == ""
    with database.reading(store) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Subscriber)) == 1
