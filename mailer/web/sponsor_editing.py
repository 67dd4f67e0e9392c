"""The page of sponsors for editors: who has the labelled place and when, what came of it, adding,
changing and removing one, with a preview that saves nothing. In English only, without
JavaScript.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.edition import planning, sponsors
from mailer.preview import drafts
from mailer.web import edited_edition, forms, security
from mailer.web.admission import operator, signed_in, signed_in_form
from mailer.web.site import Site
from recommender import segments
from recommender.errors import NewsletterError
from recommender.models import UserRole
from recommender.storage import database

FIELDS = (
    ("name", "Name", "as readers see it"),
    ("text", "What it says", "plain text"),
    ("link", "Link", "https://…"),
    ("picture", "Picture", "an https address, if there is one"),
    ("alt", "Alternative text", "what the picture shows, in words"),
    ("from", "First day", "empty: today"),
    ("until", "Last day", "empty: until it is removed"),
)
"""What is asked of a sponsor: field, label, hint."""
TYPES = {"link": "url", "picture": "url", "from": "date", "until": "date"}
"""Fields that browsers know how to ask for."""
LABELS = {field: label for field, label, _ in FIELDS}
LONGEST = 2_000


def show(request: Request, site: Site) -> Response:
    """The sponsors of a newsletter, and what came of them; with one of them to be changed."""
    asked = request.query_params
    site = edited_edition.publishing(site, asked.get("newsletter", ""))
    key = _key(asked.get("sponsor", ""))
    if not key:
        return _page(site)
    try:
        with database.reading(site.engine) as session:
            newsletter = planning.newsletter_of(session, site.settings)
            known = sponsors.given(sponsors.find(session, newsletter.id, key))
    except NewsletterError as error:
        return _page(site, edited_edition.complaint(error))
    return _page(site, "", {**known, "sponsor": str(key)})


def _key(text: str) -> int:
    """The number of a sponsor; 0 where there is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def change(request: Request, site: Site, form: FormData) -> Response:
    """Add, change or remove a sponsor, or show what one would look like."""
    site = edited_edition.publishing(site, forms.text(form, "newsletter"))
    given = {field: forms.text(form, field, LONGEST) for field, _, _ in FIELDS}
    given |= {field: forms.text(form, field) for field in ("segment", "sponsor")}
    who, now = operator(request).name, site.clock()
    action = forms.text(form, "action")
    try:
        if action == "preview":
            return _preview(site, given)
        with database.writing(site.engine) as session:
            newsletter = planning.newsletter_of(session, site.settings)
            key = _key(given["sponsor"])
            if action == "remove":
                sponsors.remove(session, newsletter.id, key, by=who, now=now)
            else:
                row = sponsors.drafted(given, now.astimezone(site.settings.zone).date(), _label)
                if row.segment is not None:
                    segments.get(session, row.segment)
                if action == "change":
                    before = sponsors.find(session, newsletter.id, key)
                    sponsors.change(session, before, row, by=who, now=now)
                else:
                    row.newsletter_id, row.made_by, row.made_at = newsletter.id, who, now
                    session.add(row)
                    session.flush()
                    about = f"newsletter={site.settings.newsletter} sponsor={row.id}"
                    request.state.noted = (action, about)
    except NewsletterError as error:
        return _page(site, edited_edition.complaint(error), given)
    query = urlencode({"newsletter": site.settings.newsletter})
    return RedirectResponse(f"{site.path('/admin/editing/sponsors')}?{query}", 303)


def _label(field: str) -> str:
    return LABELS.get(field, field)


def _preview(site: Site, given: Mapping[str, str]) -> Response:
    now = site.clock()
    row = sponsors.drafted(given, now.astimezone(site.settings.zone).date(), _label)
    with database.reading(site.engine) as session:
        draft = drafts.issue(
            session, site.settings, edited_edition.wanted_period(session, site, ""),
            subject="", notes={}, segment=None, now=now, sponsor=sponsors.content(row),
        )  # fmt: skip
    return HTMLResponse(draft.page.html, headers={"Content-Security-Policy": security.ISSUES})


def _page(site: Site, complaint: str = "", given: Mapping[str, str] | None = None) -> Response:
    today = site.clock().astimezone(site.settings.zone).date()
    with database.reading(site.engine) as session:
        newsletter = planning.newsletter_of(session, site.settings)
        rows = sponsors.listing(session, newsletter.id, today)
        names = [one.name for one in segments.listing(session)]
        titles = edited_edition.titles(session, site)
    return site.page(
        "admin_sponsors.html",
        400 if complaint else 200,
        sponsors=rows,
        segments=names,
        newsletters=titles,
        fields=FIELDS,
        types=TYPES,
        given=given or {},
        complaint=complaint,
    )


ROUTES: list[BaseRoute] = [
    Route("/admin/editing/sponsors", signed_in(show, UserRole.EDITOR), methods=["GET"]),
    Route("/admin/editing/sponsors", signed_in_form(change), methods=["POST"]),
]
