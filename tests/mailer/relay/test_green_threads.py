"""Lanes: one that waits holds up no other, and the end of a run reaches all of them."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from mailer.relay import green_threads
from mailer.relay.green_threads import Lanes

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs() -> Iterator[Callable[[], Pair]]:
    made: list[socket.socket] = []

    def make() -> Pair:
        pair = socket.socketpair()
        made.extend(pair)
        return pair

    yield make
    for each in made:
        each.close()


def until_done(group: Lanes, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while group.alive and time.monotonic() < end:
        group.run()
        group.rest(0.05)
    assert not group.alive


def test_a_lane_that_waits_for_a_server_holds_up_no_other(pairs: Callable[[], Pair]) -> None:
    (slow, its_peer), (quick, other_peer) = pairs(), pairs()
    told: list[str] = []
    group = Lanes()

    def listen(name: str, connected: socket.socket, then: socket.socket | None) -> None:
        assert green_threads.readable(connected, 5)
        told.append(name)
        if then is not None:
            then.send(b"x")

    group.start(lambda: listen("slow", slow, None))
    group.start(lambda: listen("quick", quick, its_peer))
    other_peer.send(b"x")
    until_done(group)
    assert told == ["quick", "slow"]


def test_who_gets_no_answer_in_time_is_told(pairs: Callable[[], Pair]) -> None:
    silent, _ = pairs()
    told: list[bool] = []
    group = Lanes()
    group.start(lambda: told.append(green_threads.readable(silent, 0.02)))
    until_done(group)
    assert told == [False]
    assert not green_threads.readable(silent, 0.02)  # and outside of a lane it is the same


def test_the_end_wakes_who_pauses_and_bounds_who_waits(pairs: Callable[[], Pair]) -> None:
    silent, _ = pairs()
    told: list[bool] = []
    group = Lanes()
    group.start(lambda: told.append(group.pause(60)))
    group.start(lambda: told.append(green_threads.readable(silent, 60)))
    group.run()
    started = time.monotonic()
    group.halt()
    group.run()
    assert told == [True]
    group.hurry()
    until_done(group)
    assert time.monotonic() - started < 5
    assert told == [True, False]
