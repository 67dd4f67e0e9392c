"""Who gets what: drawn once, for good, as many as was said, and by a key."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.edition import arms, experiments
from mailer.edition.arms import Arm, Draw
from mailer.edition.edition_settings import EditionSettings
from recommender import newsletters
from recommender.models import Delivery, ExperimentKind
from recommender.settings import Settings
from recommender.storage import database
from tests.promises.conftest import add_readers, add_stories, configured, engine, home

__all__ = ["configured", "engine", "home"]
READERS = range(1, 20_001)
PLAIN = EditionSettings.of(Settings())
AB = {"id": 7, "kind": "ab", "share": 0.5, "a": "", "b": "diversity=0.4"}


def drawn(**settings: object) -> dict[int, Arm | None]:
    draw = Draw(b"key", 1, replace(PLAIN, **settings))  # type: ignore[arg-type]  # by test
    return {reader: draw.arm(reader) for reader in READERS}


def share(found: dict[int, Arm | None], arm: Arm | None) -> float:
    return Counter(found.values())[arm] / len(found)


def test_where_nothing_is_compared_there_is_no_arm() -> None:
    assert set(drawn().values()) == {None}


def test_the_holdout_is_as_large_as_said_and_grows_without_losing_anybody() -> None:
    small, large = drawn(holdout=0.05), drawn(holdout=0.1)
    assert share(small, Arm.HOUSE) == pytest.approx(0.05, abs=0.01)
    assert share(large, Arm.HOUSE) == pytest.approx(0.1, abs=0.01)
    assert all(large[reader] == Arm.HOUSE for reader in READERS if small[reader] == Arm.HOUSE)
    assert set(small.values()) == {Arm.HOUSE, Arm.PERSONAL}
    assert small == drawn(holdout=0.05)


def test_an_experiment_takes_its_share_and_nobody_of_the_holdout() -> None:
    house, both = drawn(holdout=0.1), drawn(holdout=0.1, experiments=(AB,))
    assert {r for r in READERS if both[r] == Arm.HOUSE} == {
        r for r in READERS if house[r] == Arm.HOUSE
    }
    for arm in (Arm.A, Arm.B):
        assert share(both, arm) == pytest.approx(0.9 * 0.25, abs=0.015)
    assert share(both, Arm.PERSONAL) == pytest.approx(0.45, abs=0.015)
    interleaved = drawn(experiments=({**AB, "kind": "interleaving", "share": 1.0},))
    assert set(interleaved.values()) == {Arm.BOTH}


def test_another_experiment_and_another_key_draw_anew() -> None:
    first, second = (drawn(experiments=({**AB, "id": n, "share": 1.0},)) for n in (1, 2))
    assert sum(first[r] == second[r] for r in READERS) == pytest.approx(10_000, abs=400)
    settings = replace(PLAIN, holdout=0.5)
    one, other = (Draw(key, 1, settings) for key in (b"key", b"other"))
    assert sum(one.arm(r) == other.arm(r) for r in READERS) == pytest.approx(10_000, abs=400)


def test_subjects_are_tried_evenly_with_a_share() -> None:
    tried = {"id": 3, "share": 0.3, "subjects": ["x", "y", "z"], "hours": 4}
    draw = Draw(b"key", 1, replace(PLAIN, experiments=(tried,)))
    found = Counter(draw.subject(reader) for reader in READERS)
    assert found[None] == pytest.approx(14_000, abs=300)
    assert all(found[at] == pytest.approx(2_000, abs=200) for at in range(3))
    assert Draw(b"key", 1, PLAIN).subject(1) is None


def test_the_key_is_the_stores_own_and_stays(store: Engine) -> None:
    with database.writing(store) as session:
        first = arms.key(session)
    with database.reading(store) as session:
        assert arms.key(session) == first
    assert len(first) == 32


def test_a_planning_that_was_killed_goes_on_with_the_arms_it_began_with(
    engine: Engine, configured: Callable[..., Settings], now: datetime
) -> None:
    add_stories(engine, now - timedelta(hours=1))
    add_readers(engine, now - timedelta(hours=1), 60)
    settings = configured(holdout=0.3)
    with database.writing(engine) as session:
        newsletter = newsletters.get(session, "weekly")
        plan = experiments.of_rankers(ExperimentKind.AB, "", "diversity=0.4", 0.5)
        row = experiments.start(session, newsletter, "spread", plan, by="me", now=now)
        frozen = experiments.frozen(session, settings, newsletter.id, "2026-W48")
        draw = Draw(arms.key(session), newsletter.id, frozen)
    stop = threading.Event()
    stop.set()
    campaign.plan(engine, settings, period="2026-W48", now=now, stop=stop)
    with database.writing(engine) as session:
        experiments.stop(session, session.merge(row), by="me", now=now)
    campaign.plan(engine, configured(holdout=0.0), period="2026-W48", now=now)
    with database.reading(engine) as session:
        found = session.execute(sa.select(Delivery.subscriber_id, Delivery.arm)).all()
    assert [(reader, draw.arm(reader)) for reader, _ in found] == [tuple(one) for one in found]
    assert {arm for _, arm in found} == {"house", "personal", "a", "b"}
