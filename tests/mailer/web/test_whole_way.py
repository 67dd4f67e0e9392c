"""The whole way of a reader, in each language, in a real browser: from subscribing to coming back.

Every page on it is checked as it is shown, answers to forms included.
"""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from mailer import localization
from mailer.delivery import campaign
from mailer.localization import Language
from recommender.models import Status

from .browsing import PERSON, Live, check_shown

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
EMAIL = "new@example.org"
TOPIC = "AI Strategy"


@dataclass
class Visit:
    """A browser of one width and language, with or without JavaScript."""

    page: Page
    live: Live
    language: Language

    def to(self, address: str) -> None:
        self.page.goto(address)
        self.shown()

    def press(self, button: str, **values: object) -> None:
        self.page.get_by_role("button", name=self.says(button, **values), exact=True).click()
        self.shown()

    def says(self, sentence: str, **values: object) -> str:
        return self.language.text(sentence, **values)

    def shown(self) -> None:
        assert self.page.locator("html").get_attribute("lang") == self.language.tag
        check_shown(self.page)

    def heading(self, sentence: str, **values: object) -> None:
        name = self.says(sentence, **values)
        expect(self.page.get_by_role("heading", name=name, exact=True)).to_be_visible()


@pytest.fixture(params=["wide en", "narrow de", "narrow en without JavaScript", "wide de without"])
def visit(request: pytest.FixtureRequest, browser: Browser, live: Live) -> Iterator[Visit]:
    code = "de" if " de" in request.param else "en"
    context = browser.new_context(
        viewport={"width": 1280 if "wide" in request.param else 360, "height": 800},
        java_script_enabled="without" not in request.param,
        locale=code,
        user_agent=PERSON,
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield Visit(page, live, localization.choose(code))
    context.close()


def issue(live: Live) -> str:
    """Send the next week's edition; the address of the reader's issue on the web."""
    live.now += timedelta(days=7)
    edition = campaign.plan(live.engine, live.settings, period="2026-W49", now=live.now)
    campaign.send(
        live.engine,
        live.settings,
        edition_id=edition,
        clock=lambda: live.now,
        stop=threading.Event(),
        at_local_time=False,
    )
    live.now += timedelta(hours=1)
    (file,) = (live.settings.outbox / "weekly-2026-W49").glob(f"*{EMAIL}.eml")
    text = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
    assert text is not None
    (view,) = re.findall(r"http://\S+/view/\S+", text.get_content())
    return str(view)


def counted(live: Live, kind: str) -> int:
    """How many answers of this kind count, once what was clicked is written."""
    for _ in range(40):
        events = [event for event in live.reader(EMAIL)["events"] if event["kind"] == kind]
        if any(event["counted"] for event in events):
            break
        time.sleep(0.1)
    return sum(bool(event["counted"]) for event in events)


def subscribe(visit: Visit) -> None:
    visit.to(f"{visit.live.url}/subscribe")
    visit.page.get_by_label(visit.says("Email address")).fill(EMAIL)
    visit.press("Subscribe")
    visit.heading("Check your inbox")
    visit.to(visit.live.mailed_link("confirm"))
    visit.page.get_by_label(TOPIC, exact=True).check()
    visit.press("Yes, subscribe me")
    visit.heading("You are subscribed")


def test_from_subscribing_to_coming_back(visit: Visit) -> None:
    page, live = visit.page, visit.live
    subscribe(visit)
    assert live.reader(EMAIL)["status"] == Status.ACTIVE

    page.get_by_role("link", name=visit.says("Change what you get"), exact=True).click()
    visit.shown()
    level = page.get_by_role("group", name=TOPIC, exact=True)
    level.get_by_label(visit.says("Love"), exact=True).check()
    visit.press("Save")
    assert live.reader(EMAIL)["topics"] == {TOPIC: 3.0}

    view = issue(live)
    visit.to(view)
    read = visit.says("Read at %(source)s", source=""), visit.says("Read the story")
    story = page.get_by_role("link", name=re.compile("|".join(map(re.escape, read))))
    try:  # the story is on another site, which is not there
        story.first.click()
        page.wait_for_load_state()
    except Error:
        pass
    assert counted(live, "click") == 1

    visit.to(view)
    page.get_by_role("link", name=re.compile(visit.says("More like this"))).first.click()
    visit.shown()
    visit.press("Show me more like this")
    visit.heading("You will see more like this")
    assert counted(live, "more") == 1
    page.goto(view)
    page.get_by_role("link", name=re.compile(visit.says("Less like this"))).last.click()
    visit.press("Show me less like this")
    visit.heading("You will see less like this")
    visit.press("Undo this")
    visit.heading("Less like this?")
    assert counted(live, "less") == 0

    page.goto(view)
    page.get_by_role("link", name=visit.says("Unsubscribe"), exact=True).click()
    visit.shown()
    visit.press("Unsubscribe")
    visit.heading("You are unsubscribed")
    assert live.reader(EMAIL)["status"] == Status.UNSUBSCRIBED
    visit.press("Subscribe me again")
    visit.heading("Welcome back")
    assert live.reader(EMAIL)["status"] == Status.ACTIVE


def test_the_other_pages(visit: Visit) -> None:
    for path in ("/archive", "/archive/weekly-2026-W48", "/nowhere", "/view/damaged"):
        visit.to(visit.live.url + path)
    visit.to(visit.live.links.preferences(1) + f"?lang={visit.language.code}")
    visit.press("Mail me the link")
    visit.to(visit.live.url + "/subscribe")
    visit.page.get_by_label(visit.says("Email address")).fill("nobody@localhost")
    visit.press("Subscribe")
    expect(visit.page.get_by_role("alert")).to_be_visible()


def test_everything_can_be_done_by_keyboard_alone(browser: Browser, live: Live) -> None:
    page = browser.new_context(user_agent=PERSON, locale="en").new_page()
    page.goto(f"{live.url}/subscribe")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    tab_to(page, "Email address")
    page.keyboard.type(EMAIL)
    tab_to(page, "Subscribe")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Check your inbox").wait_for()
    page.goto(live.mailed_link("confirm"))
    tab_to(page, "Search for topics")
    page.keyboard.type("ai strat")
    page.get_by_role("option", name=TOPIC).first.wait_for()
    page.keyboard.press("Enter")
    tab_to(page, "Subscribe with these interests")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You are subscribed").wait_for()
    tab_to(page, "Change what you get")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your choices").wait_for()
    tab_to(page, "Like")
    page.keyboard.press("ArrowRight")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()
    assert live.reader(EMAIL)["topics"] == {TOPIC: 3.0}
    page.context.close()


FOCUSED = """() => {
  const at = document.activeElement, shape = getComputedStyle(at);
  const marked = at.nextElementSibling ? getComputedStyle(at.nextElementSibling) : shape;
  const outlined = (one) => one.outlineStyle !== "none" && parseFloat(one.outlineWidth) > 1;
  const seen = outlined(shape) || outlined(marked);
  const words = at.labels?.length ? at.labels[0].textContent : at.textContent;
  return [words.trim(), seen];
}"""


def focused(page: Page) -> str:
    """What has the focus, by its words; it must be marked so that it can be seen."""
    for _ in range(20):  # a page that has just come up takes a moment to mark it
        words, seen = page.evaluate(FOCUSED)
        if seen:
            break
        page.wait_for_timeout(50)
    assert seen, f"the focus on {words!r} cannot be seen"
    return str(words)


def tab_to(page: Page, words: str, times: int = 1) -> None:
    page.wait_for_load_state()  # a key that is pressed while it loads may be lost
    for _ in range(120):
        page.keyboard.press("Tab")
        if re.fullmatch(words, focused(page)):
            times -= 1
        if times == 0:
            return
    raise AssertionError(f"{words!r} cannot be reached by keyboard")
