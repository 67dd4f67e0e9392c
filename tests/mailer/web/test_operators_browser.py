"""Operators' pages in a real browser: by keyboard, wide and narrow, light and dark."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from mailer.monitoring import job_runs
from mailer.operators import users
from recommender.models import Delivery, DeliveryState, Edition, EditionState, UserRole
from recommender.storage import database

from .browsing import Live, check_shown

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "f7Q-late-otter-9-window"
PICTURES = os.environ.get("NEWSLETTER_TEST_PICTURES")
"""A folder for pictures of the pages."""


@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (1280, "dark")])
def test_an_operator_signs_in_looks_round_and_leaves(
    browser: Browser, live: Live, width: int, scheme: Literal["light", "dark"]
) -> None:
    with database.writing(live.engine) as session:
        users.add(session, "mina", UserRole.ADMIN, PASSWORD, totp=False, now=live.now)
        job_runs.note_success(session, "backup", live.now - timedelta(days=40))
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=False
    )
    page = context.new_page()

    def look(name: str) -> None:
        if scheme == "dark" or name in ("wrong", "admin", "edition"):
            check_shown(page)
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)

    page.goto(f"{live.url}/admin")
    look("sign-in")
    page.get_by_label("Name").focus()
    for words in ("mina", PASSWORD, ""):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Editions")).to_be_visible()
    expect(page.get_by_text("the latest backup is of")).to_be_visible()
    look("admin")
    page.locator(".cards a").first.click()
    look("edition")
    page.get_by_role("link", name="Editing").first.click()
    look("editing")
    page.get_by_role("button", name="Pin: ").first.click()
    expect(page.get_by_role("status")).to_contain_text("is pinned: ")
    look("pinned")
    page.locator(".stories a").first.click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    look("story")
    page.get_by_role("link", name="Editing").first.click()
    page.get_by_role("link", name="Sponsors of").click()
    look("sponsors")
    page.get_by_role("link", name="Readers").click()
    look("readers")
    page.get_by_label("Part of an address or name").fill("hard")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name="hardware@example.com").click()
    expect(page.get_by_role("heading", name="hardware@example.com")).to_be_visible()
    look("reader")
    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_role("cell", name="Signed in")).to_be_visible()
    look("audit")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Name").fill("mina")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Name, password or code is wrong.")
    look("wrong")
    context.close()


def test_a_page_of_an_edition_on_its_way_follows_it(browser: Browser, live: Live) -> None:
    def leave(waiting: int) -> None:
        with database.writing(live.engine) as session:
            sending = EditionState.SENDING if waiting else EditionState.FINISHED
            session.execute(sa.update(Edition).values(state=sending, finished_at=None))
            for state, those in (
                (DeliveryState.PLANNED, Delivery.number <= waiting),
                (DeliveryState.SENT, Delivery.number > waiting),
            ):
                session.execute(sa.update(Delivery).where(those).values(state=state))

    with database.writing(live.engine) as session:
        users.add(session, "mina", UserRole.VIEWER, PASSWORD, totp=False, now=live.now)
    leave(8)
    context = browser.new_context(viewport={"width": 375, "height": 800})
    page = context.new_page()
    page.goto(f"{live.url}/admin")
    page.get_by_label("Name").fill("mina")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{live.url}/admin/weekly-2026-W48")
    expect(page.get_by_label("4 of 12 copies are done")).to_be_visible()
    expect(page.get_by_text("Load this page anew")).to_be_hidden()
    check_shown(page)
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "sending-375-light.png", full_page=True)
    leave(3)
    expect(page.get_by_label("9 of 12 copies are done")).to_be_visible(timeout=15_000)
    leave(0)
    expect(page.get_by_role("progressbar")).to_have_count(0, timeout=15_000)
    context.close()
