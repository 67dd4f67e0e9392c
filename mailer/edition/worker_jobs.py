"""Jobs for workers as plain values, and how they are enqueued.

Whoever plans or sends does the work itself; where workers may help, it also enqueues jobs, in the
transaction that makes the work: none is lost, and none is for work that never came to be. Shards
and the ledger decide what is done, so a job that is done twice, late or never changes nothing but
the time it takes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from sqlalchemy.orm import Session

COPIES = 1_000
"""Copies that one delivery job is for; a second's work, or a few."""


class Task(StrEnum):
    """What can be asked for; a queue each."""

    PLAN = "plan"
    DELIVER = "deliver"


@dataclass(frozen=True)
class JobSpec:
    """A job for whoever comes first; of one ``key`` at most one waits or is being done. ``values``
    are the arguments of the function of that name in ``jobs``."""

    task: Task
    key: str
    values: Mapping[str, int]


Enqueue = Callable[[Session, Sequence[JobSpec]], None]
"""Enqueue jobs, in the session's transaction."""


def enqueue_nothing(_session: Session, _jobs: Sequence[JobSpec]) -> None:
    """Where there are no workers: whoever asked does it all."""


def to_plan(edition_id: int, shards: Sequence[int]) -> list[JobSpec]:
    """A job for each of these shards of an edition."""
    return [
        JobSpec(
            Task.PLAN, f"plan-{edition_id}-{number}", {"edition_id": edition_id, "shard": number}
        )
        for number in shards
    ]


def to_deliver(edition_id: int, due: int, *, at_local_time: bool) -> list[JobSpec]:
    """Jobs for ``due`` copies of an edition. Any of them takes whatever is due when it comes to
    its turn, so the numbers only limit how many wait."""
    values = {"edition_id": edition_id, "most": COPIES, "at_local_time": int(at_local_time)}
    return [
        JobSpec(Task.DELIVER, f"deliver-{edition_id}-{number}", values)
        for number in range(1, ceil(due / COPIES) + 1)
    ]
