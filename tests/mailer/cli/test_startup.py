"""Sending starts without what only planning and reports need."""

import subprocess
import sys

HEAVY = ("numpy", "scipy", "sklearn", "markdown_it", "matplotlib", "feedparser")
CODE = f"import sys, mailer.cli.editions; print([n for n in {HEAVY} if n in sys.modules])"


def test_sending_imports_no_library_of_other_commands() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
