"""Processes that are forked before there is a task for them."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mailer import process_group

PROGRAM = """
import sys
from mailer import process_group
process_group.forking = True
with process_group.spare(3):
    waiting = [child.process for child in process_group._spare]
    print(*[process._pid for process in waiting], flush=True)
    sys.stdin.read()
print("over", flush=True)
"""


BREAKS = """
from dataclasses import dataclass
from mailer import process_group

@dataclass
class Broken:
    store_url: str = "sqlite:///unused.db"
    def run(self, engine, stop, progress):
        raise RuntimeError("what nobody expected")

process_group.forking = True
with process_group.spare(1):
    group = process_group.ProcessGroup([process_group.start(Broken())])
    group.members[0].process.wait()
    group.end()
print(group.died)
"""


def test_one_that_breaks_says_so_and_counts_as_dead(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BREAKS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "True\n"
    [line] = done.stderr.splitlines()
    assert line.startswith("error: a process beside this one ended: ")
    assert "RuntimeError" in line


@pytest.fixture
def program() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def waiting(program: subprocess.Popen[str]) -> list[int]:
    assert program.stdout is not None
    pids = [int(pid) for pid in program.stdout.readline().split()]
    assert len(pids) == 3
    assert all(map(alive, pids))
    return pids


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pids: list[int]) -> None:
    end = time.monotonic() + 10
    while any(map(alive, pids)):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_those_that_were_not_needed_end_with_the_command(program: subprocess.Popen[str]) -> None:
    pids = waiting(program)
    output, _ = program.communicate("", timeout=20)
    assert (output, program.returncode) == ("over\n", 0)
    assert not any(map(alive, pids))


def test_none_outlives_a_command_that_is_killed(program: subprocess.Popen[str]) -> None:
    pids = waiting(program)
    program.kill()
    program.communicate()
    wait_until_gone(pids)


def test_nothing_is_forked_beside_other_threads_or_in_another_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with process_group.spare(1):
        assert not process_group._spare
    monkeypatch.setattr(process_group, "forking", True)
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    with process_group.spare(1):
        assert not process_group._spare
    ended.set()
    thread.join()
