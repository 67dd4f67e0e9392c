"""A site on a port of its own, a browser to walk through it, and what every page must bear."""

import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any, Self

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Browser, Page, Route, sync_playwright

from mailer.links import Links
from mailer.web import app
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import records

from .conftest import SENT_AT

PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Safari/537.36"
)
STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


class Live:
    """A site on a port of its own, and its store."""

    def __init__(self, settings: Settings) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.settings = settings.replace(base_url=self.url)
        self.engine = database.connect(self.settings.store_url)
        self.now = SENT_AT + timedelta(hours=5)
        self.links = Links(self.url, self.settings.secrets)
        application = app.create(self.engine, self.settings, lambda: self.now)
        self.server = uvicorn.Server(uvicorn.Config(application, log_level="error"))
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],))

    def __enter__(self) -> Self:
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
                mail = message_from_bytes(found[-1].read_bytes(), policy=policy.default)
                text = mail.get_body(("plain",))
                links = re.findall(r"http://\S+", str(text.get_content() if text else ""))
                if links and f"/{word}/" in links[0]:
                    return str(links[0])
            time.sleep(0.05)
        raise AssertionError(f"no mail with a link to {word}")

    def reader(self, email: str) -> dict[str, Any]:
        with database.reading(self.engine) as session:
            return records.everything(session, records.find(session, email))


def chromium() -> Iterator[Browser]:
    """The browser that is installed; without one the test is skipped."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
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


def check_shown(page: Page) -> None:
    """The same for exactly what is shown now, be it the answer to a form."""
    browser, size = page.context.browser, page.viewport_size
    assert browser is not None
    assert size is not None
    context = browser.new_context(viewport=size, bypass_csp=True)
    other, shown = context.new_page(), page.content()

    def answer(route: Route) -> None:
        route.fulfill(body=shown, content_type="text/html; charset=utf-8")

    other.route(page.url, answer)
    other.route("**/*.js", lambda route: route.abort())
    other.goto(page.url)
    found = Axe().run(other, options=STANDARD)
    assert found.violations_count == 0, (page.url, found.generate_report())
    assert other.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    context.close()
