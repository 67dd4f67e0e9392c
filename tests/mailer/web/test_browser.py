"""What a reader does in a real browser: wide and narrow, with JavaScript and without."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from recommender.models import Article, Status
from recommender.storage import database

from .browsing import Live, check

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(params=["wide", "narrow", "narrow without JavaScript"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1280 if request.param == "wide" else 360, "height": 800},
        java_script_enabled="without" not in request.param,
        bypass_csp=False,
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def test_a_reader_subscribes_chooses_reads_answers_leaves_and_returns(
    page: Page, live: Live
) -> None:
    email = "new@example.org"
    with database.writing(live.engine) as session:
        for number, article in enumerate(session.scalars(sa.select(Article))):
            article.language = "de-AT" if number % 2 else "en"
    page.goto(f"{live.url}/subscribe")
    check(page, live)
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()

    page.goto(live.mailed_link("confirm"))
    check(page, live)
    page.get_by_label("AI Strategy", exact=True).check()
    page.get_by_label("CTO", exact=True).check()
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
    page.get_by_role("group", name="Languages of stories").get_by_label("English").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Your next issue")).to_be_visible()
    expect(page.get_by_text("Your next issue comes on Monday")).to_be_visible()
    held = live.reader(email)
    assert held["topics"] == {"AI Strategy": -2.0, "Robotics Automation": 1.0}
    assert (held["frequency"], held["day"], held["hour"]) == ("fortnightly", "monday", 7)
    assert held["languages"] == ["en"]


def add_topic(page: Page, name: str) -> None:
    """Add a topic: by keyboard from what is found, or, without JavaScript, by its whole name."""
    if not scripted(page):
        page.get_by_label("Add topics, with commas between").fill(name)
        return
    field = page.get_by_role("combobox", name="Search for topics")
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
    field = page.get_by_role("combobox", name="Search for topics")
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
    for path in ("/archive", "/archive?q=a", "/archive/weekly-2026-W48", "/nowhere"):
        check(page, live, f"{live.url}{path}")
    kinds = [event["kind"] for event in live.reader("hardware@example.com")["events"]]
    assert kinds == ["more", "unsubscribe"]
