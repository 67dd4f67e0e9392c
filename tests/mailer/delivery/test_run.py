"""Copies are made while others are waited for: few, in their order, and given back at the end."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from mailer.delivery.run import Run
from mailer.ledger.claims import Claim

CONNECTIONS = 2


def made(claim: Claim) -> str:
    if claim.number == 2:
        raise ValueError("a copy that cannot be made")
    return f"copy {claim.number}"


@pytest.fixture
def run() -> Iterator[Run]:
    """With five copies in hand, the second of which cannot be made."""
    context: Any = SimpleNamespace(copy=made, connections=CONNECTIONS)
    engine: Any = None
    found = Run(engine, context, lambda: datetime.now(UTC), threading.Event())
    found.work.extend(Claim(n, n, n, f"r{n}@example.com", "[]", "{}", 0) for n in range(1, 6))
    yield found
    found.end()


def test_as_many_are_made_as_there_are_connections(run: Run) -> None:
    assert not run.rest(0.0)
    assert not run.rest(0.05)
    assert (len(run.made), len(run.work)) == (CONNECTIONS, 3)
    assert not run.make()


def test_they_are_sent_in_their_order_whenever_they_were_made(run: Run) -> None:
    run.rest(0.05)
    copies = []
    while (copy := run.ahead()) is not None:
        copies.append(copy)
    assert [claim.number for claim, _ in copies] == [1, 2, 3, 4, 5]
    assert [str(message) for _, message in copies][:3] == [
        "copy 1", "a copy that cannot be made", "copy 3",
    ]  # fmt: skip


def test_what_is_made_is_in_hand_until_the_run_ends(run: Run) -> None:
    run.work = type(run.work)(list(run.work)[:1])
    run.rest(0.05)
    assert run.busy()
    run.end()
    assert (run.busy(), run.ahead(), run.next()) == (False, None, None)
