"""The whole way of a reader in a real browser: wide and narrow, with JavaScript and without."""

import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Page, expect, sync_playwright

from mailer.links import Links
from mailer.web import app
from recommender import database
from recommender.models import Status
from recommender.settings import Settings
from recommender.subscribers import records

from .conftest import SENT_AT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


class Live:
    """A site on a port of its own, and its store."""

    def __init__(self, home: Path) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.settings = Settings(home=home, base_url=self.url)
        self.engine = database.connect(self.settings.store_url)
        self.now = SENT_AT + timedelta(hours=5)
        self.links = Links(self.url, self.settings.secrets)
        application = app.create(self.engine, self.settings, lambda: self.now)
        self.server = uvicorn.Server(uvicorn.Config(application, log_level="error"))
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],))

    def __enter__(self) -> "Live":
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.engine.dispose()

    def mailed_link(self, word: str) -> str:
        """The link in the newest service mail, once it is there."""
        for _ in range(100):
            found = sorted((self.settings.outbox / "service").glob("*.eml"))
            if found:
                text = message_from_bytes(found[-1].read_bytes(), policy=policy.default)
                links = re.findall(r"http://\S+", str(text.get_content()))
                if links and f"/{word}/" in links[0]:
                    return str(links[0])
            time.sleep(0.05)
        raise AssertionError(f"no mail with a link to {word}")

    def reader(self, email: str) -> dict[str, Any]:
        with database.reading(self.engine) as session:
            return records.everything(session, records.find(session, email))


@pytest.fixture
def live(published: Path, tmp_path: Path) -> Iterator[Live]:
    shutil.copytree(published, tmp_path / "home")
    with Live(tmp_path / "home") as site:
        yield site


@pytest.fixture(params=["wide", "narrow", "narrow without JavaScript"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    width = 1280 if request.param == "wide" else 360
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            java_script_enabled="without" not in request.param,
            bypass_csp=False,
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        yield page
        browser.close()


def check(page: Page, live: Live, path: str = "") -> None:
    """No violation of WCAG 2.1 AA, no scrolling sideways. A page of its own, since this needs
    JavaScript and a browser that lets it in."""
    browser = page.context.browser
    assert browser is not None
    size = page.viewport_size
    assert size is not None
    context = browser.new_context(viewport=size, bypass_csp=True)
    other = context.new_page()
    other.goto(path or page.url)
    found = Axe().run(other, options=STANDARD)
    assert found.violations_count == 0, found.generate_report()
    assert other.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_a_reader_subscribes_chooses_reads_answers_leaves_and_returns(
    page: Page, live: Live
) -> None:
    email = "new@example.org"
    page.goto(f"{live.url}/subscribe")
    check(page, live)
    page.get_by_label("Email address").fill(email)
    page.get_by_label("AI Strategy", exact=True).check()
    page.get_by_label("CTO", exact=True).check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()

    page.goto(live.mailed_link("confirm"))
    check(page, live)
    page.get_by_role("button", name="Yes, subscribe me").click()
    expect(page.get_by_role("heading", name="You are subscribed")).to_be_visible()
    assert live.reader(email)["status"] == Status.ACTIVE

    page.get_by_role("link", name="Change what you get").click()
    check(page, live)
    page.get_by_role("group", name="AI Strategy").get_by_label("Love").check()
    add_topic(page, "Robotics Automation")
    before = foreseen(page)
    page.get_by_role("group", name="AI Strategy").get_by_label("Never").check()
    assert foreseen(page, other_than=before) != before
    assert live.reader(email)["topics"] == {"AI Strategy": 1.0}  # nothing is saved by looking
    page.get_by_label("Day", exact=True).select_option("Monday")
    page.get_by_label("Hour").select_option("07:00")
    page.get_by_label("Every other week").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Your next issue")).to_be_visible()
    expect(page.get_by_text("Your next issue comes on Monday")).to_be_visible()
    held = live.reader(email)
    assert held["topics"] == {"AI Strategy": -2.0, "Robotics Automation": 1.0}
    assert (held["frequency"], held["day"], held["hour"]) == ("fortnightly", "monday", 7)


def add_topic(page: Page, name: str) -> None:
    """Add a topic: by keyboard from what is found, or, without JavaScript, by its whole name."""
    if not scripted(page):
        page.get_by_label("Add, with commas between them").last.fill(name)
        return
    field = page.get_by_role("combobox", name="Search").last
    field.press_sequentially(name[:6].lower())
    expect(page.get_by_role("option", name=name).first).to_be_visible()
    check_open_list(page)
    for _ in range(8):
        field.press("ArrowDown")
        if name in page.locator("[role=option][aria-selected=true]").inner_text():
            break
    field.press("Enter")
    expect(page.get_by_role("group", name=name).get_by_label("Like")).to_be_checked()
    expect(field).to_be_focused()
    expect(field).to_have_value("")


def check_open_list(page: Page) -> None:
    """The list of what is found is tied to its field, and stays on the screen."""
    field = page.get_by_role("combobox", name="Search").last
    expect(field).to_have_attribute("aria-expanded", "true")
    box, size = page.get_by_role("listbox").bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size["width"]


def foreseen(page: Page, other_than: list[str] | None = None) -> list[str]:
    """The titles of the preview, as soon as they are others; without JavaScript at a press of its
    button."""
    if not scripted(page):
        page.get_by_role("button", name="Show it").click()
    titles = page.locator("#preview .title")
    expect(titles.first).to_be_visible()
    for _ in range(50):
        if titles.all_inner_texts() != other_than:
            break
        page.wait_for_timeout(100)
    return titles.all_inner_texts()


def scripted(page: Page) -> bool:
    """Whether this browser runs scripts: they give the search its role."""
    return page.get_by_role("button", name="Show it").count() == 0


def test_an_issue_is_read_on_the_web_and_answered(page: Page, live: Live) -> None:
    delivery = 1
    page.goto(live.links.view(delivery))
    page.get_by_role("link", name=re.compile("More like this")).first.click()
    check(page, live)
    page.get_by_role("button", name="Show me more like this").click()
    expect(page.get_by_role("heading", name="You will see more like this")).to_be_visible()

    page.goto(live.links.unsubscribe(delivery))
    check(page, live)
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_role("button", name="Subscribe me again").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    for path in ("/archive", "/archive/weekly-2026-W48", "/nowhere"):
        check(page, live, f"{live.url}{path}")
    kinds = [event["kind"] for event in live.reader("hardware@example.com")["events"]]
    assert kinds == ["more", "unsubscribe"]
