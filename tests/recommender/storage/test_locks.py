"""Locks end with their holder."""

from sqlalchemy.engine import Engine

from recommender.storage import locks


def test_a_lock_is_had_by_one_and_free_when_its_holder_is_done(store: Engine) -> None:
    with locks.hold(store, "one") as first, locks.hold(store, "one") as second:
        assert (bool(first), bool(second)) == (True, False)
    with locks.hold(store, "one") as again:
        assert again
