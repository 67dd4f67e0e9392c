"""What a window counts leaves it after its length, and what a store kept comes back."""

import pytest

from mailer.throttling.sliding_window import Window, read, to_document

SECOND = 1_000_000


def test_what_was_added_counts_until_it_has_left_the_window() -> None:
    window = Window(10)
    window.add(5 * SECOND, 3)
    window.forget(15 * SECOND)
    assert window.count() == 3
    window.forget(16 * SECOND)
    assert (window.count(), window.ends()) == (0, 0)


def test_a_slot_is_free_once_fewer_than_the_most_are_counted() -> None:
    window = Window(10)
    window.add(1 * SECOND, 2)
    window.add(5 * SECOND, 1)
    assert window.frees(4) <= window.frees(3) < window.frees(1)
    window.forget(window.frees(1))
    assert window.count() == 0
    with pytest.raises(ValueError, match="never frees"):
        window.frees(0)


def test_what_was_not_used_is_taken_back_and_never_below_nothing() -> None:
    window = Window(10)
    window.add(SECOND, 2)
    window.add(SECOND, -5)
    assert window.count() == 0


def test_windows_come_back_as_they_were_and_a_new_one_begins_with_a_longer_ones_count() -> None:
    window = Window(60)
    window.add(SECOND, 7)
    again = read(to_document([window]), [60, 10])
    assert again[60] == window
    assert again[10].count() == 7
