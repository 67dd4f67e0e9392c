"""Elects the one scheduler of a store that leads; the others stand by.

The store's lock decides; it ends with its process, or with the connection to the server.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy.engine import Engine

from mailer.monitoring.supervision import Troubles, words
from mailer.service.job_runner import STORE
from recommender.errors import ConflictError
from recommender.storage import database, locks
from recommender.storage.locks import Lock

LEADER = "scheduler"
"""The lock of the one that leads."""
STANDBY_SECONDS = 5.0
"""How often one that stands by looks whether the leader is gone."""
LOOK_SECONDS = 1.0
POLL_SECONDS = 0.2


@contextmanager
def only_instance(engine: Engine) -> Iterator[None]:
    """Be the one scheduler of this store; ConflictError while another one runs."""
    with locks.hold(engine, LEADER) as mine:
        if not mine:
            raise ConflictError("another scheduler is already running on this store")
        yield


def lead(
    engine: Engine,
    stop: threading.Event,
    work: Callable[[threading.Event], AbstractContextManager[None]],
    report: Callable[[str], None],
    troubles: Troubles | None = None,
) -> None:
    """Be the scheduler of this store whenever no other is, until ``stop``.

    ``work(leave)`` is entered when the leadership is had, and left when that is lost (the server
    was restarted) or ``stop`` is set; ``leave`` is set first, so that what runs ends soon. Should
    the next leader be at work before that, nothing is planned or sent twice: the store decides.
    Whatever goes wrong is said once, and tried again.
    """
    waiting, troubles = False, troubles or Troubles(report)
    while not stop.is_set():
        try:
            with locks.hold(engine, LEADER) as mine:
                troubles.over(STORE)
                if mine:
                    waiting = False
                    _while_leading(mine, stop, work)
                elif not waiting:
                    waiting = True
                    report("standing by: another scheduler leads")
        except Exception as error:  # noqa: BLE001  (the loop goes on, whatever it is)
            away = database.unavailable(engine, error)
            troubles.note(STORE if away else LEADER, words(error), once=away)
        else:
            troubles.over(LEADER)
        _rest(stop, STANDBY_SECONDS)


def _while_leading(
    mine: Lock,
    stop: threading.Event,
    work: Callable[[threading.Event], AbstractContextManager[None]],
) -> None:
    leave = threading.Event()
    with work(leave):
        while not stop.is_set() and mine.alive():
            _rest(stop, LOOK_SECONDS)
        leave.set()


def _rest(stop: threading.Event, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not stop.is_set() and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
