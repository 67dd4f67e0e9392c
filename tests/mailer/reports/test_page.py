"""The page of a report shows what it is told, as text."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from mailer.reports import page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RATE = {"mean": 0.25, "low": 0.1, "high": 0.5}
STORY = {"id": "a/b", "title": "<b>Tags</b> & co", "readers": 4, "clicked": 1, "more": 0, "less": 0}
DOCUMENT: dict[str, Any] = {
    "edition": "weekly-2026-W48", "state": "finished", "why": None,
    "totals": {"readers": 4, "skipped": {"nothing_relevant": 2}},
    "funnel": dict.fromkeys(page.STEPS, 0) | {"due": 4, "sent": 4},
    "gain": None,
    "stories": [STORY | {"click_rate": RATE}], "positions": [], "sponsors": [],
    "segments": [], "topics": [], "roles": [], "relays": [], "domains": [],
}  # fmt: skip


@pytest.fixture
def browser() -> Iterator["Browser"]:
    from tests.mailer.web.browsing import chromium

    yield from chromium()


def test_titles_are_text_and_empty_groups_are_left_out() -> None:
    html = page.page(DOCUMENT, made_at=datetime(2026, 11, 27, 9, 30, tzinfo=UTC))
    assert "&lt;b&gt;Tags&lt;/b&gt; &amp; co" in html
    assert "2 nothing relevant" in html
    assert "2026-11-27 09:30" in html
    assert "Roles" not in html


def test_a_long_report_says_how_much_more_there_is() -> None:
    stories = [STORY | {"click_rate": None}] * (page.MOST_ROWS + 3)
    html = page.page(DOCUMENT | {"stories": stories}, made_at=datetime(2026, 11, 27, tzinfo=UTC))
    assert "And 3 more stories" in html


def test_sponsors_are_counted_beside_the_stories() -> None:
    sponsor = {"id": 1, "name": "Acme & Co", "readers": 1_234, "clicked": 12, "click_rate": RATE}
    html = page.page(DOCUMENT | {"sponsors": [sponsor]}, made_at=datetime(2026, 11, 27, tzinfo=UTC))
    assert "Acme &amp; Co</th><td>1,234</td><td>12</td>" in html


def test_what_personal_issues_are_worth_is_said() -> None:
    arm = {"readers": 40, "copies": 40, "answered": 4, "rate": 0.1}
    known = {"mean": 0.05, "low": 0.01, "high": 0.09}
    gain = {"house": arm, "personal": arm | {"rate": 0.15}, "since": "2026-W40", "gain": known,
            "certain": True}  # fmt: skip
    html = page.page(DOCUMENT | {"gain": gain}, made_at=datetime(2026, 11, 27, tzinfo=UTC))
    assert "+5.0 points (+1.0 to +9.0), which is certain" in html
    assert "From 2026-W40 on, 40 readers got the house digest" in html


@pytest.mark.parametrize("width", [375, 1280])
def test_a_title_and_its_interval_share_the_width(browser: "Browser", width: int) -> None:
    story = STORY | {"title": "Keep a Deterministic Core Under Neural Software", "click_rate": RATE}
    shown = browser.new_page(viewport={"width": width, "height": 812})
    shown.set_content(
        page.page(DOCUMENT | {"stories": [story]}, made_at=datetime(2026, 11, 27, tzinfo=UTC))
    )
    row = shown.locator("tr", has_text="Deterministic").bounding_box()
    assert row is not None
    assert row["height"] < 100  # lines of words, not of letters
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
