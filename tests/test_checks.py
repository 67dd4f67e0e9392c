"""What checks a change cannot pass by having checked nothing, and asks only for what is there."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
NOTHING = "echo '===== no tests ran in 0.01s ====='; exit 5"
SKIPPED = "echo '===== 3 skipped in 0.01s ====='"
FAILED = "echo '===== 1 failed, 3 passed in 0.01s ====='; exit 1"
PASSED = "echo '===== 3 passed in 0.01s ====='"


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in WORKFLOWS:
        for name, job in yaml.safe_load(file.read_text())["jobs"].items():
            assert job["timeout-minutes"] <= 120
            for step in job["steps"]:
                yield name, step


def test_the_workflow_runs_what_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = [shlex.split(step["run"]) for _, step in steps() if "run" in step]
    for words in called:
        if words[0] == "make":
            assert set(words[1:]) <= targets, words
        elif words[0] == "docker":
            assert words[1] in ("build", "run")
            if "--file" in words:
                assert (ROOT / words[words.index("--file") + 1]).is_file()
        else:
            assert os.access(ROOT / words[0], os.X_OK), words
    assert [".ci/run"] in called
    assert {job for job, _ in steps()} == {"check", "audit", "sbom", "image"}
    for _, step in steps():
        assert re.fullmatch(r"actions/[a-z-]+@\S+", step.get("uses", "actions/x@v1"))


@pytest.mark.parametrize(
    ("suite", "postgresql", "why"),
    [
        (NOTHING, PASSED, "error: test-all: no test passed"),
        (SKIPPED, PASSED, "error: test-all: no test passed"),
        (PASSED, NOTHING, "error: test-postgresql: no test passed"),
        (PASSED, SKIPPED, "error: test-postgresql: no test passed"),
        (FAILED, PASSED, ""),
        (PASSED, FAILED, ""),
    ],
)
def test_a_run_without_a_test_that_passed_has_failed(
    suite: str, postgresql: str, why: str, tmp_path: Path
) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    programs = tmp_path / "bin"
    programs.mkdir()
    make = f'case "$1" in test-all) {suite};; test-postgresql) {postgresql};; wheel) exit 99;; esac'
    for name, script in {"make": make, "chromium": "", "ip": ""}.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    done = subprocess.run(
        [tmp_path / ".ci" / "run"],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (1, 5)  # not 99: it never came as far as the wheel
    assert done.stderr.strip() == why
