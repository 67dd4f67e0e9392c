"""Guessing the password of the operators' pages leads nowhere."""

import pytest

from .conftest import PASSWORD, Place


def test_whoever_guesses_is_not_listened_to_for_longer_and_longer(
    open_place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    def tried(password: str) -> int:
        return open_place.client.get("/admin", auth=("x", password)).status_code

    assert [tried(f"guess {number}") for number in range(7)] == [401] * 5 + [429] * 2
    assert tried(PASSWORD) == 429
    open_place.pass_time(seconds=63)
    assert tried(PASSWORD) == 200
    assert len(caplog.records) == 5
    assert "guess" not in caplog.text
    for _ in range(5):
        open_place.pass_time(seconds=63)
        for number in range(5):
            tried(f"guess {number}")
    open_place.pass_time(seconds=63)
    assert tried(PASSWORD) == 429  # for the rest of the hour
    open_place.pass_time(minutes=62)
    assert tried(PASSWORD) == 200


def test_guessing_from_everywhere_becomes_slow_and_locks_nobody_out(open_place: Place) -> None:
    attempts = open_place.client.app.state.password_attempts  # type: ignore[attr-defined]  # an ASGI app to mypy
    for number in range(200):
        attempts.held_off(f"192.0.{number}.1", right=False)
    assert attempts.delay() == pytest.approx(3.0)
    assert attempts.held_off("198.51.100.1", right=True) is None
    open_place.pass_time(hours=2)
    assert attempts.delay() == 0
