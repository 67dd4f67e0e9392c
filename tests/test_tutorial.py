"""The tutorial works as it stands, from the first command to the last."""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "tutorial.md"


def script() -> str:
    """All commands of the page in their order; lines without a prompt belong to the one before."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    lines = "".join(blocks).splitlines()
    assert sum(line.startswith("$ ") for line in lines) > 15
    return "\n".join(["set -eu", *(line.removeprefix("$ ") for line in lines), ""])


def test_every_command_of_the_tutorial_does_its_work(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-c", script()], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    messages = list(tmp_path.glob("var/outbox/*/*.eml"))
    assert len(messages) == 3
    assert "error:" not in done.stderr
    cooling = [path for path in messages if b"Liquid cooling" in path.read_bytes()]
    assert len(cooling) >= 2  # the two technical readers, by the pin and by their topics
    assert (tmp_path / "issue.html").stat().st_size > 5_000
    assert (tmp_path / "proof" / "proof.html").is_file()
