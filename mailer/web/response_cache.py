"""Answers that are the same for everybody, made by one request while the others wait for it.

An answer that may have changed is made again only after a while: as many times longer as it took
to make. So whoever asks on and on takes a small part of the time of a core, in a large store too,
and in a small one an answer is never old.
"""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from recommender.errors import StoreAwayError

TIMES = 20
"""An answer is kept for so many times the time it took to make."""
LONGEST = 60.0
WAIT = 5.0
"""Seconds to wait for whoever is making one."""
MOST = 500
"""Answers that are kept."""
Answer = TypeVar("Answer")


class ResponseCache(Generic[Answer]):
    """The latest responses. Safe to share between threads."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[float, Answer]] = {}

    def get(self, key: Hashable, make: Callable[[], Answer], *, final: bool = False) -> Answer:
        """The answer for ``key``, made if need be; a ``final`` one is good while it is kept.
        StoreAwayError when whoever makes it takes too long."""
        if not self._lock.acquire(timeout=WAIT):
            raise StoreAwayError("the store is busy")
        try:
            begun = self._seconds()
            kept = self._kept.get(key)
            if kept is not None and begun < kept[0]:
                return kept[1]
            answer = make()
            took = self._seconds() - begun
            if len(self._kept) >= MOST:
                self._kept.clear()
            until = float("inf") if final else begun + took + min(LONGEST, TIMES * took)
            self._kept[key] = (until, answer)
        finally:
            self._lock.release()
        return answer
