"""Pages that everybody may ask for are made once for all who ask."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy.engine import Engine

from mailer.monitoring import measurements
from mailer.monitoring.measurements import Measurements
from mailer.web import archive
from mailer.web.response_cache import ResponseCache
from recommender.settings import Settings

from .conftest import Place


def test_a_large_answer_is_made_once_for_all_who_ask() -> None:
    now, made = [0.0], []

    def make() -> int:
        now[0] += 0.5
        made.append(1)
        return len(made)

    shared = ResponseCache[int](lambda: now[0])
    assert [shared.get("x", make) for _ in range(5)] == [1] * 5
    now[0] += 9.9
    assert shared.get("x", make) == 1
    now[0] += 0.2
    assert shared.get("x", make) == 2
    assert shared.get("y", make, final=True) == 3
    now[0] += 10**6
    assert shared.get("y", make) == 3


def test_those_who_ask_at_once_wait_for_the_one_who_makes_it() -> None:
    made: list[int] = []

    def make() -> int:
        time.sleep(0.2)
        made.append(threading.get_ident())
        return 1

    shared = ResponseCache[int]()
    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(lambda _: shared.get("x", make), range(10))) == [1] * 10
    assert len(made) == 1


def test_the_feed_of_finished_editions_is_looked_up_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = place.client.get("/archive/feed.xml")
    assert "weekly-2026-W48" in first.text

    def never(*_: object) -> None:
        raise AssertionError("looked up again")

    monkeypatch.setattr(archive, "most_sent", never)
    again = place.client.get("/archive/feed.xml")
    assert (again.status_code, again.text) == (200, first.text)
    tag = {"if-none-match": first.headers["etag"]}
    assert place.client.get("/archive/feed.xml", headers=tag).status_code == 304


def test_metrics_that_took_long_are_not_counted_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure, times = measurements.measure, []

    def slow(engine: Engine, settings: Settings, now: datetime) -> Measurements:
        times.append(1)
        time.sleep(0.1)
        return measure(engine, settings, now)

    monkeypatch.setattr(measurements, "measure", slow)
    for _ in range(5):
        assert place.client.get("/metrics").status_code == 200
    assert len(times) == 1
