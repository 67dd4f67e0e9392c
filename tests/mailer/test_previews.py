"""A preview shows what planning would choose, follows the store, and keeps nothing."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer import lookout
from mailer.previews import Previews
from recommender import database, resources
from recommender.articles import intake as article_intake
from recommender.articles import sources
from recommender.models import Article, Subscriber
from recommender.settings import Settings
from recommender.subscribers import files, intake, records

WHO = "founder@example.com"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def filled(sqlite_store: Engine, now: datetime) -> Engine:
    sample = resources.folder("sample")
    briefs = sources.drafts([sample / "briefs"], now)
    article_intake.import_articles(lambda: database.writing(sqlite_store), briefs, now=now)
    rows = files.read(sample / "subscribers.jsonl")
    intake.import_rows(lambda: database.writing(sqlite_store), rows, file="sample", now=now)
    return sqlite_store


def reader(engine: Engine) -> Subscriber:
    with database.reading(engine) as session:
        return records.find(session, WHO)


def test_a_preview_of_what_is_saved_is_the_next_issue(
    filled: Engine, settings: Settings, now: datetime
) -> None:
    with database.reading(filled) as session:
        saved = records.document(records.find(session, WHO))
        planned = lookout.next_picks(session, settings, WHO, now=now)["picks"]
    found = Previews(filled, settings).picks(
        reader(filled), roles=saved["roles"], topics=saved["topics"], now=now
    )
    assert [one.story.title for one in found] == [pick["title"] for pick in planned]
    assert [one.reasons[0].detail for one in found] == [
        pick["reasons"][0]["detail"] for pick in planned
    ]


def test_other_choices_give_another_issue_and_change_nothing(
    filled: Engine, settings: Settings, now: datetime
) -> None:
    previews = Previews(filled, settings)
    with database.reading(filled) as session:
        before = records.everything(session, records.find(session, WHO))
    first = previews.picks(reader(filled), roles=(), topics={"Robotics Automation": 3}, now=now)
    second = previews.picks(None, roles=["CTO"], topics={"AI Strategy": 1}, now=now)
    assert first
    assert second
    assert {one.story.title for one in first} != {one.story.title for one in second}
    with database.reading(filled) as session:
        assert records.everything(session, records.find(session, WHO)) == before


def test_what_is_withdrawn_leaves_the_preview(
    filled: Engine, settings: Settings, now: datetime
) -> None:
    previews = Previews(filled, settings)
    topics = {"AI Strategy": 3.0}
    [lead, *_] = previews.picks(None, roles=(), topics=topics, now=now)
    with database.writing(filled) as session:
        session.execute(
            sa.update(Article).where(Article.key == lead.story.article).values(withdrawn_at=now)
        )
    later = previews.picks(None, roles=(), topics=topics, now=now + timedelta(seconds=6))
    assert lead.story.article not in {one.story.article for one in later}
