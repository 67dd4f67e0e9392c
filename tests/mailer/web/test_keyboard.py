"""Every page by keyboard alone: a skip link first, all that can be used is reached in order, what
has the focus is marked and on the screen, nothing holds it; and axe-core finds nothing."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Browser, Page, expect

from mailer.edition import edition_edits, planning, sponsors
from mailer.operators import users
from mailer.preview import gallery, template_server
from mailer.preview.proof import page as proof_page
from mailer.preview.proof.counting import Asked
from mailer.preview.proof.proving import prove
from mailer.rendering import look, own_templates
from recommender.models import Delivery, EditionEditKind, Subscriber, UserRole
from recommender.storage import database

from .browsing import STANDARD, Live

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "f7Q-late-otter-9-window"
READER = "founder@example.com"

USABLE = """() => {
  document.querySelectorAll("iframe").forEach(frame => frame.remove());
  const shown = one => one.checkVisibility({checkOpacity: false}) && one.tabIndex >= 0
    && !one.disabled && one.type !== "hidden";
  const all = [...document.querySelectorAll("a[href],button,input,select,textarea,summary")];
  window.usable = all.filter(shown);
  window.reached = [];
  document.addEventListener("focusin", event => {
    const one = event.target, marked = [one, one.nextElementSibling].filter(Boolean);
    const box = one.getBoundingClientRect();
    window.reached.push({
      at: window.usable.indexOf(one), what: one.outerHTML.slice(0, 120),
      marked: marked.some(it => getComputedStyle(it).outlineStyle !== "none"
        && parseFloat(getComputedStyle(it).outlineWidth) >= 2),
      seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0,
      covered: one.closest(".save") ? 0
        : Math.max(0, ...[...document.querySelectorAll(".save")].map(it => {
          const bar = it.getBoundingClientRect();
          return Math.min(box.bottom, bar.bottom) - Math.max(box.top, bar.top);
        })),
    });
  });
  return window.usable.length;
}"""
FOUND = """() => ({
  reached: window.reached,
  missed: window.usable.filter((one, at) => !window.reached.some(it => it.at === at)
    && !(one.type === "radio"
      && window.reached.some(it => window.usable[it.at]?.name === one.name)))
    .map(one => one.outerHTML.slice(0, 120)),
})"""


def walk(page: Page, address: str = "", *, axe: bool = False) -> None:
    """Go through a page by Tab, from its skip link to its end; ``axe`` for those that no
    other test shows to axe-core."""
    if address:
        page.goto(address)
    page.wait_for_load_state()  # until its script has run, what can be used is not settled
    stops = page.evaluate(USABLE)
    for _ in range(stops + 2):  # datetime fields have several stops
        page.keyboard.press("Tab")
    found = page.evaluate(FOUND)
    for _ in range(30):
        if not found["missed"]:
            break
        page.keyboard.press("Tab")
        found = page.evaluate(FOUND)
    assert not found["missed"], (page.url, found["missed"])
    assert 'class="skip"' in found["reached"][0]["what"], page.url
    order = [one["at"] for one in found["reached"] if one["at"] >= 0]
    once = list(dict.fromkeys(order))
    assert once == sorted(once), (page.url, "the order of Tab is that of the page")
    dark = [one for one in found["reached"] if not (one["marked"] and one["seen"])]
    assert not dark, (page.url, "the focus is not to be seen", dark)
    covered = [one for one in found["reached"] if one["covered"] > 0]
    assert not covered, (page.url, "a bar covers what has the focus (WCAG 2.4.11)", covered)
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    if axe:
        answer = Axe().run(page, options=STANDARD)
        assert answer.violations_count == 0, (page.url, answer.generate_report())


def tab_to(page: Page, label: str) -> None:
    """Press Tab until that has the focus."""
    wanted = page.get_by_label(label, exact=True).or_(
        page.get_by_role("button", name=label, exact=True)
    )
    for _ in range(200):
        page.keyboard.press("Tab")
        if wanted.first.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach {label}")


@pytest.fixture
def page(browser: Browser) -> Page:
    context = browser.new_context(
        viewport={"width": 375, "height": 800},
        color_scheme="dark",
        reduced_motion="reduce",
        bypass_csp=True,
    )
    return context.new_page()


def test_a_readers_pages(page: Page, live: Live) -> None:
    place = live.url
    page.goto(f"{place}/subscribe")
    tab_to(page, "Email address")
    page.keyboard.type("new@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
    walk(page)
    confirm = live.mailed_link("confirm")
    walk(page, confirm)
    page.goto(confirm)
    tab_to(page, "Yes, subscribe me")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are subscribed")).to_be_visible()
    walk(page)
    page.get_by_role("link", name="Change what you get").click()
    expect(page.get_by_role("heading", name="Your choices")).to_be_visible()
    choices = page.url
    walk(page)
    page.goto(choices)
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    copy = _copy(live)
    for path in ("/subscribe", "/archive", "/nowhere"):
        walk(page, place + path)
    walk(page, f"{place}/archive/weekly-2026-W48", axe=True)
    for link in (live.links.unsubscribe(copy), live.links.preferences(copy)):
        walk(page, link)


def _copy(live: Live) -> int:
    with database.reading(live.engine) as session:
        query = sa.select(Delivery.id).join(Subscriber).where(Subscriber.email == READER)
        return session.scalars(query).one()


def test_operators_pages(page: Page, live: Live) -> None:
    with database.writing(live.engine) as session:
        users.add(session, "mina", UserRole.ADMIN, PASSWORD, totp=False, now=live.now)
        letter = planning.newsletter_of(session, live.settings)
        edition_edits.make(
            session, letter, "2026-W50", EditionEditKind.NOTE, "Back **again**",
            by="mina", now=live.now,
        )  # fmt: skip
        given = {"name": "Acme", "text": "Cool chips.", "link": "https://acme.example/"}
        row = sponsors.drafted(given, live.now.date())
        row.newsletter_id, row.made_by, row.made_at = letter.id, "mina", live.now
        session.add(row)
    admin = f"{live.url}/admin"
    walk(page, f"{admin}/sign-in")
    page.goto(f"{admin}/sign-in")
    for label, words in (("Name", "mina"), ("Password", PASSWORD)):
        tab_to(page, label)
        page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Editions")).to_be_visible()
    for path in ("", "/weekly-2026-W48", "/editing", "/audit", "/weekly-2020-W01"):
        walk(page, admin + path)
    for path in ("/editing?period=2026-W48", "/reader", "/editing/sponsors?sponsor=1"):
        walk(page, admin + path, axe=True)
    page.goto(f"{admin}/reader")
    tab_to(page, "Part of an address or name")
    page.keyboard.type("found")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Readers with “found”")
    walk(page, axe=True)
    page.get_by_role("button", name=READER).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=READER)).to_be_visible()
    walk(page, axe=True)
    page.goto(f"{admin}/editing")
    story = page.locator(".stories a").first.get_attribute("href")
    walk(page, f"{live.url}{story}")
    page.goto(f"{live.url}{story}")
    tab_to(page, "Key takeaway (the one thing to remember: a sentence or two)")
    page.keyboard.type("Ours: ")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    expect(page.get_by_text("edited", exact=True)).to_be_visible()


def test_pages_that_stand_alone(page: Page, live: Live, tmp_path: Path) -> None:
    asked = Asked(live.settings, "2026-W50", None, live.now + timedelta(days=8))
    proof = prove(
        live.engine, asked, processes=1, check_links=False, stop=threading.Event(),
        progress=lambda _: None,
    )  # fmt: skip
    for name, text in (
        ("proof", proof_page.page(proof, live.now, look.look())),
        ("gallery", gallery.page(live.settings, "2026-W48", [])),
    ):
        path = tmp_path / f"{name}.html"
        path.write_text(text, "utf-8")
        walk(page, path.as_uri(), axe=True)
    own_templates.eject(tmp_path / "templates")
    settings = live.settings.replace(templates=tmp_path / "templates")
    with template_server.serving(settings, tmp_path / "templates", 0, live.now) as address:
        walk(page, address, axe=True)
