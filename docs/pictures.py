"""Pictures of all that readers and editors see: each page and mail in both widths, light and dark,
English and German.

    python docs/pictures.py FOLDER [NAME ...]     # NAME: only pictures whose name begins so

They are for looking at before a release, four on a sheet (``FOLDER/sheets``); some of them stand in
``docs/screenshots``. Everything runs on this machine: a store with the sample in a folder that is
removed afterwards, mail in its outbox, pages on a free port, Chromium. Pictures in stories are
drawn here, since nothing is fetched.
"""

import base64
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from playwright.sync_api import Browser, Page, Route, sync_playwright
from pydantic import SecretStr

from mailer.delivery import campaign
from mailer.edition import edition_edits, planning
from mailer.ledger import editions
from mailer.preview import template_server
from mailer.preview.proof import page as proof_page
from mailer.preview.proof.counting import Asked
from mailer.preview.proof.proving import prove
from mailer.rendering import look as looks
from mailer.rendering import own_templates
from mailer.reports import edition_report
from mailer.reports import page as report_page
from mailer.service import welcoming
from mailer.service.context import SchedulerContext
from recommender import newsletters, resources, segments, store_opening
from recommender.articles import import_files, intake
from recommender.models import Delivery, EditionEditKind, Sponsor, Story, Subscriber
from recommender.settings import Settings
from recommender.storage import database, migrations
from recommender.story_text import Image
from recommender.subscribers import fields, records
from recommender.subscribers import intake as subscriber_intake
from tests.mailer.web.browsing import Live

