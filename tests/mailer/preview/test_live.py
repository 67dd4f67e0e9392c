"""A preview shows what planning would choose, follows the store, and keeps nothing."""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import edition_ranker
from mailer.preview import reader_issues
from mailer.preview.live import MOST_AT_ONCE, LivePreview, LivePreviews
from recommender import resources
from recommender.articles import import_files
from recommender.articles import intake as article_intake
from recommender.models import Article, Subscriber
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import files, intake, records

WHO = "founder@example.com"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def filled(store_asked_for: Engine, now: datetime) -> Engine:
    sample = resources.folder("sample")
    briefs = import_files.drafts([sample / "briefs"], now)
    article_intake.import_articles(lambda: database.writing(store_asked_for), briefs, now=now)
    rows = files.read(sample / "subscribers.jsonl")
    intake.import_rows(lambda: database.writing(store_asked_for), rows, file="sample", now=now)
    return store_asked_for


def reader(engine: Engine) -> Subscriber:
    with database.reading(engine) as session:
        return records.find(session, WHO)


def look(
    previews: LivePreviews,
    subscriber: Subscriber | None,
    roles: Sequence[str],
    topics: Mapping[str, float],
    now: datetime,
) -> list[LivePreview]:
    found = previews.picks(subscriber, roles=roles, topics=topics, now=now)
    assert found is not None
    return found


def test_a_preview_of_what_is_saved_is_the_next_issue(
    filled: Engine, settings: Settings, now: datetime
) -> None:
    with database.reading(filled) as session:
        saved = records.document(records.find(session, WHO))
        planned = reader_issues.next_picks(session, settings, WHO, now=now)["picks"]
    found = look(
        LivePreviews(filled, settings), reader(filled), saved["roles"], saved["topics"], now=now
    )
    assert [one.story.title for one in found] == [pick["title"] for pick in planned]
    assert [one.reasons[0].detail for one in found] == [
        pick["reasons"][0]["detail"] for pick in planned
    ]


def test_other_choices_give_another_issue_and_change_nothing(
    filled: Engine, settings: Settings, now: datetime
) -> None:
    previews = LivePreviews(filled, settings)
    with database.reading(filled) as session:
        before = records.everything(session, records.find(session, WHO))
    first = look(previews, reader(filled), (), {"Robotics Automation": 3}, now=now)
    second = look(previews, None, ["CTO"], {"AI Strategy": 1}, now=now)
    assert first
    assert second
    assert {one.story.title for one in first} != {one.story.title for one in second}
    with database.reading(filled) as session:
        assert records.everything(session, records.find(session, WHO)) == before


def test_what_is_withdrawn_leaves_the_preview(
    filled: Engine, settings: Settings, now: datetime
) -> None:
    previews = LivePreviews(filled, settings)
    topics = {"AI Strategy": 3.0}
    [lead, *_] = look(previews, None, (), topics, now=now)
    with database.writing(filled) as session:
        session.execute(
            sa.update(Article).where(Article.key == lead.story.article).values(withdrawn_at=now)
        )
    later = look(previews, None, (), topics, now=now + timedelta(seconds=6))
    assert lead.story.article not in {one.story.article for one in later}


def test_while_a_ranker_is_made_others_get_the_one_before_and_too_many_are_turned_away(
    filled: Engine, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    previews = LivePreviews(filled, settings)
    before = look(previews, None, (), {"AI Strategy": 1}, now=now)
    going_on, begun = threading.Event(), threading.Event()
    make = edition_ranker.ranker_for

    def slowly(*given: Any, **more: Any) -> Any:  # Any: passed on as it comes
        begun.set()
        assert going_on.wait(30)
        return make(*given, **more)

    monkeypatch.setattr(edition_ranker, "ranker_for", slowly)
    later = now + timedelta(hours=2)  # so that a new one is wanted
    thread = threading.Thread(target=look, args=(previews, None, (), {}, later))
    thread.start()
    assert begun.wait(30)
    meanwhile = look(previews, None, (), {"AI Strategy": 1}, now=later)
    assert meanwhile[0].story == before[0].story
    for _ in range(MOST_AT_ONCE - 1):  # as if so many more were waiting
        previews._asking.acquire()
    assert previews.picks(None, roles=(), topics={}, now=later) is None
    going_on.set()
    thread.join()
