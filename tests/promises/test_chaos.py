"""An edition under force, in small: what `benchmarks/chaos.py` does in full.

The server of these tests notes every message before it answers, so that nobody can deny anything.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import chaos
from benchmarks.fault_injection import edition
from benchmarks.fault_injection.edition import Result

COPIES = 200


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with an edition that is ready to be sent."""
    file = tmp_path_factory.mktemp("chaos") / "newsletter.db"
    edition.prepare(f"sqlite:///{file}", COPIES)
    return file


def hold(result: Result) -> None:
    """The promises, for a sender that was struck."""
    assert result.blows > 0
    assert result.missed == 0, result
    assert result.unnamed == 0, result
    assert result.repeats + result.doubts <= result.on_wire, result


def test_killed_in_the_middle_it_misses_nobody_and_repeats_nothing(planned: Path) -> None:
    result = chaos.killed(planned, 2)
    hold(result)
    assert result.repeats == 0


@pytest.mark.slow
@pytest.mark.parametrize("alone", [False, True])
def test_doubts_that_are_sent_again_are_the_only_repeats(planned: Path, *, alone: bool) -> None:
    result = chaos.killed(planned, 4, alone=alone, in_doubt="resend")
    hold(result)
    assert result.doubts == 0


@pytest.mark.slow
def test_told_to_stop_it_is_gone_in_ten_seconds_and_leaves_no_doubt(planned: Path) -> None:
    result = chaos.told_to_stop(planned, 3)
    hold(result)
    assert (result.repeats, result.doubts) == (0, 0)
    assert result.slowest_end < 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "scenario",
    [
        lambda planned: chaos.locked(planned, chaos.SHORTER),
        lambda planned: chaos.disk_full(planned, 2),
        lambda planned: chaos.relay_restarted(planned, 2),
    ],
    ids=["the database is locked", "the disk is full", "the relay starts again"],
)
def test_what_fails_around_it_costs_nobody_the_issue(
    planned: Path, scenario: Callable[[Path], Result]
) -> None:
    result = scenario(planned)
    hold(result)
    assert result.repeats == 0


@pytest.mark.slow
def test_stopped_while_it_cannot_write_it_is_gone_in_ten_seconds(planned: Path) -> None:
    result = chaos.stopped_while_locked(planned)
    hold(result)
    assert result.slowest_end < 10


@pytest.mark.slow
@pytest.mark.postgresql
def test_on_postgresql_too(postgresql_url: str) -> None:
    with chaos.database_of(postgresql_url, "chaos_cut", COPIES) as url:
        hold(chaos.connections_cut(url, 2))
    with chaos.database_of(postgresql_url, "chaos_killed", COPIES) as url:
        hold(chaos.killed(url, 2))