IMPORTED = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SENT = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
WIDTHS = (375, 1280)
HEIGHT = 812
SCHEMES = ("light", "dark")
LANGUAGES = ("en", "de")
PASSWORD = "only on this machine"  # noqa: S105  (of a store that is thrown away)
TOPICS = {"AI Strategy": 3.0, "Neural Software": 2.0, "Startup Growth": 2.0, "TPU Development": 1.0}
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630">
<rect width="1200" height="630" fill="#31506b"/><circle cx="920" cy="180" r="95" fill="#e9b44c"/>
<path d="M0 630 350 250 620 520 840 330 1200 630z" fill="#1f3347"/></svg>"""
MOUNTAINS = Image(
    "https://pictures.example.org/mountains.svg", "Mountains in the evening", 1200, 630
)
TAKEAWAY = "Know what a power cut would cost you before you relax the flush."
NOTE = "We are back from **Lisbon**, with [three findings](https://example.org/lisbon) and a cold."


def main(arguments: list[str]) -> None:
    """Draw all pictures, or those whose names begin with one of the names given."""
    if not arguments or arguments[0].startswith("-"):
        sys.exit(__doc__)
    folder, wanted = Path(arguments[0]), tuple(arguments[1:])
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as home:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            # frames of proofs fetch their pictures from here, too
            args=["--no-sandbox", "--disable-features=IsolateSandboxedIframes"],
        )
        for language in LANGUAGES:
            with Site(Path(home) / language, language) as site:
                for width in WIDTHS:
                    for scheme in SCHEMES:
                        Walk(browser, site, folder, (width, scheme), wanted).walk()
        _sheets(browser, folder)
        browser.close()


class Site(Live):
    """A newsletter in one language whose first edition is sent, on a port of its own."""

    def __init__(self, home: Path, language: str) -> None:
        self.home, self.language = home, language
        super().__init__(
            Settings(
                home=home,
                secret_key=SecretStr("a key for pictures alone"),
                admin_password=SecretStr(PASSWORD),
                language=language,
                tagline="What matters in computing, chosen for you",
                timezone="Europe/Berlin",
                imprint_url="https://example.org/imprint",
                privacy_url="https://example.org/privacy",
            )
        )
        self.now = IMPORTED

    def __enter__(self) -> Self:
        self._fill()
        return super().__enter__()

    def _fill(self) -> None:
        self.home.mkdir(parents=True)
        migrations.migrate(self.engine)
        store_opening.prepare(self.engine, newsletter=self.settings.newsletter, now=IMPORTED)
        briefs = import_files.drafts([resources.folder("sample") / "briefs"], IMPORTED)
        intake.import_articles(lambda: database.writing(self.engine), briefs, now=IMPORTED)
        people = [reader(self.language, at) for at in range(1, 5)] + others(self.language)
        rows = [fields.draft(at, one) for at, one in enumerate(people, 1)]
        with database.writing(self.engine) as session:
            for row in session.scalars(sa.select(Story)):
                row.image = row.article.image = Image(
                    "https://pictures.example.org/mountain.svg",
                    "Mountains in the evening",
                    1200,
                    630,
                )
            segments.create(session, "chiefs", 'role = "CTO"', now=IMPORTED)
        subscriber_intake.import_rows(
            lambda: database.writing(self.engine),
            iter(rows), file="pictures", now=IMPORTED,
        )  # fmt: skip
        with database.writing(self.engine) as session:
            own = {"title": "For chiefs", "schedule": "daily 07:30"}
            newsletters.add(session, self.settings, "chiefs", own, segment="chiefs", now=IMPORTED)
            letter = planning.newsletter_of(session, self.settings)
            for period in ("2026-W48", "2026-W49"):
                edition_edits.make(
                    session, letter, period, EditionEditKind.NOTE, NOTE, by="ines", now=IMPORTED
                )
            session.add(
                Sponsor(
                    newsletter_id=letter.id,
                    name="Acme Cooling",
                    text="Chips that stay cool.",
                    url="https://acme.example/",
                    image_url="https://pictures.example.org/acme.svg",
                    image_alt="A cool chip",
                    first_day=IMPORTED.date(),
                    made_by="ines",
                    made_at=IMPORTED,
                )
            )
        self.now = SENT
        edition = campaign.plan(self.engine, self.settings, period="2026-W48", now=self.now)
        campaign.send(
            self.engine, self.settings, edition_id=edition, clock=lambda: self.now,
            stop=threading.Event(), at_local_time=False,
        )  # fmt: skip
        self.now += timedelta(hours=2)

    def delivery(self, email: str) -> int:
        """The reader's copy."""
        with database.reading(self.engine) as session:
            query = sa.select(Delivery.id).join(Subscriber).where(Subscriber.email == email)
            return session.scalars(query.order_by(Delivery.id)).first() or 0

    def status(self, email: str) -> str:
        with database.reading(self.engine) as session:
            return str(records.find(session, email).status)

    def mail(self, folder: str, email: str = "") -> str:
        """The HTML of the newest message in a folder of the outbox."""
        for _ in range(100):
            found = sorted(
                (self.settings.outbox / folder).glob(f"*{email}*.eml"),
                key=lambda path: path.stat().st_mtime_ns,
            )
            if found:
                message = message_from_bytes(found[-1].read_bytes(), policy=policy.default)
                part = message.get_body(("html",))
                return "" if part is None else str(part.get_content())
            time.sleep(0.05)
        raise LookupError(f"no mail in {folder} to {email}")

    def welcome(self) -> None:
        """What the service does within a minute of a confirmation."""
        stop = threading.Event()
        welcoming.job(SchedulerContext(self.engine, self.settings, lambda: self.now, stop, print))


def reader(language: str, at: int) -> dict[str, object]:
    """A reader as a file has them."""
    return {
        "email": f"reader{at}@example.org", "name": "Sandra Müller", "roles": ["CTO"],
        "topics": TOPICS, "timezone": "Europe/Berlin", "locale": language,
    }  # fmt: skip


def others(language: str) -> list[dict[str, object]]:
    """Readers beside those of the pictures, for pages that show several."""
    return [
        {"email": f"{name.lower()}@example.org", "name": name, "roles": [role],
         "topics": {topic: 3.0}, "timezone": "Europe/Berlin", "locale": language}
        for name, role, topic in (
            ("Ada", "Investor", "Startup Growth"),
            ("Noa", "Machine Learning Engineer", "Neural Software"),
            ("Kim", "CTO", "TPU Development"),
        )
    ]  # fmt: skip


