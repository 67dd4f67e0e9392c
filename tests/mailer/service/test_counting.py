"""The numbers of the first page are counted beside all else, by one process at a time."""

import threading
from datetime import datetime

from sqlalchemy.engine import Engine

from mailer.monitoring import console_statistics
from mailer.service import counting
from recommender.storage import database, locks


def test_numbers_are_kept_unless_another_process_is_at_it(store: Engine, now: datetime) -> None:
    def counted() -> bool:
        stop = threading.Event()
        thread = threading.Thread(
            target=counting.keep_counting, args=(store, lambda: now, stop), daemon=True
        )
        thread.start()
        thread.join(1.0)
        stop.set()
        thread.join()
        with database.reading(store) as session:
            return console_statistics.latest(session) is not None

    with locks.hold(store, counting.LOCK) as mine:
        assert mine
        assert not counted()
    assert counted()
