"""Planning in shards: each reader once, whoever plans, whatever dies."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import planning, shards
from mailer.edition.edition_ranker import EditionRankers
from mailer.rendering.templates import Template
from recommender import settings
from recommender.models import (
    Article,
    Delivery,
    Edition,
    EditionState,
    EditionStory,
    Shard,
    Subscriber,
)
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import consent
from tests.promises.conftest import add_readers, add_stories

READERS = 23


@pytest.fixture
def configured(store: Engine, now: datetime) -> Settings:
    """Settings for a store with stories and readers."""
    add_stories(store, now - timedelta(hours=1))
    add_readers(store, now - timedelta(hours=1), READERS)
    return settings.load(environment={})


@pytest.fixture
def opened(
    store: Engine,
    configured: Settings,
    template: Template,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> int:
    """An edition that is opened, in shards of five, of which none is planned."""
    monkeypatch.setattr(shards, "SIZE", 5)
    return planning.plan(
        store, configured, template, period="2026-W48", now=now, stopped=lambda: True
    )


def numbers(store: Engine) -> list[int]:
    with database.reading(store) as session:
        return list(session.scalars(sa.select(Delivery.number).order_by(Delivery.subscriber_id)))


def state(store: Engine) -> EditionState:
    with database.reading(store) as session:
        return session.scalars(sa.select(Edition.state)).one()


def finish(store: Engine, edition: int) -> None:
    planning.work(store, edition, progress=lambda _: None, stopped=lambda: False)


def test_an_audience_is_split_into_runs_that_hold_every_reader_once(
    store: Engine, opened: int
) -> None:
    with database.reading(store) as session:
        found = session.scalars(sa.select(Shard).order_by(Shard.number)).all()
    assert [shard.readers for shard in found] == [5, 5, 5, 5, 3]
    assert [shard.start for shard in found] == [0, 5, 10, 15, 20]
    edges = [edge for shard in found for edge in (shard.first_id, shard.last_id)]
    assert edges == sorted(edges)


def test_copies_are_numbered_in_order_whichever_shard_comes_first(
    store: Engine, opened: int
) -> None:
    rankers = EditionRankers(store)
    for number in (4, 1, 5, 3, 2):
        assert shards.plan(store, rankers, opened, number)
    assert numbers(store) == list(range(1, READERS + 1))


def test_a_shard_that_is_tried_again_adds_nothing(store: Engine, opened: int) -> None:
    for rankers in (EditionRankers(store), EditionRankers(store)):
        assert shards.plan(store, rankers, opened, 1)
    assert numbers(store) == [1, 2, 3, 4, 5]


def test_an_edition_is_planned_when_its_last_shard_is(store: Engine, opened: int) -> None:
    assert state(store) == EditionState.PLANNING
    finish(store, opened)
    assert state(store) == EditionState.PLANNED


def test_many_planners_at_once_plan_each_reader_once(store: Engine, opened: int) -> None:
    planners = [threading.Thread(target=finish, args=(store, opened)) for _ in range(4)]
    for planner in planners:
        planner.start()
    for planner in planners:
        planner.join()
    assert numbers(store) == list(range(1, READERS + 1))
    assert state(store) == EditionState.PLANNED


def test_a_planner_that_dies_in_a_shard_leaves_it_to_the_next(
    store: Engine, opened: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish_well = shards.copies

    def die(*_: object) -> list[dict[str, object]]:
        raise KeyboardInterrupt

    monkeypatch.setattr(shards, "copies", die)
    with pytest.raises(KeyboardInterrupt):
        finish(store, opened)
    assert numbers(store) == []
    monkeypatch.setattr(shards, "copies", finish_well)
    finish(store, opened)
    assert numbers(store) == list(range(1, READERS + 1))


def test_a_reader_erased_while_a_shard_is_planned_holds_up_nobody(
    store: Engine, opened: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = shards.copies

    def erase_meanwhile(*values: Any) -> list[dict[str, object]]:  # Any: passed on as they come
        with database.writing(store) as session:
            first = session.scalars(sa.select(Subscriber.email).order_by(Subscriber.id)).first()
            consent.erase(session, first or "", now=now)
        return rows(*values)

    monkeypatch.setattr(shards, "copies", erase_meanwhile)
    assert shards.plan(store, EditionRankers(store), opened, 1)
    assert numbers(store) == [2, 3, 4, 5]


def test_all_shards_choose_from_what_there_was_at_the_beginning(
    store: Engine, opened: int, now: datetime
) -> None:
    def chosen() -> set[int]:
        with database.reading(store) as session:
            return {s for row in session.scalars(sa.select(Delivery.story_ids)) for s in row}

    shards.plan(store, EditionRankers(store), opened, 1)
    before = chosen()
    with database.writing(store) as session:
        session.execute(sa.update(Article).values(withdrawn_at=now, title="Changed"))
    add_stories(store, now + timedelta(minutes=1), "late")
    finish(store, opened)
    with database.reading(store) as session:
        frozen = session.scalars(sa.select(EditionStory)).all()
    assert before <= chosen() <= {story.story_id for story in frozen}
    assert all(story.content["article_title"] != "Changed" for story in frozen)


def test_planning_that_is_told_to_stop_goes_on_later(
    store: Engine, configured: Settings, template: Template, opened: int, now: datetime
) -> None:
    asked = iter([False, True])
    planning.work(store, opened, progress=lambda _: None, stopped=lambda: next(asked, True))
    assert numbers(store) == [1, 2, 3, 4, 5]
    heard: list[int] = []
    planning.plan(store, configured, template, period="2026-W48", now=now, progress=heard.append)
    assert heard == [10, 15, 20, 23]
