"""What reads strangers' input ends by itself: its process is bounded, and another one goes on."""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from recommender.articles import briefs
from recommender.errors import BriefError, InputError, LimitError
from recommender.safety.isolation import Isolation, Limits

SMALL = Limits(cpu_seconds=1.0, seconds=60.0, memory=64 * 1024 * 1024)


@pytest.fixture(scope="module")
def isolation() -> Iterator[Isolation]:
    with Isolation(SMALL) as one:
        one.run(len, "warm")
        yield one


@pytest.mark.parametrize(
    ("function", "arguments", "why"),
    [
        (sum, (range(10**12),), "took more than 1 s of the processor"),
        (bytes, (10**9,), "took more than 64 MB of memory"),
        (os.abort, (), r"ended its process \(SIGABRT\)"),
        (os._exit, (3,), r"ended its process \(status 3\)"),
        (json.loads, ("[" * 10**6,), "is nested too deeply"),
        (json.loads, ("x",), r"cannot be read \(JSONDecodeError\)"),
        (os.stat, ("/",), "answered with what is no value"),
    ],
)
def test_what_goes_wrong_is_said_and_the_next_call_is_answered(
    isolation: Isolation, function: object, arguments: tuple[object, ...], why: str
) -> None:
    with pytest.raises(LimitError, match=why):
        isolation.run(function, *arguments)  # type: ignore[arg-type]  # any of them
    assert isolation.run(json.loads, "[1]") == [1]


def test_a_call_that_waits_is_ended_by_the_clock() -> None:
    with Isolation(Limits(seconds=0.5)) as isolation:
        isolation.run(len, "warm")
        with pytest.raises(LimitError, match=r"took more than 0\.5 s"):
            isolation.run(time.sleep, 60)


def test_values_dates_and_errors_of_ours_come_back_as_they_are(isolation: Isolation) -> None:
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    text = "A title\nPublished: 2026-11-01\nSummary\nWords.\n"
    draft = isolation.run(briefs.parse, text, path="a.txt", key="a", now=now)
    assert draft == briefs.parse(text, path="a.txt", key="a", now=now)
    with pytest.raises(InputError, match=r"^a\.txt") as caught:
        isolation.run(briefs.parse, "", path="a.txt", key="a", now=now)
    with pytest.raises(BriefError) as here:
        briefs.parse("", path="a.txt", key="a", now=now)
    assert (caught.value.path, caught.value.why) == (here.value.path, here.value.why)


def test_one_process_serves_many_calls(isolation: Isolation) -> None:
    assert len({isolation.run(os.getpid) for _ in range(5)}) == 1
