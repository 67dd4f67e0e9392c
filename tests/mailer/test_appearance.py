"""How an issue looks in Chromium: widths of phones, light and dark. Frames stand for the phones,
since a browser window cannot be made as narrow."""

import dataclasses
import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailer.issue.cards import Issue
from mailer.issue.content import StoryContent
from tests.mailer.rendered import Renderer

pytestmark = pytest.mark.browser
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--virtual-time-budget=5000",
)  # fmt: skip
SCHEMES = {"light": "1", "dark": "0"}
WIDTHS = (600, 375, 320)
MEASURE = (Path(__file__).parent / "measure.js").read_text("utf-8")


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed")
    return found


@pytest.fixture(params=SCHEMES)
def measured(
    request: pytest.FixtureRequest,
    chromium: str,
    issue_of: Callable[..., Issue],
    renderer: Renderer,
    stories: dict[str, StoryContent],
    tmp_path: Path,
) -> list[dict[str, Any]]:
    """What a browser makes of an issue, at each width."""
    long = dataclasses.replace(stories["1"], title="w" * 150, source="s" * 90, curator="c" * 90)
    cast = {**stories, "8": long}
    issue = issue_of(["1", "2", "3", "4", "5", "6", "8"], stories=cast, also=["7"])
    letter = html.escape(renderer.render(issue).html, quote=True)
    frames = "".join(
        f'<iframe width="{width}" height="800" style="border:0" srcdoc="{letter}"></iframe>'
        for width in WIDTHS
    )
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><meta charset=utf-8>{frames}<script>{MEASURE}</script>")
    scheme = SCHEMES[request.param]
    done = subprocess.run(
        [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}",
         f"--blink-settings=preferredColorScheme={scheme}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    frames_seen: list[dict[str, Any]] = json.loads(html.unescape(found[1]))
    assert [frame["width"] for frame in frames_seen] == list(WIDTHS)
    assert all(frame["dark"] == (request.param == "dark") for frame in frames_seen)
    return frames_seen


def test_an_issue_reads_well_at_every_width(measured: list[dict[str, Any]]) -> None:
    for frame in measured:
        assert frame["scrollWidth"] <= frame["width"], "it scrolls sideways"
        assert frame["texts"] > 60
        assert frame["faint"] == [], "text with less contrast than 4.5 to 1 (WCAG 2.2, 1.4.3)"
        assert frame["small"] == [], "text smaller than 14 pixels"
        assert frame["tight"] == [], "a link lower than 24 pixels (WCAG 2.2, 2.5.8)"
        assert frame["preheader"] == 0, "the preheader takes up room"
