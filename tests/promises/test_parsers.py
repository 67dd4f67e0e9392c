"""Whatever strangers send, each parser reads or refuses it within limits of processor and memory,
and takes no more than in proportion to its size. ``NEWSLETTER_TEST_PARSER_SECONDS`` says for how
long inputs are made up for each."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.promises import parsing

SECONDS = float(os.environ.get("NEWSLETTER_TEST_PARSER_SECONDS", "8"))
STEEPEST = 8.0
"""Times as long for four times as much: 4 is linear, 16 quadratic."""


def child(*arguments: str) -> dict[str, Any]:
    """What ``parsing`` as a program answers; its words where it fails."""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.promises.parsing", *arguments],
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:] or f"ended by {done.returncode}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.timeout(int(4 * SECONDS) + 120)
@pytest.mark.parametrize("name", parsing.PARSERS)
def test_whatever_is_made_up_is_read_or_refused(name: str) -> None:
    found = child(name, "generated", str(SECONDS), os.environ.get("PYTEST_SEED", "1"))
    assert found["inputs"] > 20


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", parsing.PARSERS)
def test_time_grows_no_faster_than_the_input(name: str) -> None:
    steep = {
        shape: measured
        for shape, (_, *measured) in child(name, "shapes").items()
        if measured[1] > max(parsing.MEASURABLE, STEEPEST * measured[0])
    }
    assert steep == {}