class Walk:
    """One way through all pages, at one width and in one scheme."""

    def __init__(
        self,
        browser: Browser,
        site: Site,
        folder: Path,
        look: tuple[int, str],
        wanted: tuple[str, ...],
    ) -> None:
        self.site, self.folder, self.wanted = site, folder, wanted
        self.width, self.scheme = look
        self.at = 1 + WIDTHS.index(self.width) + 2 * SCHEMES.index(self.scheme)
        token = base64.b64encode(f"ines:{PASSWORD}".encode()).decode()
        self.context = browser.new_context(
            viewport={"width": self.width, "height": HEIGHT},
            color_scheme="dark" if self.scheme == "dark" else "light",
            locale=site.language, timezone_id="Europe/Berlin",
        )  # fmt: skip
        self.context.route(f"{site.url}/admin**", lambda route: _signed_in(route, token))
        self.pictures = True
        self.context.route(re.compile("^https://"), self._picture)
        self.page = self.context.new_page()

    def _picture(self, route: Route) -> None:
        if self.pictures:
            route.fulfill(body=PICTURE, content_type="image/svg+xml")
        else:
            route.abort()

    def _wants(self, *names: str) -> bool:
        """Whether a picture that begins with one of the names is asked for."""
        return not self.wanted or any(
            name.startswith(wanted) or wanted.startswith(name)
            for name in names
            for wanted in self.wanted
        )

    def shot(self, name: str) -> None:
        """A picture of the whole page as it is."""
        if self.wanted and not name.startswith(self.wanted):
            return
        file = f"{name}-{self.width}-{self.scheme}-{self.site.language}.png"
        self.page.wait_for_load_state("networkidle")
        framed = self.page.locator("iframe").count() > 0
        if framed or self.page.locator(".save").count():  # drawn as the screen has them
            height = self.page.evaluate("document.documentElement.scrollHeight")
            self.page.set_viewport_size({"width": self.width, "height": height})
            self.page.wait_for_timeout(1_500)
        self.page.screenshot(path=self.folder / file, full_page=not framed)
        self.page.set_viewport_size({"width": self.width, "height": HEIGHT})

    def to(self, name: str, address: str) -> None:
        self.page.goto(address)
        self.shot(name)

    def mail(self, name: str, text: str, *, pictures: bool = True) -> None:
        """A message as a mail program shows it, with pictures or without."""
        self.pictures = pictures
        self.page.goto("about:blank")
        self.page.set_content(text)
        self.shot(name)
        self.pictures = True

    def press(self, name: str) -> None:
        """Press a button of a form by its value."""
        self.page.locator(f"button[value={name}]").first.click()
        self.page.wait_for_load_state()

    def walk(self) -> None:
        """Everything, as somebody new meets it; then what editors see."""
        site, email = self.site, f"reader{self.at}@example.org"
        copy = site.delivery(email)
        issue = site.mail("weekly-2026-W48", email)
        self.mail("mail-issue", issue)
        self.mail("mail-issue-no-pictures", issue, pictures=False)
        self.to("subscribe", f"{site.url}/subscribe")
        self._subscribes(f"new{self.at}@example.org")
        self.to("archive", f"{site.url}/archive")
        self.to("archived-issue", f"{site.url}/archive/weekly-2026-W48")
        self.to("own-issue", site.links.view(copy))
        self.to("nowhere", f"{site.url}/nowhere")
        self.page.goto(site.links.view(copy))
        self.page.locator("a[href*='/f/']").first.click()
        self.shot("more-like-this")
        self.page.locator("main button").first.click()
        self.page.wait_for_load_state()
        self.shot("more-like-this-said")
        self.to("choices-link", site.links.preferences(copy))
        self._leaves(copy)
        if site.language == "en" and self._wants("admin", "proof", "report", "templates"):
            self._edits()
        self.context.close()

    def _subscribes(self, email: str) -> None:
        site, page = self.site, self.page
        page.locator("input[type=email]").fill(email)
        page.locator("main form button").first.click()
        page.wait_for_load_state()
        self.shot("check-inbox")
        text = site.mail("service", email)
        self.mail("mail-confirm", text)
        found = re.search(r'href="([^"]*/confirm/[^"]*)"', text)
        page.goto(found[1] if found else "")
        self.shot("confirm")
        page.get_by_label("AI Strategy", exact=True).check()
        page.get_by_label("CTO", exact=True).check()
        page.locator("main form button").last.click()
        page.wait_for_load_state()
        self.shot("subscribed")
        page.locator("main a[href*='/preferences/']").first.click()
        page.wait_for_load_state()
        self.shot("choices")
        page.locator("#weeks").fill("3")
        self.press("pause")
        self.shot("choices-paused")
        self.press("resume")
        site.welcome()
        self.mail("mail-welcome", site.mail("weekly-welcome-2026-W48", email))

    def _leaves(self, copy: int) -> None:
        self.to("unsubscribe", self.site.links.unsubscribe(copy))
        self.page.locator("main button").first.click()
        self.page.wait_for_load_state()
        self.shot("unsubscribed")

    def _edits(self) -> None:
        site = self.site
        self.to("admin", f"{site.url}/admin")
        self.to("admin-edition", f"{site.url}/admin/weekly-2026-W48")
        self.to("admin-readers", f"{site.url}/admin/reader")
        self.page.locator(".cards button").first.click()
        self.page.wait_for_load_state()
        self.shot("admin-reader")
        self.to("admin-audit", f"{site.url}/admin/audit")
        self.to("admin-editing", f"{site.url}/admin/editing")
        self.to("admin-editing-sent", f"{site.url}/admin/editing?period=2026-W48")
        self.page.goto(f"{site.url}/admin/editing")
        story = self.page.locator("a[href*='/admin/editing/story']").first.get_attribute("href")
        self.page.locator("button[value=pin]").first.click()
        self.page.wait_for_load_state()
        self.shot("admin-editing-pinned")
        self.page.locator("button[value=unpin]").first.click()
        self.page.goto(f"{site.url}{story}")
        self.page.get_by_label("Key takeaway").fill(TAKEAWAY)
        self.page.get_by_role("button", name="Save").click()
        self.shot("admin-story")
        self.to("admin-sponsors", f"{site.url}/admin/editing/sponsors")
        self._made()

    def _made(self) -> None:
        """The proof, and the preview of templates."""
        site = self.site
        asked = Asked(site.settings, "2026-W49", None, site.now + timedelta(days=3))
        proof = prove(
            site.engine, asked, processes=1, check_links=False, stop=threading.Event(),
            progress=lambda _: None,
        )  # fmt: skip
        path = site.home / "proof.html"
        path.write_text(proof_page.page(proof, site.now, looks.look()), "utf-8")
        self.to("proof", path.as_uri())
        self._report()
        folder = site.home / "templates"
        if not folder.exists():
            own_templates.eject(folder)
        settings = site.settings.replace(templates=folder)
        with template_server.serving(settings, folder, 0, site.now) as address:
            self.to("templates-preview", address)
            self.to("templates-preview-one", f"{address}?copy=1")

    def _report(self) -> None:
        """What became of the edition that was sent."""
        site = self.site
        with database.reading(site.engine) as session:
            edition = editions.find(session, site.settings.newsletter, "2026-W48")
            document = editions.document(session, edition)
            document |= edition_report.report(session, edition, now=site.now)
        path = site.home / "report.html"
        path.write_text(report_page.page(document, made_at=site.now, look=looks.look()), "utf-8")
        self.to("report", path.as_uri())


