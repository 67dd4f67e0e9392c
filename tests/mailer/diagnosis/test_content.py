"""Stories and readers are counted as planning would see them."""

from datetime import datetime, timedelta

from sqlalchemy.engine import Engine

from mailer.diagnosis import content
from recommender.models import Article, Status, Story, Subscriber
from recommender.settings import Settings
from recommender.storage import database


def article(number: int, published: datetime) -> Article:
    key = f"a{number}"
    story = Story(key=key, position=0, title="T", summary="S")
    return Article(key=key, title="T", content_hash="", published_at=published,
                   imported_at=published, updated_at=published, stories=[story])  # fmt: skip


def test_old_stories_alone_and_too_few_are_named(store: Engine, now: datetime) -> None:
    settings = Settings(picks=2)
    said = []
    for number, days in ((1, 30), (2, 20), (3, 1)):
        with database.writing(store) as session:
            session.add(article(number, now - timedelta(days=days)))
        with database.reading(store) as session:
            [one] = content.check_stories(session, settings, now)
        said.append((one.state, one.found))
    newest = f"{now - timedelta(days=20):%Y-%m-%d}"
    assert said == [
        ("warning", "1 stories may be chosen, and an issue has up to 2"),
        ("warning", "2 stories may be chosen; none is of the last 7 days "
                    f"(the newest: {newest})"),
        ("ok", "3 stories may be chosen, 1 of the last 7 days"),
    ]  # fmt: skip


def test_readers_who_all_wait_to_confirm_are_none(store: Engine, now: datetime) -> None:
    def add(email: str, status: Status) -> None:
        with database.writing(store) as session:
            values = {"email": email, "address_hash": email, "link_key": len(email)}
            times = {"created_at": now, "updated_at": now}
            session.add(Subscriber(status=status, **values, **times))

    add("a@example.com", Status.PENDING)
    with database.reading(store) as session:
        [one] = content.check_readers(session)
    assert (one.state, one.what_to_do) == ("warning", "1 have not confirmed yet")
    add("ab@example.com", Status.ACTIVE)
    with database.reading(store) as session:
        [one] = content.check_readers(session)
    assert (one.state, one.found) == ("ok", "1 pending, 1 active")
