"""Lets commands work on the store beside each other, or one of them alone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Engine

from recommender.errors import StoreError
from recommender.storage import database, locks

IN_USE = "in-use"
"""The lock that every command shares on the store it works on."""
LEAVING_SECONDS = 1.0
"""For how long a server may hold the lock of a connection that was closed."""


@contextmanager
def using(engine: Engine) -> Iterator[None]:
    """Work on the store beside others; StoreError while somebody wants it alone."""
    refusal = f"{database.place(engine)} is being copied; wait until that is done"
    with locks.taking_part(engine, IN_USE, refusal):
        yield


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Have the store for oneself; StoreError while any other command works on it."""
    give_up = time.monotonic() + LEAVING_SECONDS
    while True:
        with locks.hold(engine, IN_USE) as free:
            if free:
                yield
                return
        if time.monotonic() > give_up:
            raise StoreError(
                f"{database.place(engine)} is in use: "
                "stop the service, workers and every other command"
            )
        time.sleep(LEAVING_SECONDS / 10)