def _signed_in(route: Route, token: str) -> None:
    route.continue_(headers={**route.request.headers, "authorization": f"Basic {token}"})


@contextmanager
def _page(browser: Browser, width: int) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 400})
    yield context.new_page()
    context.close()


def _sheets(browser: Browser, folder: Path) -> None:
    """Four pictures on a sheet: of each name and width, both schemes in both languages."""
    sheets = folder / "sheets"
    sheets.mkdir(exist_ok=True)
    taken = sorted(folder.glob("*.png"))
    names = sorted({re.sub(r"-(light|dark)-(en|de)$", "", path.stem) for path in taken})
    for name in names:
        wide = name.endswith("1280")
        files = [path for path in taken if re.fullmatch(rf"{name}-(light|dark)-(en|de)", path.stem)]
        with _page(browser, 2 * 1300 if wide else 4 * 395) as page:
            pictures = "".join(
                f'<img width="{1280 if wide else 375}" src="data:image/png;base64,'
                f'{base64.b64encode(path.read_bytes()).decode()}">'
                for path in files
            )
            page.set_content(
                "<body style='margin:5px;display:flex;flex-wrap:wrap;gap:15px;align-items:start;"
                f"background:#888'>{pictures}</body>"
            )
            page.wait_for_timeout(200)
            page.screenshot(path=sheets / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main(sys.argv[1:])
